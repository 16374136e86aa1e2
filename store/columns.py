"""Column types whose values survive both databases unharmed, and the database's own clock."""

import os
import re
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import BigInteger, BindParameter, DateTime, Dialect, Float, Text, TypeDecorator, literal
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement

QUARTER_SECONDS = 900
STEPS = (1, 10, 100, 1000, 10_000, 100_000)
LAST_STEP = 1_000_000


class UtcDateTime(TypeDecorator[datetime]):
    """A moment in UTC; SQLite has no time zones, so they are taken off and put back."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Refuse naive datetimes, and store UTC."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a time without a time zone was about to be stored")
        moment = value.astimezone(UTC)
        return moment.replace(tzinfo=None) if dialect.name == "sqlite" else moment

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Return an aware datetime in UTC."""
        del dialect
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class FilePath(TypeDecorator[Path]):
    r"""A path as readable text; bytes that are not UTF-8 become ``\xNN``, and a backslash two.

    Names on disk are bytes, text columns hold Unicode only: PostgreSQL refuses anything else.
    """

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Path | None, dialect: Dialect) -> str | None:
        """Escape what is not UTF-8."""
        del dialect
        if value is None:
            return None
        return escape_path(value)

    def process_result_value(self, value: str | None, dialect: Dialect) -> Path | None:
        """Undo the escapes."""
        del dialect
        return None if value is None else Path(os.fsdecode(_unescape(value)))


class FileName(TypeDecorator[str]):
    r"""The base name of a ``FilePath`` as Unicode, only ever read; bytes that are not UTF-8 stay ``\xNN``."""

    impl = Text
    cache_ok = True

    def process_result_value(self, value: str | None, dialect: Dialect) -> str | None:
        """Take the folders off: less work than a path, and nobody who reads a million names needs one."""
        del dialect
        return None if value is None else value.rpartition("/")[2].replace(r"\\", "\\")


def escape_path(path: str | Path) -> str:
    """Return a path as ``FilePath`` stores it."""
    return os.fsencode(path).replace(b"\\", rb"\\").decode("utf-8", "backslashreplace")


def _unescape(text: str) -> bytes:
    def byte(match: re.Match[bytes]) -> bytes:
        return b"\\" if match[0] == rb"\\" else bytes([int(match[1], 16)])

    return re.sub(rb"\\\\|\\x([0-9a-f]{2})", byte, text.encode())


class database_now(FunctionElement[datetime]):  # noqa: N801  (reads as an SQL function)
    """The database's clock, plus a number of seconds: leases hold across hosts whose clocks differ."""

    type = UtcDateTime()
    inherit_cache = True

    def __init__(self, plus_seconds: float | BindParameter[float] = 0.0) -> None:
        given = isinstance(plus_seconds, BindParameter)
        # SQLite's clock counts milliseconds
        super().__init__(plus_seconds if given else literal(round(plus_seconds, 3), Float))


class quarter_hours(FunctionElement[int]):  # noqa: N801  (reads as an SQL function)
    """Whole quarters of an hour from 1970 to a moment, UTC: every time zone's hours and days are made of them."""

    type = BigInteger()
    inherit_cache = True


class latency_milliseconds(FunctionElement[int]):  # noqa: N801  (reads as an SQL function)
    """What passed from one moment to another, in milliseconds; three digits are kept and the rest is zero.

    Grouping by it gives a histogram of a few thousand lines at most, from which any quantile follows without sorting
    millions of rows.
    """

    type = BigInteger()
    inherit_cache = True


class floored(FunctionElement[int]):  # noqa: N801  (reads as an SQL function)
    """The integer at or below a number that is not negative; SQLite's own ``floor`` is not in every build."""

    type = BigInteger()
    inherit_cache = True


def _keep_digits(milliseconds: str) -> str:
    # integers divide to integers in both databases; a clock that was put back gives no latency below zero
    cases = "".join(f" WHEN {milliseconds} < {1000 * step} THEN {milliseconds} / {step} * {step}" for step in STEPS)
    return f"(CASE WHEN {milliseconds} < 0 THEN 0{cases} ELSE {milliseconds} / {LAST_STEP} * {LAST_STEP} END)"


ToSql = Callable[..., str]
IN_SQL: dict[type[FunctionElement[Any]], dict[str, ToSql]] = {
    database_now: {
        # the very text format in which SQLAlchemy's DateTime compares and reads back
        "sqlite": lambda plus: f"(strftime('%Y-%m-%d %H:%M:%f', 'now', {plus} || ' seconds') || '000')",
        "postgresql": lambda plus: f"(clock_timestamp() + make_interval(secs => {plus}))",
    },
    quarter_hours: {
        "sqlite": lambda at: f"(CAST(strftime('%s', {at}) AS INTEGER) / {QUARTER_SECONDS})",
        "postgresql": lambda at: f"CAST(floor(extract(epoch FROM {at}) / {QUARTER_SECONDS}) AS BIGINT)",
    },
    latency_milliseconds: {
        "sqlite": lambda begun, ended: _keep_digits(
            f"CAST(round((julianday({ended}) - julianday({begun})) * 86400000) AS INTEGER)"
        ),
        "postgresql": lambda begun, ended: _keep_digits(
            f"CAST(round(extract(epoch FROM {ended} - {begun}) * 1000) AS BIGINT)"
        ),
    },
    floored: {
        "sqlite": lambda number: f"CAST({number} AS INTEGER)",
        "postgresql": lambda number: f"CAST(floor({number}) AS BIGINT)",
    },
}
"""What each function is in each database, from the SQL of its arguments."""


def _register(function: type[FunctionElement[Any]], dialect: str, to_sql: ToSql) -> None:
    @compiles(function, dialect)
    def compile_function(element: FunctionElement[Any], compiler: SQLCompiler, **kw: Any) -> str:
        return to_sql(*(compiler.process(argument, **kw) for argument in element.clauses))


for _function, _dialects in IN_SQL.items():
    for _dialect, _to_sql in _dialects.items():
        _register(_function, _dialect, _to_sql)
