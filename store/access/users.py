"""Users of the page."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, delete, insert, select, update
from sqlalchemy.exc import IntegrityError

from store.audit import record_event
from store.columns import database_now
from store.errors import UserError
from store.states import Role
from store.tables import sessions, users

COLUMNS = (users.c.id, users.c.name, users.c.role, users.c.password_hash, users.c.disabled, users.c.created_at)


@dataclass(frozen=True, slots=True)
class User:
    """Somebody who may log in, unless disabled."""

    id: int
    name: str
    role: Role
    password_hash: str
    disabled: bool
    created_at: datetime


def add_user(connection: Connection, name: str, role: Role, password_hash: str, actor: str | None = None) -> None:
    """Enter a user.

    Raises
    ------
    UserError
        There is one of this name.
    """
    statement = insert(users).values(name=name, role=role, password_hash=password_hash, created_at=database_now())
    try:
        connection.execute(statement)
    except IntegrityError:
        raise UserError(f"there is a user '{name}' already; see 'xray-cli user list'") from None
    record_event(connection, "user_added", actor=actor, user=name, role=role)


def find_user(connection: Connection, name: str) -> User | None:
    """Return the user of this name, or None."""
    row = connection.execute(select(*COLUMNS).where(users.c.name == name)).one_or_none()
    return None if row is None else as_user(row)


def list_users(connection: Connection) -> list[User]:
    """Return all users by name."""
    return [as_user(row) for row in connection.execute(select(*COLUMNS).order_by(users.c.name))]


def has_users(connection: Connection) -> bool:
    """Return whether anybody may log in."""
    return connection.scalar(select(users.c.id).where(~users.c.disabled).limit(1)) is not None


def change_user(
    connection: Connection,
    name: str,
    action: str,
    actor: str | None = None,
    address: str | None = None,
    **values: object,
) -> User:
    """Change what is known of a user, and end their sessions.

    Raises
    ------
    UserError
        There is no such user.
    """
    user = find_user(connection, name)
    if user is None:
        raise UserError(f"there is no user '{name}'; see 'xray-cli user list'")
    connection.execute(update(users).where(users.c.id == user.id).values(**values))
    end_sessions_of(connection, user.id)
    record_event(connection, action, actor=actor, address=address, user=name)
    return user


def end_sessions_of(connection: Connection, user_id: int) -> int:
    """Log a user off everywhere; returns from how many places."""
    return connection.execute(delete(sessions).where(sessions.c.user_id == user_id)).rowcount


def as_user(row: Row[*tuple[Any, ...]]) -> User:
    """Make a user of a row that begins with ``COLUMNS``."""
    return User(row.id, row.name, Role(row.role), row.password_hash, row.disabled, row.created_at)
