"""Blocks as PDF, for the archive and for paper. Only who asks for a PDF imports reportlab."""
