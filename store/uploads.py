"""Files that came in by the page: who sent them, and which arrivals they became."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from sqlalchemy import Connection, func, insert, select, update

from store.columns import database_now
from store.tables import arrivals, uploads


@dataclass(frozen=True, slots=True)
class NewUpload:
    """A file that lies in the inbox, whole.

    Attributes
    ----------
    file_name : str
        As the sender called it; ``path`` is where it lies, under a name that was free.
    after_arrival_id : int
        The last arrival before the file lay there: its own has a greater number.
    """

    user_name: str
    file_name: str
    path: Path
    source_sha256: str
    size_bytes: int
    after_arrival_id: int


@dataclass(frozen=True, slots=True)
class Upload:
    """An upload; ``arrival_id`` is None until the intake has taken the file."""

    id: int
    file_name: str
    path: Path
    source_sha256: str
    after_arrival_id: int
    arrival_id: int | None
    uploaded_at: datetime


_COLUMNS = tuple(uploads.c[name] for name in Upload.__dataclass_fields__)


def find_last_arrival(connection: Connection) -> int:
    """Return the number of the last arrival, 0 where there is none."""
    return connection.scalar(select(func.max(arrivals.c.id))) or 0


def record_upload(connection: Connection, upload: NewUpload) -> int:
    """Enter an upload; returns its number."""
    values = {name: getattr(upload, name) for name in NewUpload.__dataclass_fields__}
    statement = insert(uploads).values(uploaded_at=database_now(), **values).returning(uploads.c.id)
    number: int = connection.execute(statement).scalar_one()
    return number


def list_uploads(connection: Connection, user_name: str, limit: int) -> list[Upload]:
    """Return a user's last uploads, the newest first."""
    statement = select(*_COLUMNS).where(uploads.c.user_name == user_name).order_by(uploads.c.id.desc()).limit(limit)
    return [Upload(*row) for row in connection.execute(statement)]


def find_uploads(connection: Connection, user_name: str, ids: Sequence[int]) -> list[Upload]:
    """Return those of a user's uploads that have these numbers."""
    mine = uploads.c.id.in_(ids) & (uploads.c.user_name == user_name)
    return [Upload(*row) for row in connection.execute(select(*_COLUMNS).where(mine).order_by(uploads.c.id))]


def find_arrivals(connection: Connection, found: Sequence[Upload]) -> list[Upload]:
    """Return those of the uploads of which it is not written down yet, with the arrivals that they have become."""
    open_ones = [upload for upload in found if upload.arrival_id is None]
    if not open_ones:
        return []
    a = arrivals.c
    after = min(upload.after_arrival_id for upload in open_ones)
    paths = [upload.path for upload in open_ones]
    rows = connection.execute(select(a.id, a.path).where(a.id > after, a.path.in_(paths)).order_by(a.id)).all()
    taken = []
    for upload in open_ones:
        its = (row.id for row in rows if row.path == upload.path and row.id > upload.after_arrival_id)
        if (arrival_id := next(its, None)) is not None:
            taken.append(replace(upload, arrival_id=arrival_id))
    return taken


def note_arrivals(connection: Connection, taken: Sequence[Upload]) -> None:
    """Write down which arrivals uploads have become."""
    for upload in taken:
        connection.execute(update(uploads).where(uploads.c.id == upload.id).values(arrival_id=upload.arrival_id))
