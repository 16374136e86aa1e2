"""The report as a workbook for spreadsheets. Only what asks for one imports xlsxwriter."""
