"""What a report knows, computed."""
