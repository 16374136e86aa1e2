"""The report as one self-contained HTML page: to be looked at, printed, and sent."""

from reports.page.page import render_page, write_html

__all__ = ["render_page", "write_html"]
