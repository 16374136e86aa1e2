"""What the headers of the films leave out."""

from documents.blocks import Block, CellKind, Column, Row, Section, Sentences, Table
from documents.figures import say_count
from documents.rates import Rate
from reports.figures.report import Quality, Report

COLUMNS = (
    Column("attribute", CellKind.WORDS, 0.3),
    Column("missing in", CellKind.COUNT, 0.15),
    Column("share, with its 95 % interval", CellKind.RATE, 0.55),
)


def build_quality(report: Report) -> Section:
    """Build the section on missing attributes."""
    quality = report.quality
    lead = (
        "Attributes of the DICOM header that are missing. View and age tell whether a film is of the kind that the "
        "model has learnt from; the modality's operator can see to it that they are filled in."
    )
    sentences = Sentences([_say_headers(quality)])
    rows = [
        Row([gap.attribute, gap.missing, Rate(gap.missing, gap.headers)])
        for gap in sorted(quality.gaps, key=lambda gap: (-gap.missing, gap.attribute))
    ]
    has_headers = quality.films > quality.without_header
    blocks: list[Block] = [sentences]
    if has_headers:
        blocks.append(Table("Missing attributes", COLUMNS, rows))
    return Section("quality", "Data quality", lead, blocks)


def _say_headers(quality: Quality) -> str:
    if not quality.films:
        return "No film of this period was read."
    films = say_count(quality.films, "film")
    if not quality.without_header:
        return f"All of {films} have a DICOM header."
    pictures = f"{quality.without_header:,} are pictures without a DICOM header"
    return f"Of {films} {pictures}: nothing is known of them but their pixels."
