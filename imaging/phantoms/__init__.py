"""Synthetic chests, for demonstrations and tests."""
