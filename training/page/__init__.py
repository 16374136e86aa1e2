"""The evaluation as one self-contained HTML page: to be looked at, printed, and sent."""

from training.page.page import render_page

__all__ = ["render_page"]
