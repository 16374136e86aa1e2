"""Who tries passwords waits: after a few failures, longer with each further one, by user and by address."""

import hashlib

from sqlalchemy import Connection, delete, select

from store.columns import database_now
from store.database import build_insert
from store.tables import login_failures

FORGIVEN = 5  # typing errors
FIRST_PAUSE_SECONDS = 5.0
LONGEST_PAUSE_SECONDS = 15 * 60.0
FORGOTTEN_SECONDS = 24 * 3600.0


def is_locked(connection: Connection, *subjects: str) -> bool:
    """Return whether one of these (a user's name, an address) has to wait."""
    f = login_failures.c
    hashes = [_hash(subject) for subject in subjects]
    statement = select(f.failures).where(f.subject_sha256.in_(hashes), f.locked_until > database_now()).limit(1)
    return connection.scalar(statement) is not None


def note_failure(connection: Connection, *subjects: str) -> None:
    """Count a failure against each of these."""
    f = login_failures.c
    connection.execute(delete(login_failures).where(f.last_at < database_now(-FORGOTTEN_SECONDS)))
    for subject in sorted(_hash(subject) for subject in subjects):
        now = database_now()
        begin = build_insert(connection, login_failures).values(
            subject_sha256=subject, failures=1, last_at=now, locked_until=now
        )
        again = begin.on_conflict_do_update(
            index_elements=[f.subject_sha256], set_={"failures": f.failures + 1, "last_at": now}
        ).returning(f.failures)
        failures = connection.scalar(again) or 1
        if pause := find_pause(failures):
            locked = login_failures.update().where(f.subject_sha256 == subject)
            connection.execute(locked.values(locked_until=database_now(pause)))


def forgive(connection: Connection, *subjects: str) -> None:
    """Forget the failures of who has logged in."""
    hashes = [_hash(subject) for subject in subjects]
    connection.execute(delete(login_failures).where(login_failures.c.subject_sha256.in_(hashes)))


def find_pause(failures: int) -> float:
    """Return how many seconds one waits after so many failures."""
    if failures < FORGIVEN:
        return 0.0
    return min(LONGEST_PAUSE_SECONDS, FIRST_PAUSE_SECONDS * 2.0 ** min(failures - FORGIVEN, 20))


def _hash(subject: str) -> str:
    return hashlib.sha256(subject.encode("utf-8", "surrogatepass")).hexdigest()
