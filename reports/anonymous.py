"""A report without the names of files: where it leaves the house, a film is known by its arrival's number."""

from dataclasses import replace
from pathlib import Path

from reports.report import Report
from store.queries import Result


def hide_name(result: Result) -> Result:
    """Put the arrival's number in place of the file's path."""
    return replace(result, path=Path(f"arrival-{result.arrival_id}"))


def hide_names(report: Report) -> Report:
    """Return a report whose lists name no file."""
    agreement = (
        replace(each, misses=tuple(replace(miss, result=hide_name(miss.result)) for miss in each.misses))
        for each in report.agreement
    )
    return replace(
        report,
        positives=tuple(map(hide_name, report.positives)),
        newest=tuple(map(hide_name, report.newest)),
        agreement=tuple(agreement),
    )
