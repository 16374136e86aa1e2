"""Who may use the page, and what people did: the chain of audit events, reviews, uploads."""

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    Integer,
    Table,
    Text,
    false,
)

from store.columns import FilePath, UtcDateTime
from store.states import Role
from store.tables.kinds import Code, RowId, Sha256, metadata, one_of

# each event holds the hash of the one before it, so that none can be changed or taken out unseen; those that were
# recorded before there was a chain have no hash
audit_events = Table(
    "audit_events",
    metadata,
    Column("id", RowId, primary_key=True),
    Column("at", UtcDateTime, nullable=False, index=True),
    Column("action", Code, nullable=False),
    Column("arrival_id", RowId, index=True),
    Column("actor", Text),  # a user's name; NULL: the service, or somebody at the command line
    Column("address", Text),
    Column("detail", JSON, nullable=False),
    Column("previous_sha256", Sha256),
    Column("sha256", Sha256),
)

users = Table(
    "users",
    metadata,
    Column("id", RowId, primary_key=True),
    Column("name", Text, nullable=False, unique=True),
    Column("role", Code, nullable=False),
    Column("password_hash", Text, nullable=False),  # argon2id, with its salt and its cost
    Column("disabled", Boolean, nullable=False, server_default=false()),
    Column("created_at", UtcDateTime, nullable=False),
    one_of("role", Role),
)

sessions = Table(
    "sessions",
    metadata,
    Column("token_sha256", Sha256, primary_key=True),  # who reads the ledger cannot log in with it
    Column("user_id", ForeignKey("users.id"), nullable=False, index=True),
    Column("address", Text, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("active_at", UtcDateTime, nullable=False),
)

# who tried to log in and failed: a user or an address, by its hash, since people type passwords into the wrong field
login_failures = Table(
    "login_failures",
    metadata,
    Column("subject_sha256", Sha256, primary_key=True),
    Column("failures", Integer, nullable=False),
    Column("last_at", UtcDateTime, nullable=False),
    Column("locked_until", UtcDateTime, nullable=False),
)

# what people said of a film that they saw; never changed: a correction is another review that names the first
reviews = Table(
    "reviews",
    metadata,
    Column("id", RowId, primary_key=True),
    Column("arrival_id", RowId, nullable=False, index=True),
    Column("source_sha256", Sha256, nullable=False, index=True),
    Column("user_id", ForeignKey("users.id"), nullable=False),
    Column("verdict", Code, nullable=False),
    Column("label", Code),  # another one; NULL unless the verdict is `another_label`
    Column("comment", Text, nullable=False),
    Column("made_at", UtcDateTime, nullable=False),
    Column("corrects", ForeignKey("reviews.id"), unique=True),
    CheckConstraint("verdict IN ('agree', 'another_label', 'unsure')", name="verdict"),
    CheckConstraint(
        "(verdict = 'another_label') = (label IS NOT NULL) AND "
        "(label IS NULL OR label IN ('covid19', 'viral_pneumonia', 'normal', 'other_finding'))",
        name="label",
    ),
)

# files that came in by the page; their arrivals have a number greater than the last one before them
uploads = Table(
    "uploads",
    metadata,
    Column("id", RowId, primary_key=True),
    Column("user_name", Text, nullable=False),
    Column("file_name", Text, nullable=False),
    Column("path", FilePath, nullable=False),
    Column("source_sha256", Sha256, nullable=False),
    Column("size_bytes", BigInteger, nullable=False),
    Column("after_arrival_id", RowId, nullable=False),
    Column("arrival_id", RowId),
    Column("uploaded_at", UtcDateTime, nullable=False),
)
Index("ix_uploads_user_name_id", uploads.c.user_name, uploads.c.id)
