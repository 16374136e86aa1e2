"""Folders to arrivals."""
