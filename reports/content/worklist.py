"""The likely positives, to be looked at from the top."""

from datetime import tzinfo

from documents.blocks import Block, Cell, CellKind, Column, Row, Section, Sentences, Table
from documents.figures import say_count
from inference.labels import Label
from reports.figures.report import Report
from reports.wording import name_label
from store.questions.queries import Result
from store.states import Priority

COLUMNS = (
    Column("probability", CellKind.PROBABILITY, 0.1),
    Column("arrival", CellKind.WORDS, 0.1),
    Column("file", CellKind.NAME, 0.33),
    Column("received", CellKind.MOMENT, 0.2),
    Column("mark", CellKind.WORDS, 0.27),
)


def build_worklist(report: Report) -> Section:
    """Build the section on films with the label ``covid19``, the highest probability first."""
    title = name_label(Label.COVID19)
    lead = (
        f"Films with the label {title}, the highest probability first, each once however often it came. "
        "A probability says how sure the model is; it is no finding. In the home a file's name begins with its arrival."
    )
    block: Block = Sentences([f"No film of this period is labelled {title}."])
    if report.positives:
        rows = [Row(_build_cells(result, report.made_at.tzinfo), Label.COVID19) for result in report.positives]
        left_out = report.summary.labels[Label.COVID19] - len(rows)
        block = Table(f"Labelled {title}", COLUMNS, rows, _say_rest(left_out))
    return Section("worklist", "Likely positives", lead, [block])


def _build_cells(result: Result, zone: tzinfo | None) -> list[Cell]:
    stat = "STAT" if result.priority is Priority.STAT else None
    marks = [stat, result.reason_code, "conflict" if result.conflict else None]
    return [
        result.probabilities[Label.COVID19] if result.probabilities else None,
        f"{result.arrival_id:08d}",
        result.file_name,
        result.received_at.astimezone(zone),
        ", ".join(filter(None, marks)),
    ]


def _say_rest(left_out: int) -> str:
    if left_out <= 0:
        return ""
    return f"And {say_count(left_out, 'film')} more: --positives lists more, the CSV all of them."
