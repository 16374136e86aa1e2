"""Backups and pruning."""
