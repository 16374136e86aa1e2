"""Sessions: who is logged in, from where, and until when.

A session is known by the hash of its token: the token itself is in the user's browser alone.
"""

import hashlib
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, and_, delete, func, insert, select, update

from store.access.users import COLUMNS, User, as_user
from store.columns import database_now
from store.tables import sessions, users

TOUCH_SECONDS = 20.0  # activity is written down no more often than this


@dataclass(frozen=True, slots=True)
class SessionRules:
    """How long a session lasts, in seconds: without activity, and at most."""

    idle_seconds: float
    longest_seconds: float


@dataclass(frozen=True, slots=True)
class Session:
    """A session that is still good, by the database's clock; ``idle_seconds`` since its last activity."""

    user: User
    address: str
    created_at: datetime
    idle_seconds: float


def hash_token(token: str) -> str:
    """Return what the ledger keeps of a token."""
    return hashlib.sha256(token.encode()).hexdigest()


def begin_session(connection: Connection, token: str, user_id: int, address: str) -> None:
    """Enter a session."""
    now = database_now()
    values = {"token_sha256": hash_token(token), "user_id": user_id, "address": address}
    connection.execute(insert(sessions).values(**values, created_at=now, active_at=now))


def find_session(connection: Connection, token: str, rules: SessionRules) -> Session | None:
    """Return the session of a token; None where there is none, it has run out, or its user is disabled."""
    s = sessions.c
    statement = (
        select(*COLUMNS, s.address, s.created_at.label("begun_at"), s.active_at, database_now().label("now"))
        .join_from(sessions, users)
        .where(s.token_sha256 == hash_token(token), _is_good(rules), ~users.c.disabled)
    )
    row = connection.execute(statement).one_or_none()
    if row is None:
        return None
    return Session(as_user(row), row.address, row.begun_at, (row.now - row.active_at).total_seconds())


def touch_session(connection: Connection, token: str) -> None:
    """Note that the user did something just now."""
    this = sessions.c.token_sha256 == hash_token(token)
    connection.execute(update(sessions).where(this).values(active_at=database_now()))


def end_session(connection: Connection, token: str) -> None:
    """Log off."""
    connection.execute(delete(sessions).where(sessions.c.token_sha256 == hash_token(token)))


def clear_sessions(connection: Connection, rules: SessionRules) -> None:
    """Take out what has run out."""
    connection.execute(delete(sessions).where(~_is_good(rules)))


def count_sessions(connection: Connection, rules: SessionRules) -> int:
    """Return how many sessions are good now."""
    return connection.scalar(select(func.count()).select_from(sessions).where(_is_good(rules))) or 0


def _is_good(rules: SessionRules) -> ColumnElement[bool]:
    s = sessions.c
    return and_(s.active_at > database_now(-rules.idle_seconds), s.created_at > database_now(-rules.longest_seconds))
