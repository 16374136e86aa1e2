"""How many rows a ledger holds, and whether a copy of it holds as many."""

from collections.abc import Mapping

from sqlalchemy import Connection, func, select

from store.errors import BackupError
from store.tables import metadata


def count_rows(connection: Connection) -> dict[str, int]:
    """Count the rows of each table."""
    return {
        name: connection.scalar(select(func.count()).select_from(table)) or 0 for name, table in metadata.tables.items()
    }


def check_counts(found: Mapping[str, int], expected: Mapping[str, int]) -> None:
    """Hold a copy's rows against the ledger's; raises BackupError."""
    wrong = {name: (found.get(name, 0), count) for name, count in expected.items() if found.get(name, 0) != count}
    if wrong:
        told = ", ".join(f"{name} {copied} of {count}" for name, (copied, count) in wrong.items())
        raise BackupError(f"the copy does not hold every row: {told}")
