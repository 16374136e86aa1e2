"""What the columns of all tables are made of, and the one list of tables."""

from collections.abc import Iterable
from enum import StrEnum

from sqlalchemy import BigInteger, CheckConstraint, Integer, MetaData, String, Text

# SQLite numbers rows only where the key is INTEGER
RowId = BigInteger().with_variant(Integer, "sqlite")
Sha256 = String(64)
Code = Text
Uid = String(64)  # PS3.5 9.1

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
    }
)


def one_of(column: str, values: type[StrEnum]) -> CheckConstraint:
    """Let a column hold nothing but the values of an enumeration, or NULL where it may."""
    return CheckConstraint(f"{column} IN ({listed(values)})", name=column)


def listed(values: Iterable[str]) -> str:
    """Write values as SQL lists them."""
    return ", ".join(f"'{value}'" for value in values)
