"""The report for spreadsheets: RFC 4180, one line a result, and no cell that a spreadsheet would compute."""

import csv
from datetime import tzinfo
from typing import TextIO

from inference.labels import LABELS, NOTICE
from reports.formats import ReportSource
from reports.results import result_to_json
from reports.text import disarm_formula, show_text
from store.queries import Result

COLUMNS = (
    *("file_name", "source_sha256", "state", "outcome", "label"),
    *(f"probability_{label}" for label in LABELS),
    *("reason_code", "model_version", "model_sha256", "received_at", "finished_at", "notice"),
)


def write_csv(source: ReportSource, stream: TextIO) -> None:
    """Write a header and one line a result; one is held in memory at a time.

    The notice is a column: readers of CSV know no comments. Signs that would break a line or steer a
    terminal are shown as escapes.
    """
    writer = csv.writer(stream, dialect="excel")
    writer.writerow(COLUMNS)
    zone = source.question.period.since.tzinfo
    writer.writerows(_as_cells(result, zone) for result in source.results())


def _as_cells(result: Result, zone: tzinfo | None) -> list[object]:
    fields = result_to_json(result, zone)  # type: ignore[arg-type]
    for label in LABELS:
        fields[f"probability_{label}"] = None if result.probabilities is None else result.probabilities[label]
    fields["notice"] = NOTICE
    return [_as_cell(fields[name]) for name in COLUMNS]


def _as_cell(value: object) -> object:
    return disarm_formula(show_text(value)) if isinstance(value, str) else value
