"""Films: how they arrived, what was said of each by which model, and what people found out later."""

from collections.abc import Iterator
from typing import Any

from sqlalchemy import (
    BigInteger,
    BindParameter,
    Boolean,
    CheckConstraint,
    Column,
    ColumnElement,
    Float,
    ForeignKey,
    Index,
    Integer,
    Table,
    Text,
    UniqueConstraint,
    false,
    literal,
    literal_column,
    or_,
)

from inference.labels import LABELS, Label, Outcome
from store.columns import FilePath, UtcDateTime
from store.states import FINISHED_STATES, READY_STATES, AfterScreening, ArrivalState, Priority
from store.tables.kinds import Code, RowId, Sha256, Uid, listed, metadata, one_of

# a model gives no probability to a class that it does not know
_IN_RANGE = " AND ".join(f"probability_{label} BETWEEN 0 AND 1" for label in LABELS)
_GIVEN = " + ".join(f"CASE WHEN probability_{label} IS NULL THEN 0 ELSE 1 END" for label in LABELS)
_OF_THE_LABEL = " ".join(f"WHEN '{label}' THEN probability_{label}" for label in LABELS)


def _build_header_columns() -> Iterator[Column[Any]]:
    """Give the columns of what a file says of itself, as far as it could be read."""
    yield Column("source_format", Code)
    yield Column("sop_class_uid", Uid)
    yield from (Column(f"{level}_instance_uid", Uid, index=True) for level in ("sop", "study", "series"))
    # as XRAY_STORE_IDENTIFIERS says: plain, or a keyed hash
    yield from (Column(name, Text, index=True) for name in ("patient_id", "accession_number"))
    yield from (Column(name, Code) for name in ("modality", "view_position", "body_part_examined"))
    yield Column("patient_age_years", Float)
    yield Column("patient_sex", Code)
    yield from (Column(name, Text) for name in ("manufacturer", "station_name"))
    yield Column("transfer_syntax_uid", Uid)
    yield from (Column(name, Code) for name in ("photometric_interpretation", "presentation_intent_type"))
    yield from (Column(name, Integer) for name in ("rows", "columns", "bits_stored"))
    yield Column("notes", Text)  # codes of ``imaging.Note``, with a space between


models = Table(
    "models",
    metadata,
    Column("model_sha256", Sha256, primary_key=True),
    Column("model_version", Text, nullable=False),
    Column("folder", FilePath, nullable=False),
    Column("registered_at", UtcDateTime, nullable=False),
    Column("active", Boolean, nullable=False, server_default=false()),
)

screenings = Table(
    "screenings",
    metadata,
    Column("id", RowId, primary_key=True),
    Column("arrival_id", RowId, nullable=False),  # the first arrival that it answers
    Column("source_sha256", Sha256, nullable=False),
    Column("model_sha256", ForeignKey("models.model_sha256"), nullable=False),
    Column("outcome", Code, nullable=False),
    Column("label", Code),
    *(Column(f"probability_{label}", Float) for label in LABELS),
    Column("reason_code", Code),
    Column("reason", Text),
    Column("conflict", Boolean, nullable=False, server_default=false()),
    *_build_header_columns(),
    Column("screened_at", UtcDateTime, nullable=False),
    Column("reviewed_at", UtcDateTime),  # when somebody looked at these bytes last, whatever they said
    UniqueConstraint("source_sha256", "model_sha256"),
    one_of("outcome", Outcome),
    one_of("label", Label),
    CheckConstraint("(outcome = 'predicted') = (label IS NOT NULL)", name="predicted"),
    CheckConstraint(f"({_IN_RANGE}) AND {_GIVEN} <> 1", name="probabilities"),
    CheckConstraint(
        f"outcome <> 'predicted' OR CASE label {_OF_THE_LABEL} END IS NOT NULL", name="predicted_probabilities"
    ),
)

# the worklist is read along these from its top; conditions as below, in the migrations
Index("ix_screenings_unread", *(screenings.c[name] for name in ("outcome", "label", "screened_at", "id")))
Index("ix_screenings_likely", screenings.c.probability_covid19, screenings.c.id, screenings.c.screened_at)
Index("ix_screenings_reviewed", screenings.c.reviewed_at, screenings.c.id)

arrivals = Table(
    "arrivals",
    metadata,
    Column("id", RowId, primary_key=True),
    # who the file is while it lies in the inbox; NULL once it has left, so that its name is free again
    Column("fingerprint", Sha256, unique=True),
    Column("inbox", FilePath, nullable=False),
    Column("path", FilePath, nullable=False),
    Column("stored_path", FilePath),
    Column("size_bytes", BigInteger, nullable=False),
    Column("after", Code, nullable=False),
    Column("state", Code, nullable=False),
    Column("attempts", Integer, nullable=False, server_default="0"),  # those that the file itself spoilt
    Column("transient_faults", Integer, nullable=False, server_default="0"),  # disk, database, a killed worker
    Column("not_before", UtcDateTime),
    Column("lease_owner", Text),
    Column("lease_until", UtcDateTime),
    Column("received_at", UtcDateTime, nullable=False),
    Column("queued_at", UtcDateTime),
    Column("started_at", UtcDateTime),  # of the last attempt
    Column("finished_at", UtcDateTime, index=True),
    Column("source_sha256", Sha256),
    Column("screening_id", ForeignKey("screenings.id"), index=True),
    Column("reason_code", Code),
    Column("reason", Text),
    Column("priority", Code, nullable=False, server_default=Priority.ROUTINE.value),
    Column("sender", Text),  # the AE title of who sent it by DICOM
    one_of("state", ArrivalState),
    one_of("after", AfterScreening),
    one_of("priority", Priority),
    # the sums of a report rest on these two
    CheckConstraint(f"(state IN ({listed(FINISHED_STATES)})) = (finished_at IS NOT NULL)", name="finished"),
    CheckConstraint("state <> 'done' OR screening_id IS NOT NULL", name="done"),
    sqlite_autoincrement=True,  # a message may outlive its row: ids are never used again
)
Index("ix_arrivals_state_id", arrivals.c.state, arrivals.c.id)


def _written_out(value: str) -> BindParameter[str]:
    """Not sent as a parameter: a partial index serves only a query that says the same at planning time."""
    return literal(value, literal_execute=True)


# the four indexes below hold a small part of the arrivals, however large the ledger grows; their
# conditions stand in the migrations alone, since SQLAlchemy imports each dialect of which an index here would speak
UNFINISHED = arrivals.c.finished_at.is_(None)
Index("ix_arrivals_unfinished", arrivals.c.received_at)
READY = or_(*(arrivals.c.state == _written_out(state.value) for state in READY_STATES))
Index("ix_arrivals_ready", arrivals.c.priority, arrivals.c.id)
IN_THE_INBOX = arrivals.c.fingerprint.is_not(None) & (arrivals.c.after == _written_out(AfterScreening.MOVE.value))
Index("ix_arrivals_unsettled", arrivals.c.finished_at)
IS_QUARANTINED = arrivals.c.state == _written_out(ArrivalState.QUARANTINED.value)
Index("ix_arrivals_quarantined", arrivals.c.source_sha256)
# of the file, as its path is stored; its index stands in the migrations alone: Alembic cannot compare expressions
BASE_NAME: ColumnElement[str] = literal_column(
    "substr(arrivals.path, length(rtrim(arrivals.path, replace(arrivals.path, '/', ''))) + 1)", Text
)

# a file that cannot be read has no screening; what its header said all the same stands here
headers = Table(
    "headers",
    metadata,
    Column("arrival_id", RowId, primary_key=True, autoincrement=False),
    *_build_header_columns(),
)

# what people say after the fact; a film is known by its bytes, whatever screened them and however often
reference_labels = Table(
    "reference_labels",
    metadata,
    Column("id", RowId, primary_key=True),
    Column("source_sha256", Sha256, nullable=False),
    Column("source", Code, nullable=False),
    Column("reference", Code, nullable=False),
    Column("obtained_at", UtcDateTime),
    Column("recorded_at", UtcDateTime, nullable=False),
    UniqueConstraint("source_sha256", "source"),
    CheckConstraint(
        "source = 'pcr' AND reference IN ('covid19', 'not_covid19') OR "
        "source IN ('reader', 'review') AND reference IN ('covid19', 'viral_pneumonia', 'normal', 'other_finding')",
        name="reference",
    ),
)
