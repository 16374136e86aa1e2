"""The columns of a result, each declared once: JSON, its schema, CSV, the workbook and the tables of a page have them.

What may identify a patient says so here, with what stands in its place where it must not be said, as in a mail.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from types import MappingProxyType
from typing import Any

from documents.blocks import CellKind, Column
from inference.labels import LABELS, NOTICE, Label, Outcome
from store.questions.queries import Result
from store.states import ArrivalState

Schema = Mapping[str, object]
SHA256, TEXT, TIME = {"$ref": "#/$defs/sha256"}, {"type": "string"}, {"$ref": "#/$defs/time"}
UNKNOWN: Mapping[Label, None] = MappingProxyType(dict.fromkeys(LABELS))


@dataclass(frozen=True, slots=True)
class ResultColumn:
    """A column of a result.

    Attributes
    ----------
    name : str
        In JSON, CSV and the workbook; those of ``Result`` have the name of its field.
    heading : str
        What people read above it.
    kind : CellKind
        How it is written for people; ``NAME`` is text that others wrote.
    schema : Mapping or None
        What JSON may hold; None: it is not in JSON.
    meaning : str
        In a sentence, for the schema.
    stand_in : Callable or None
        It may identify a patient: gives what is written in its place where nothing may.
    spread : sequence of str
        Where a row is flat, it is so many columns.
    """

    name: str
    heading: str
    kind: CellKind
    schema: Schema | None
    meaning: str
    stand_in: Callable[[Result], str | None] | None = None
    spread: Sequence[str] = ()

    @property
    def names(self) -> Sequence[str]:
        """What it is called where a row is flat."""
        return self.spread or (self.name,)

    def in_table(self, weight: float) -> Column:
        """Return it as a column of a table for people."""
        return Column(self.heading, self.kind, weight)


def _or_null(schema: Schema) -> Schema:
    return {"anyOf": [schema, {"type": "null"}]}


def _leave_out(_result: Result) -> None:
    """Say nothing in its place."""


def _name_arrival(result: Result) -> str:
    return f"arrival-{result.arrival_id}"


def _name_other_arrival(result: Result) -> str | None:
    return result.conflict_with and result.conflict_with.partition(" ")[0]


STATES, OUTCOMES = {"enum": [*ArrivalState]}, {"enum": [*Outcome, None]}
NOT_UTF8 = "The base name; bytes that are not UTF-8 are written as codes."
WHY = "Why there is no class, or what speaks against the one that was given."
OTHER = "The film that came with the same SOP Instance UID and other bytes: its arrival and its file; null for most."
PROTECTED = "Accession Number (0008,0050), plain or hashed as XRAY_STORE_IDENTIFIERS says."
NOTES: Schema = {"type": "array", "items": TEXT}
UID = _or_null(TEXT)
UIDS = {
    "sop": "SOP Instance UID (0008,0018).",
    "study": "Study Instance UID (0020,000D).",
    "series": "Series Instance UID (0020,000E).",
}
NO_QUEUE = "null where nothing waits: `xray-cli predict`."
NUMBER = "Its number in the ledger, by which `xray-cli show` finds it; null where there is no ledger."
ARRIVAL = ResultColumn("arrival_id", "arrival", CellKind.COUNT, _or_null({"type": "integer"}), NUMBER)
FILE_NAME = ResultColumn("file_name", "file", CellKind.NAME, TEXT, NOT_UTF8, stand_in=_name_arrival)
STATION = ResultColumn("station_name", "station", CellKind.NAME, _or_null(TEXT), "Station Name (0008,1010).")
DETAIL = ResultColumn(
    *("reason", "detail", CellKind.NAME, _or_null(TEXT), "The reason in a sentence: what was found, and where.")
)
ACCESSION = ResultColumn(
    *("accession_number", "accession", CellKind.NAME, _or_null(TEXT), PROTECTED), stand_in=_leave_out
)
VIEW = ResultColumn("view_position", "view", CellKind.NAME, _or_null(TEXT), "View Position (0018,5101).")
UID_COLUMNS = tuple(
    ResultColumn(f"{level}_instance_uid", f"{level} UID", CellKind.NAME, UID, meaning, stand_in=_leave_out)
    for level, meaning in UIDS.items()
)
RECEIVED_AT = ResultColumn("received_at", "received", CellKind.MOMENT, TIME, "When the file was complete.")
SHARES = ResultColumn(
    "probabilities",
    "probability",
    CellKind.PROBABILITY,
    _or_null({"$ref": "#/$defs/probabilities"}),
    "Of each class that the model knows; null where the model was not asked.",
    spread=[f"probability_{label}" for label in LABELS],
)
COLUMNS = (
    FILE_NAME,
    ResultColumn("source_sha256", "hash of the file", CellKind.WORDS, _or_null(SHA256), "Identifies the file."),
    ResultColumn("state", "state", CellKind.WORDS, STATES, "How far the file has come."),
    ResultColumn("outcome", "outcome", CellKind.WORDS, OUTCOMES, "What screening said of the film."),
    ResultColumn("label", "label", CellKind.WORDS, _or_null({"$ref": "#/$defs/label"}), "The class."),
    SHARES,
    ResultColumn("reason_code", "reason", CellKind.NAME, _or_null(TEXT), WHY),
    ResultColumn("model_version", "model", CellKind.NAME, _or_null(TEXT), "Which model answered."),
    ResultColumn("model_sha256", "hash of the model", CellKind.WORDS, _or_null(SHA256), "Of its bundle."),
    RECEIVED_AT,
    ResultColumn("finished_at", "finished", CellKind.MOMENT, _or_null(TIME), "When its result was recorded."),
    ResultColumn("notice", "notice", CellKind.WORDS, None, NOTICE),
    ResultColumn("priority", "priority", CellKind.WORDS, _or_null({"$ref": "#/$defs/priority"}), NO_QUEUE),
    ResultColumn(
        *("conflict_with", "conflict with", CellKind.NAME, _or_null(TEXT), OTHER), stand_in=_name_other_arrival
    ),
    ARRIVAL,
    DETAIL,
    ResultColumn("notes", "notes", CellKind.WORDS, NOTES, "What of the header could not be used, in codes."),
    STATION,
    VIEW,
    ACCESSION,
    *UID_COLUMNS,
)
JSON_NAMES = tuple(column.name for column in COLUMNS if column.schema is not None)
MOMENTS = tuple(column.name for column in COLUMNS if column.kind is CellKind.MOMENT)


def result_to_json(result: Result, zone: tzinfo = UTC) -> dict[str, object]:
    """Return the result object of ``report --format json`` and ``predict --format json``.

    Parameters
    ----------
    result : Result
        A row of the ledger; or, where there is no ledger, one that was put together for a single file.
    zone : tzinfo
        The time zone in which its times are written.

    Returns
    -------
    dict
        Values that ``json`` can write: text, numbers in [0, 1], None, and times in ISO 8601 with their offset.
    """
    values = ((name, getattr(result, name)) for name in JSON_NAMES)
    found = {
        name: value.astimezone(zone).isoformat() if isinstance(value, datetime) else value for name, value in values
    }
    return found | {"arrival_id": result.arrival_id or None, "notes": list(result.notes)}


def result_to_cells(result: Result, zone: tzinfo | None) -> dict[str, Any]:
    """Return the cells of a flat row by their names (``ResultColumn.names``); times are those of the zone."""
    cells = {"notice": NOTICE, **result._asdict(), "arrival_id": result.arrival_id or None}
    cells["notes"] = ", ".join(result.notes)
    for name in MOMENTS:
        cells[name] = cells[name] and cells[name].astimezone(zone)
    cells.update(zip(SHARES.names, ({**UNKNOWN, **(result.probabilities or {})}).values(), strict=True))
    return cells


def hide_patient(result: Result) -> Result:
    """Return a result that holds nothing that may identify a patient."""
    changed: dict[str, Any] = {column.name: column.stand_in(result) for column in COLUMNS if column.stand_in}
    return result._replace(**changed)
