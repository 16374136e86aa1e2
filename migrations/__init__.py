"""The only maker of tables: Alembic's environment and its revisions."""
