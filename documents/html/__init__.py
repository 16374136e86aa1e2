"""Blocks as one HTML page that needs nothing else, for screens and for paper."""
