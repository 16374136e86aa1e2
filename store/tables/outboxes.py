"""What is still to be said to somebody: alerts, and answers on their way into the PACS."""

from sqlalchemy import JSON, CheckConstraint, Column, Index, Integer, Table, Text, UniqueConstraint

from store.columns import UtcDateTime
from store.states import DeliveryState
from store.tables.kinds import Code, RowId, Uid, metadata, one_of

# what somebody is to hear at once; a message holds one alert, or a digest of several
alerts = Table(
    "alerts",
    metadata,
    Column("id", RowId, primary_key=True),
    Column("key", Text, nullable=False, unique=True),  # what happened: it is recorded once, however often it is seen
    Column("kind", Code, nullable=False),
    Column("arrival_id", RowId),
    Column("detail", JSON, nullable=False),  # no identity of a patient
    Column("recorded_at", UtcDateTime, nullable=False),
    Column("message", Text),  # which message it goes out with, decided before that is sent
    Column("assigned_at", UtcDateTime, index=True),
    Column("not_before", UtcDateTime),  # another try, or whoever is sending it has died
    Column("webhook_at", UtcDateTime),
    Column("mail_at", UtcDateTime),
    Column("sent_at", UtcDateTime),  # by every way that is set
    Column("faults", Integer, nullable=False, server_default="0"),
    Column("fault", Text),
)
UNSENT = alerts.c.sent_at.is_(None)
Index("ix_alerts_unsent", alerts.c.id)

# answers on their way into the PACS: what should be there, and how far it is; reports by mail have an outbox of files
deliveries = Table(
    "deliveries",
    metadata,
    Column("id", RowId, primary_key=True),
    Column("arrival_id", RowId, nullable=False, index=True),
    Column("kind", Code, nullable=False),
    Column("target", Text, nullable=False),
    Column("sop_class_uid", Uid, nullable=False),
    Column("sop_instance_uid", Uid, nullable=False),
    Column("state", Code, nullable=False),
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("not_before", UtcDateTime),
    Column("queued_at", UtcDateTime, nullable=False),
    Column("delivered_at", UtcDateTime),
    Column("last_status", Text),  # of DIMSE or HTTP; NULL until somebody has answered
    Column("last_words", Text),
    UniqueConstraint("target", "sop_instance_uid"),
    UniqueConstraint("target", "kind", "arrival_id"),
    CheckConstraint("kind IN ('sr', 'sc')", name="kind"),
    one_of("state", DeliveryState),
    CheckConstraint("(state = 'delivered') = (delivered_at IS NOT NULL)", name="delivered"),
)
Index("ix_deliveries_state_id", deliveries.c.state, deliveries.c.id)

# up to when arrivals have been looked through for a target; before its first row nothing is sent unasked
delivery_marks = Table(
    "delivery_marks",
    metadata,
    Column("target", Text, primary_key=True),
    Column("kind", Code, primary_key=True),
    Column("queued_until", UtcDateTime, nullable=False),
)
