"""The ledger: every arrival, screening, model and audit event, in SQLite or PostgreSQL. The only SQL."""
