"""The report for spreadsheets: RFC 4180, one line a result, and no cell that a spreadsheet would compute."""

import csv
from collections.abc import Mapping
from datetime import UTC, tzinfo
from operator import itemgetter
from types import MappingProxyType
from typing import TextIO

from documents.text import disarm_formula, show_text
from inference.labels import LABELS, NOTICE
from reports.formats import ReportSource
from reports.results import result_to_json
from store.questions.queries import Result

COLUMNS = (
    *("file_name", "source_sha256", "state", "outcome", "label"),
    *(f"probability_{label}" for label in LABELS),
    *("reason_code", "model_version", "model_sha256", "received_at", "finished_at", "notice", "priority"),
)
# text that others wrote; whatever else is text comes from lists of our own
FOREIGN = ("file_name", "reason_code", "model_version")
UNKNOWN: Mapping[str, None] = MappingProxyType(dict.fromkeys(LABELS))
_list_cells = itemgetter(*COLUMNS)


def write_csv(source: ReportSource, stream: TextIO) -> None:
    """Write a header and one line a result; one is held in memory at a time.

    The notice is a column: readers of CSV know no comments. Signs that would break a line or steer a
    terminal are shown as escapes.
    """
    writer = csv.writer(stream, dialect="excel")
    writer.writerow(COLUMNS)
    zone = source.question.period.since.tzinfo or UTC
    writer.writerows(_as_cells(result, zone) for result in source.results())


def _as_cells(result: Result, zone: tzinfo) -> tuple[object, ...]:
    fields = result_to_json(result, zone)
    for label, share in (result.probabilities or UNKNOWN).items():
        fields[f"probability_{label}"] = share
    for name in FOREIGN:
        if text := fields[name]:
            fields[name] = disarm_formula(show_text(str(text)))
    fields["notice"] = NOTICE
    cells: tuple[object, ...] = _list_cells(fields)
    return cells
