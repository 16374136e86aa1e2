"""What a report knows, computed from the ledger; nothing here knows a format."""
