"""How good a model is: measured, and said as page, text and model card."""
