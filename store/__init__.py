"""The ledger: every arrival, screening, model and audit event, in SQLite or PostgreSQL. The only SQL."""

HEAD_REVISION = "0010"
"""The newest file in migrations/versions; written here too: Alembic, and SQLAlchemy, take longer than a report."""
