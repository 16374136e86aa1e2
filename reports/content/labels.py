"""How often each label was given, with what chance leaves open."""

from documents.blocks import CellKind, Column, Row, Section, Sentences, Table
from documents.figures import say_count
from documents.rates import Rate
from inference.labels import LABELS
from reports.figures.report import Report
from reports.wording import name_label
from store.questions.selection import Part

COLUMNS = (
    Column("label", CellKind.WORDS, 0.26),
    Column("films", CellKind.COUNT, 0.14),
    Column("rate, with its 95 % interval", CellKind.RATE, 0.6),
)


def build_labels(report: Report) -> Section:
    """Build the section on label rates among the films that the model has answered for."""
    summary = report.summary
    lead = (
        f"Of {say_count(summary.judged, 'film')} that the model has answered for. The interval is what chance alone "
        "allows for (Wilson); it says nothing about whether the labels are right."
    )
    if not summary.judged:
        return Section("labels", "Labels", lead, [Sentences(["The model has answered for no film of this period."])])
    rows = [Row([name_label(label), summary.labels[label], summary.rate_of(label)], label.value) for label in LABELS]
    rate = Rate(summary.indeterminate, summary.judged)
    rows.append(Row([Part.INDETERMINATE.value, summary.indeterminate, rate], Part.INDETERMINATE.value))
    return Section("labels", "Labels", lead, [Table("Label rates", COLUMNS, rows)])
