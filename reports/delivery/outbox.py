"""The outbox: a folder in the home from which nothing goes before it has arrived, whatever is killed when.

A parcel is one file: ``ID.eml`` is a mail, ``ID.json`` a webhook's body. It is written whole or not at all, sent, noted
in ``sent/``, and only then removed. Killed between sending and the note, it is sent again under the same id; what has a
note is not sent again, so that a day's report may be made anew without a second mail.
"""

import fcntl
import json
import os
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from glob import escape
from pathlib import Path
from secrets import token_hex

from installation.disk import sync_folder
from reports.errors import DeliveryError

PRIVATE = 0o700
PAUSES = (2.0, 8.0)  # between tries; what fails three times waits for the next run
NOTES_DAYS = 90.0
DAY_SECONDS = 86_400.0


class Way(StrEnum):
    """How a parcel goes out; the value is its file's suffix."""

    MAIL = ".eml"
    WEBHOOK = ".json"


Carrier = Callable[[bytes], None]
"""Sends a parcel's content, or raises DeliveryError."""


@dataclass(frozen=True, slots=True)
class Parcel:
    """What waits in the outbox."""

    id: str
    way: Way
    path: Path
    put_at: datetime


@dataclass(frozen=True, slots=True)
class Sending:
    """A parcel that waits or was sent; ``sent_at`` is None while it waits."""

    id: str
    sent_at: datetime | None


@dataclass(frozen=True, slots=True)
class Failure:
    """A parcel that stays, and why; the reason names no recipient."""

    parcel: Parcel
    reason: str


class Outbox:
    """Parcels that wait, in a folder that nobody else may enter."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._sent = folder / "sent"

    def put(self, parcel_id: str, way: Way, content: bytes) -> None:
        """Keep a parcel; one of the same id that still waits is replaced, one that was sent is not sent again."""
        self._sent.mkdir(mode=PRIVATE, parents=True, exist_ok=True)
        if not self._note(parcel_id).exists():
            _write(self._folder / f"{parcel_id}{way}", content)

    def list_waiting(self) -> list[Parcel]:
        """Return what waits, the oldest first."""
        return sorted(self._list(), key=lambda parcel: (parcel.put_at, parcel.id))

    def list_sendings(self, name: str) -> list[Sending]:
        """Return the parcels whose id begins with a name: those that wait, and those that were sent of late."""
        waiting = [Sending(parcel.id, None) for parcel in self.list_waiting() if parcel.id.startswith(name)]
        notes = sorted(self._sent.glob(f"{escape(name)}*"))
        return [*waiting, *(Sending(note.name, sent_at) for note in notes if (sent_at := _read_note(note)))]

    def discard(self, parcel_id: str) -> bool:
        """Remove what cannot be delivered; False where there is no such parcel."""
        found = [parcel for parcel in self._list() if parcel.id == parcel_id]
        for parcel in found:
            parcel.path.unlink(missing_ok=True)
        return bool(found)

    def send(
        self, carriers: Mapping[Way, Carrier], sleep: Callable[[float], None] = time.sleep
    ) -> tuple[list[Parcel], list[Failure]]:
        """Try to deliver all that waits.

        A server that cannot be reached is not asked again for every further parcel.

        Returns
        -------
        tuple
            What was delivered, and what stays.
        """
        delivered: list[Parcel] = []
        failures: list[Failure] = []
        unreachable: dict[Way, str] = {}
        if not self._folder.is_dir():
            return delivered, failures
        with self._locked():
            self._forget_old_notes()
            for parcel in self.list_waiting():
                reason = unreachable.get(parcel.way) or self._send_one(parcel, carriers, sleep, unreachable)
                if reason is None:
                    delivered.append(parcel)
                else:
                    failures.append(Failure(parcel, reason))
        return delivered, failures

    def _send_one(
        self,
        parcel: Parcel,
        carriers: Mapping[Way, Carrier],
        sleep: Callable[[float], None],
        unreachable: dict[Way, str],
    ) -> str | None:
        if parcel.way not in carriers:
            return "nothing is set any more that it could be sent with"
        if not self._note(parcel.id).exists():
            try:
                _try_again(lambda: carriers[parcel.way](parcel.path.read_bytes()), sleep)
            except DeliveryError as error:
                if not error.is_final:
                    unreachable[parcel.way] = str(error)
                return str(error)
            _write(self._note(parcel.id), json.dumps({"sent_at": datetime.now(tz=UTC).isoformat()}).encode())
        parcel.path.unlink()
        return None

    def _list(self) -> Iterator[Parcel]:
        for way in Way:
            for path in self._folder.glob(f"[!.]*{way}"):
                with suppress(FileNotFoundError):
                    put_at = datetime.fromtimestamp(path.stat().st_mtime, tz=UTC)
                    yield Parcel(path.name.removesuffix(way), way, path, put_at)

    def _note(self, parcel_id: str) -> Path:
        return self._sent / parcel_id

    def _forget_old_notes(self) -> None:
        for note in self._sent.iterdir():
            if time.time() - note.stat().st_mtime > NOTES_DAYS * DAY_SECONDS:
                note.unlink()

    @contextmanager
    def _locked(self) -> Iterator[None]:
        """Let one process send at a time: another would send the same."""
        with (self._folder / ".lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield


def _read_note(note: Path) -> datetime | None:
    try:
        return datetime.fromisoformat(json.loads(note.read_bytes())["sent_at"])
    except (OSError, ValueError, KeyError):  # forgotten meanwhile, or no note of ours
        return None


def _try_again(send: Callable[[], None], sleep: Callable[[float], None]) -> None:
    for pause in PAUSES:
        try:
            send()
        except DeliveryError as error:
            if error.is_final:
                raise
            sleep(pause)
        else:
            return
    send()


def _write(path: Path, content: bytes) -> None:
    part = path.with_name(f".{path.name}.{token_hex(4)}.part")
    try:
        descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
    sync_folder(path.parent)
