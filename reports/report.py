"""A report from start to end: a period of the ledger, written to a stream or a file."""

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from types import MappingProxyType
from typing import TextIO

from sqlalchemy import Engine

from reports.errors import ReportFormatError
from reports.output import open_output
from reports.periods import Period, find_zone, parse_period
from reports.summary import summarize
from store.database import reading
from store.queries import count_states, list_newest_results, stream_results

FORMATS = ("table", "csv", "json")
NEWEST_SHOWN = 10
NO_ADVICE: Mapping[str, str] = MappingProxyType({})


def write_report_to(
    engine: Engine,
    since: str,
    until: str | None,
    time_zone: str,
    output_format: str,
    output: Path | None,
    advice: Mapping[str, str] = NO_ADVICE,
) -> None:
    """Write the report that the command line asks for.

    Parameters
    ----------
    since, until : str
        As ``reports.periods.parse_moment`` reads them; ``until`` None is now.
    time_zone : str
        The site's, by its IANA name, or ``local``.
    output_format : str
        ``table``, ``csv`` or ``json``.
    output : Path or None
        A file, written whole or not at all; None is standard output.
    advice : Mapping
        What to do about the reasons that a room above this one gives.

    Raises
    ------
    PeriodError, TimeZoneError, ReportFormatError
        What is asked for does not exist; the file is left as it was.
    OSError
        The file cannot be written.
    """
    check_format(output_format)
    period = parse_period(since, until, datetime.now(tz=UTC), find_zone(time_zone))
    with open_output(output) as stream:
        write_report(engine, period, output_format, stream, advice)


def write_report(
    engine: Engine, period: Period, output_format: str, stream: TextIO, advice: Mapping[str, str] = NO_ADVICE
) -> None:
    """Write a report to a text stream; sums and results are those of one moment.

    Results stream: memory does not grow with the length of the period.

    Raises
    ------
    ReportFormatError
        There is no such format.
    """
    check_format(output_format)
    bounds = (period.since, period.until)
    with reading(engine) as connection:
        if output_format == "csv":
            from reports.csv_report import write_csv

            write_csv(period, stream_results(connection, *bounds), stream)
            return
        summary = summarize(count_states(connection, *bounds))
        if output_format == "json":
            from reports.json_report import write_json

            write_json(period, summary, stream_results(connection, *bounds), stream)
            return
        newest = list_newest_results(connection, *bounds, limit=NEWEST_SHOWN)
    from reports.table_report import write_table

    write_table(period, summary, newest, stream, advice)


def check_format(output_format: str) -> None:
    """Refuse a format that does not exist with a ReportFormatError."""
    if output_format not in FORMATS:
        message = f"there is no report format {output_format[:40]!r}; accepted are {', '.join(FORMATS)}"
        raise ReportFormatError(message)
