"""The model card: numbers from the run, judgement from the texts in this package."""

from training.evaluation.card.card import CardError, read_evaluation, render_card

__all__ = ["CardError", "read_evaluation", "render_card"]
