"""Which models answered, and when one took over from another."""

from documents.blocks import Block, CellKind, Column, Row, Section, Sentences, Table
from reports.figures.report import Report

SERVED = (
    Column("model", CellKind.NAME, 0.27),
    Column("films", CellKind.COUNT, 0.1),
    Column("first answer", CellKind.MOMENT, 0.21),
    Column("last answer", CellKind.MOMENT, 0.21),
    Column("SHA-256", CellKind.NAME, 0.21),
)
SWITCHES = (Column("from", CellKind.NAME, 0.37), Column("to", CellKind.NAME, 0.37), Column("at", CellKind.MOMENT, 0.26))
DIGITS = 16


def build_models(report: Report) -> Section:
    """Build the section on model versions and switches."""
    lead = "Figures of different models are not of one kind: compare periods that one model served."
    if not report.models:
        return Section("models", "Models", lead, [Sentences(["No model answered in this period."])])
    rows = [
        Row([model.model_version, model.films, model.first_at, model.last_at, model.model_sha256[:DIGITS]])
        for model in report.models
    ]
    blocks: list[Block] = [Table("Models that answered", SERVED, rows)]
    if report.switches:
        switches = [Row([switch.before, switch.after, switch.at]) for switch in report.switches]
        blocks.append(Table("Switches", SWITCHES, switches))
    return Section("models", "Models", lead, blocks)
