"""Column types whose values survive both databases unharmed, and the database's own clock."""

import os
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, DateTime, Dialect, Float, Text, TypeDecorator, literal
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
            message = "a time without a time zone was about to be stored"
            raise ValueError(message)
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
        return os.fsencode(value).replace(b"\\", rb"\\").decode("utf-8", "backslashreplace")

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


def _unescape(text: str) -> bytes:
    def byte(match: re.Match[bytes]) -> bytes:
        return b"\\" if match[0] == rb"\\" else bytes([int(match[1], 16)])

    return re.sub(rb"\\\\|\\x([0-9a-f]{2})", byte, text.encode())


class database_now(FunctionElement[datetime]):  # noqa: N801  (reads as an SQL function)
    """The database's clock, plus a number of seconds: leases hold across hosts whose clocks differ."""

    type = UtcDateTime()
    inherit_cache = True

    def __init__(self, plus_seconds: float = 0.0) -> None:
        super().__init__(literal(round(plus_seconds, 3), Float))  # SQLite's clock counts milliseconds


@compiles(database_now, "sqlite")
def _sqlite_now(element: database_now, compiler: SQLCompiler, **kw: Any) -> str:
    seconds = compiler.process(element.clauses, **kw)
    # the very text format in which SQLAlchemy's DateTime compares and reads back
    return f"(strftime('%Y-%m-%d %H:%M:%f', 'now', {seconds} || ' seconds') || '000')"


@compiles(database_now, "postgresql")
def _postgresql_now(element: database_now, compiler: SQLCompiler, **kw: Any) -> str:
    seconds = compiler.process(element.clauses, **kw)
    return f"(clock_timestamp() + make_interval(secs => {seconds}))"


class quarter_hours(FunctionElement[int]):  # noqa: N801  (reads as an SQL function)
    """Whole quarters of an hour since 1970, UTC: every time zone's hours and days are made of them."""

    type = BigInteger()
    inherit_cache = True

    def __init__(self, moment: ColumnElement[datetime]) -> None:
        super().__init__(moment)


class latency_milliseconds(FunctionElement[int]):  # noqa: N801  (reads as an SQL function)
    """What passed between two moments, in milliseconds; three digits are kept and the rest is zero.

    Grouping by it gives a histogram of a few thousand lines at most, from which any quantile follows without sorting
    millions of rows.
    """

    type = BigInteger()
    inherit_cache = True

    def __init__(self, begun: ColumnElement[datetime], ended: ColumnElement[datetime]) -> None:
        super().__init__(begun, ended)


@compiles(quarter_hours, "sqlite")
def _sqlite_quarters(element: quarter_hours, compiler: SQLCompiler, **kw: Any) -> str:
    return f"(CAST(strftime('%s', {compiler.process(element.clauses, **kw)}) AS INTEGER) / {QUARTER_SECONDS})"


@compiles(quarter_hours, "postgresql")
def _postgresql_quarters(element: quarter_hours, compiler: SQLCompiler, **kw: Any) -> str:
    return f"CAST(floor(extract(epoch FROM {compiler.process(element.clauses, **kw)}) / {QUARTER_SECONDS}) AS BIGINT)"


@compiles(latency_milliseconds, "sqlite")
def _sqlite_latency(element: latency_milliseconds, compiler: SQLCompiler, **kw: Any) -> str:
    begun, ended = (compiler.process(moment, **kw) for moment in element.clauses)
    return _keep_digits(f"CAST(round((julianday({ended}) - julianday({begun})) * 86400000) AS INTEGER)")


@compiles(latency_milliseconds, "postgresql")
def _postgresql_latency(element: latency_milliseconds, compiler: SQLCompiler, **kw: Any) -> str:
    begun, ended = (compiler.process(moment, **kw) for moment in element.clauses)
    return _keep_digits(f"CAST(round(extract(epoch FROM {ended} - {begun}) * 1000) AS BIGINT)")


def _keep_digits(milliseconds: str) -> str:
    # integers divide to integers in both databases; a clock that was put back gives no latency below zero
    cases = "".join(f" WHEN {milliseconds} < {1000 * step} THEN {milliseconds} / {step} * {step}" for step in STEPS)
    return f"(CASE WHEN {milliseconds} < 0 THEN 0{cases} ELSE {milliseconds} / {LAST_STEP} * {LAST_STEP} END)"


class floored(FunctionElement[int]):  # noqa: N801  (reads as an SQL function)
    """The integer at or below a number that is not negative; SQLite's own ``floor`` is not in every build."""

    type = BigInteger()
    inherit_cache = True

    def __init__(self, number: ColumnElement[float]) -> None:
        super().__init__(number)


@compiles(floored, "sqlite")
def _sqlite_floored(element: floored, compiler: SQLCompiler, **kw: Any) -> str:
    return f"CAST({compiler.process(element.clauses, **kw)} AS INTEGER)"


@compiles(floored, "postgresql")
def _postgresql_floored(element: floored, compiler: SQLCompiler, **kw: Any) -> str:
    return f"CAST(floor({compiler.process(element.clauses, **kw)}) AS BIGINT)"
