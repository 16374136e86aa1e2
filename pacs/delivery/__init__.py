"""Answers on their way into the PACS: what is due, to whom, and sent until it has arrived."""
