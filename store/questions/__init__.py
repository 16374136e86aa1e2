"""What reports ask the ledger."""
