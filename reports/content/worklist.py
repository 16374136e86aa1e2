"""Single films: the likely positives, to be looked at from the top, and what arrived last."""

from datetime import tzinfo

from documents.blocks import Block, Cell, CellKind, Column, Row, Section, Sentences, Table
from documents.figures import say_count
from inference.labels import Label
from reports.columns import FILE_NAME, RECEIVED_AT
from reports.figures.report import Report
from reports.outcomes import say_end
from reports.wording import name_label
from store.questions.queries import Result
from store.states import Priority

COLUMNS = (
    Column("probability", CellKind.PROBABILITY, 0.1),
    Column("arrival", CellKind.WORDS, 0.1),
    FILE_NAME.in_table(0.33),
    RECEIVED_AT.in_table(0.2),
    Column("mark", CellKind.WORDS, 0.27),
)
NEWEST = (
    RECEIVED_AT.in_table(0.2),
    Column("result", CellKind.WORDS, 0.3),
    FILE_NAME.in_table(0.5),
)


def build_worklist(report: Report) -> Section:
    """Build the section on films with the label ``covid19``, the highest probability first."""
    title = name_label(Label.COVID19)
    lead = (
        f"Films with the label {title}, the highest probability first, each once however often it came, also where "
        "the same SOP Instance UID has other bytes. "
        "A probability says how sure the model is; it is no finding. In the home a file's name begins with its arrival."
    )
    block: Block = Sentences([_say_none(report)])
    if report.positives:
        rows = [Row(_build_cells(result, report.made_at.tzinfo), Label.COVID19) for result in report.positives]
        block = Table(f"Labelled {title}", COLUMNS, rows, _say_rest(report))
    return Section("worklist", "Likely positives", lead, [block])


def build_newest(report: Report) -> Section:
    """Build the section on what arrived last: where somebody looks who has just sent a film."""
    zone = report.made_at.tzinfo
    rows = [Row([result.received_at.astimezone(zone), say_end(result), result.file_name]) for result in report.newest]
    lead = "The last that came, and what became of them."
    return Section("newest", "Newest arrivals", lead, [Table("", NEWEST, rows)])


def _build_cells(result: Result, zone: tzinfo | None) -> list[Cell]:
    stat = "STAT" if result.priority is Priority.STAT else None
    reason = result.reason_code and name_label(result.reason_code)
    marks = [stat, reason, _describe_conflict(result)]
    return [
        result.probabilities[Label.COVID19] if result.probabilities else None,
        f"{result.arrival_id:08d}",
        result.file_name,
        result.received_at.astimezone(zone),
        ", ".join(filter(None, marks)),
    ]


def _describe_conflict(result: Result) -> str | None:
    return f"conflict with {result.conflict_with}" if result.conflict_with else "conflict" if result.conflict else None


def _say_none(report: Report) -> str:
    count, title = report.summary.labels[Label.COVID19], name_label(Label.COVID19)
    if count and not report.question.positives_shown:
        return f"{say_count(count, 'film', 'is', 'are')} labelled {title}: --positives lists them, and so does the CSV."
    return f"No film of this period is labelled {title}."


def _say_rest(report: Report) -> str:
    """Say how many are not listed; a list that is not full holds all, of a film that came twice one."""
    listed = len(report.positives)
    left_out = report.summary.labels[Label.COVID19] - listed
    if left_out <= 0 or listed < report.question.positives_shown:
        return ""
    return f"And {say_count(left_out, 'film')} more: --positives lists more, the CSV all of them."
