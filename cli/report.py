"""``report``: what was screened in a period."""

from pathlib import Path
from typing import Annotated

import typer

from cli.errors import exit_codes
from cli.opening import opened_ledger


def report(
    since: Annotated[str, typer.Option(help="`today`, `yesterday`, `2h`, `7d`, a date, or an ISO time.")] = "today",
    until: Annotated[str | None, typer.Option(help="The same; a day is included; default: now.")] = None,
    output_format: Annotated[str, typer.Option("--format", help="`table`, `csv` or `json`.")] = "table",
    output: Annotated[Path | None, typer.Option(help="A file, written whole or not at all.")] = None,
) -> None:
    """Report what was screened in a period: sums, refusals with reasons, and every result.

    Times without a zone are in the site's time zone (XRAY_TIME_ZONE).

    Example: xray-cli report --since yesterday --until yesterday --format csv --output yesterday.csv
    """
    with exit_codes(), opened_ledger() as (settings, engine):
        from reports.report import write_report_to
        from worker.fates import REASONS

        write_report_to(engine, since, until, settings.time_zone, output_format, output, REASONS)
