"""Blocks as one HTML page: to be looked at, printed, and sent."""
