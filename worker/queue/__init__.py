"""Ids on their way to the screening processes, and what is done when they do not arrive."""
