"""The evaluation as one self-contained HTML page: to be looked at, printed, and sent."""

from training.evaluation.page.page import render_page

__all__ = ["render_page"]
