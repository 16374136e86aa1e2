"""The tables. Alembic makes them (``migrations/``); a test holds the two together."""

from store.tables.films import (
    BASE_NAME,
    IN_THE_INBOX,
    IS_QUARANTINED,
    READY,
    UNFINISHED,
    arrivals,
    headers,
    models,
    reference_labels,
    screenings,
)
from store.tables.kinds import metadata
from store.tables.outboxes import UNSENT, alerts, deliveries, delivery_marks
from store.tables.people import audit_events, login_failures, reviews, sessions, uploads, users

__all__ = [
    "BASE_NAME",
    "IN_THE_INBOX",
    "IS_QUARANTINED",
    "READY",
    "UNFINISHED",
    "UNSENT",
    "alerts",
    "arrivals",
    "audit_events",
    "deliveries",
    "delivery_marks",
    "headers",
    "login_failures",
    "metadata",
    "models",
    "reference_labels",
    "reviews",
    "screenings",
    "sessions",
    "uploads",
    "users",
]
