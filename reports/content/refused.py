"""Which files were refused, by reason, and which came with the SOP Instance UID of another film."""

from itertools import groupby
from operator import attrgetter

from documents.blocks import CellKind, Column, Row, Section, Table
from documents.figures import say_count
from reports.columns import DETAIL, FILE_NAME, STATION
from reports.figures.report import ReasonCount, Report
from store.questions.queries import Result
from store.questions.selection import Part

REFUSALS = (Part.REJECTED, Part.QUARANTINED)
REFUSED = (
    Column("arrival", CellKind.WORDS, 0.1),
    FILE_NAME.in_table(0.28),
    STATION.in_table(0.14),
    DETAIL.in_table(0.48),
)
CONFLICTS = (
    Column("arrival", CellKind.WORDS, 0.1),
    FILE_NAME.in_table(0.4),
    Column("the other film", CellKind.NAME, 0.5),
)


def build_refused(report: Report) -> Section | None:
    """Build the list of refused files: which they are, from where, what was found, and what to do."""
    if not report.refusals:
        return None
    found = {code: list(results) for code, results in groupby(report.refusals, attrgetter("reason_code"))}
    reasons = [one for one in report.reasons if one.part in REFUSALS and one.reason_code in found]
    tables = [_build_reason(one, found[one.reason_code]) for one in reasons]
    lead = "Each file that was refused, by reason, the newest first. 'xray-cli show' and an arrival says all of it."
    return Section("refused", "Refused files", lead, tables)


def build_conflicts(report: Report) -> Section | None:
    """Build the list of films that share a SOP Instance UID with other bytes; each names the other."""
    if not report.conflicts:
        return None
    rows = [Row([name_arrival(one), one.file_name, one.conflict_with or "pruned"]) for one in report.conflicts]
    lead = "One SOP Instance UID names one film for ever. Here it names several, with different bytes: all are kept."
    rest = report.summary.conflicts - len(rows)
    note = f"And {say_count(rest, 'film')} more: see the CSV." if rest > 0 else ""
    return Section("conflicts", "Conflicts", lead, [Table("", CONFLICTS, rows, note)])


def name_arrival(result: Result) -> str:
    """Return an arrival's number as it stands at the beginning of its file's name in the home."""
    return f"{result.arrival_id:08d}"


def _build_reason(reason: ReasonCount, results: list[Result]) -> Table:
    rows = [Row([name_arrival(one), one.file_name, one.station_name, one.reason], reason.part) for one in results]
    rest = reason.count - len(rows)
    note = f"And {say_count(rest, 'file')} more: see --reason {reason.reason_code}, or the CSV." if rest > 0 else ""
    caption = f"{reason.reason_code}, {say_count(reason.count, 'file')}. {reason.advice}".rstrip()
    return Table(caption, REFUSED, rows, note)
