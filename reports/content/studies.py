"""Where the films that a page lists belong: what leads from a report back to the study."""

from documents.blocks import CellKind, Column, Row, Section, Table
from reports.columns import ACCESSION, STATION, UID_COLUMNS, VIEW
from reports.content.refused import name_arrival
from reports.figures.report import Report
from store.questions.queries import Result

STUDIES = (
    Column("arrival", CellKind.WORDS, 0.1),
    ACCESSION.in_table(0.15),
    STATION.in_table(0.12),
    VIEW.in_table(0.06),
    *(column.in_table(0.19) for column in UID_COLUMNS),
)
NAMES = tuple(column.name for column in (ACCESSION, STATION, VIEW, *UID_COLUMNS))


def build_studies(report: Report) -> Section | None:
    """Build the list of what names the study of each film that stands in a list above; none where no header does."""
    listed = {film.arrival_id: film for film in (*report.positives, *report.refusals, *report.conflicts)}
    found = [(film, _read_names(film)) for _, film in sorted(listed.items())]
    rows = [Row([name_arrival(film), *names]) for film, names in found if any(names)]
    if not rows:
        return None
    lead = "Likely positives, refused files and conflicts, as their headers name them. The CSV has these of every film."
    return Section("studies", "Where they belong", lead, [Table("", STUDIES, rows)])


def _read_names(film: Result) -> list[str | None]:
    return [getattr(film, name) for name in NAMES]
