"""The report in blocks of words, tables and charts, written once for the page, the PDF and the workbook."""

from reports.content.content import build_content

__all__ = ["build_content"]
