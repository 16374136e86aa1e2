"""A report without the names of files: where it leaves the house, a film is known by its arrival's number."""

from dataclasses import replace

from reports.figures.contradictions import Contradictions
from reports.figures.report import Report
from store.questions.queries import Result


def hide_name(result: Result) -> Result:
    """Put the arrival's number in place of the file's name."""
    return result._replace(file_name=f"arrival-{result.arrival_id}")


def hide_names(report: Report) -> Report:
    """Return a report whose lists name no file."""
    agreement = (
        replace(each, missed=_hide_names_of(each.missed), false_alarms=_hide_names_of(each.false_alarms))
        for each in report.agreement
    )
    return replace(
        report,
        positives=tuple(map(hide_name, report.positives)),
        newest=tuple(map(hide_name, report.newest)),
        agreement=tuple(agreement),
    )


def _hide_names_of(found: Contradictions) -> Contradictions:
    films = (replace(film, result=hide_name(film.result)) for film in found.films)
    return replace(found, films=tuple(films))
