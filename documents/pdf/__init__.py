"""The report as PDF, for the archive and for paper. Only what asks for a PDF imports reportlab."""
