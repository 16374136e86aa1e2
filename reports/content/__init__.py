"""The report in blocks of words, tables and charts, written once for terminal, page, PDF and workbook."""

from reports.content.content import TERMINAL, build_content

__all__ = ["TERMINAL", "build_content"]
