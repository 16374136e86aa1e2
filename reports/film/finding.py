"""From what somebody asks for to arrivals: a number, a file's name, a UID, an accession number, digits of a hash."""

import re
from collections.abc import Sequence
from pathlib import PurePosixPath

from sqlalchemy import Connection

from store.identifiers import Protect
from store.questions.film import FilmKeys, find_arrivals

ACCEPTED = (
    "accepted are the number of an arrival, a file's name, a SOP, study or series UID, an accession number, "
    "and six or more digits that the file's SHA-256 begins with"
)
MOST_FOUND = 50
_NUMBER = re.compile(r"(?:arrival-)?0*([0-9]{1,18})", re.ASCII)
_IN_THE_HOME = re.compile(r"([0-9]{8,18})-(?:[0-9a-f]{16}|unread)\b.*", re.ASCII)
_HASH = re.compile(r"[0-9a-f]{6,64}", re.ASCII)
_UID = re.compile(r"[0-9A-Za-z.-]{1,64}", re.ASCII)


def find_films(connection: Connection, asked: str, protect: Protect, file_sha256: str | None = None) -> Sequence[int]:
    """Return the arrivals that somebody means, the newest first, ``MOST_FOUND`` at most.

    Parameters
    ----------
    asked : str
        One of ``ACCEPTED``; of a path the file's name counts. A word may mean several things: all of them are given.
    protect : Callable
        What identifiers pass through on their way into the ledger (``Installation.protect``); asked for only where
        nothing else is found.
    file_sha256 : str or None
        Of the file of that name, where whoever asks can read one.
    """
    wanted = asked.strip()
    if not wanted:
        return ()
    found = find_arrivals(connection, _read_keys(wanted, file_sha256), MOST_FOUND)
    return found or find_arrivals(connection, FilmKeys(accession_number=protect(wanted)), MOST_FOUND)


def _read_keys(wanted: str, file_sha256: str | None) -> FilmKeys:
    name = PurePosixPath(wanted).name
    number = _NUMBER.fullmatch(wanted) or _IN_THE_HOME.fullmatch(name)
    digits = wanted.lower()
    return FilmKeys(
        arrival_id=int(number[1]) if number else None,
        file_name=name,
        uid=wanted if _UID.fullmatch(wanted) else None,
        hash_begins=file_sha256 or (digits if _HASH.fullmatch(digits) else None),
    )
