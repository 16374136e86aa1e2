"""Blocks as sheets of a workbook. Only who asks for one imports xlsxwriter."""
