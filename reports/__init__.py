"""Rows of the ledger, summed and written for people and programs: table, CSV, JSON, page, PDF and workbook."""
