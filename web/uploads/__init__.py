"""Uploads: files from a browser into the inbox, and their answers as they come."""
