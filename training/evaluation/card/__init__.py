"""The model card: figures from the run and from an evaluation, judgement from the sentences in this package."""
