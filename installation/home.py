"""The home: one folder for everything that the service writes, and one service for each home."""

import fcntl
import hashlib
import json
import os
import socket
import stat
import tempfile
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import IO

from installation.errors import HomeError, HomeInUseError

PRIVATE = 0o700
HOME_MODE = 0o750
BROKER_SOCKET = "broker.sock"
SERVICE, SCAN = "service", "scan"  # what may hold a home
LOOKS, LOOK_SECONDS = 5, 0.02


@dataclass(frozen=True, slots=True)
class Home:
    """The places in a home folder."""

    root: Path

    @property
    def processed(self) -> Path:
        """Files with a result, by date."""
        return self.root / "processed"

    @property
    def quarantine(self) -> Path:
        """Files that could not be read, each with its reason."""
        return self.root / "quarantine"

    @property
    def broker(self) -> Path:
        """The embedded broker's append-only file and log."""
        return self.root / "broker"

    @property
    def reports(self) -> Path:
        """A report for each day, and ``outbox/`` with what could not be sent yet."""
        return self.root / "reports"

    def find_evaluation(self, model_sha256: str) -> Path:
        """Return where `evaluate` leaves its last result about a model; the page shows that of the one that serves."""
        return self.root / "evaluations" / f"{model_sha256}.json"

    @property
    def identifier_key(self) -> Path:
        """The secret with which identifiers are hashed."""
        return self.root / "identifier.key"

    @property
    def webhook_secret(self) -> Path:
        """What alerts to the webhook are signed with, where the site has set no secret of its own."""
        return self.root / "webhook.secret"

    @property
    def lock(self) -> Path:
        """Held by the service for as long as it runs."""
        return self.root / "service.lock"

    @property
    def moving_lock(self) -> Path:
        """Byte N is held by who moves the file of arrival N."""
        return self.root / "moving.lock"

    @property
    def heartbeat(self) -> Path:
        """How the service is, written every two seconds."""
        return self.root / "heartbeat.json"

    @property
    def engines(self) -> Path:
        """What engine processes log, and what is said of them."""
        return self.root / "engines"

    @property
    def runtime(self) -> Path:
        """Sockets lie here, outside of the home: a socket's path has 107 bytes at most.

        Whoever asks a service that a service manager has started finds it where that has put it.
        """
        runtime = Path(os.environ.get("XDG_RUNTIME_DIR") or tempfile.gettempdir())
        name = hashlib.sha256(os.fsencode(self.root)).hexdigest()[:16]
        ours = runtime / f"xray-watch-{os.getuid()}-{name}"
        return ours if (ours / BROKER_SOCKET).exists() else _find_noted_runtime(self.lock) or ours

    @property
    def broker_socket(self) -> Path:
        """The embedded broker's socket."""
        return self.runtime / BROKER_SOCKET

    @property
    def stages_socket(self) -> Path:
        """Where screening processes say how long each step took."""
        return self.runtime / "stages.sock"


def prepare_home(home: Home) -> None:
    """Make the home's folders; raises HomeError where that cannot be done."""
    try:
        home.root.mkdir(mode=HOME_MODE, parents=True, exist_ok=True)
        for folder in (home.processed, home.quarantine, home.broker):
            folder.mkdir(mode=HOME_MODE, exist_ok=True)
        home.moving_lock.touch(mode=0o600)
        _make_private(home.runtime)
    except OSError as error:
        message = (
            f"the home {home.root} cannot be made: {error.strerror}; set XRAY_HOME to a folder that can be written"
        )
        raise HomeError(message) from error


def name_backup(home: Home, dialect: str, of: str = "") -> Path:
    """Name a backup that nobody has named, in a folder of the home that only its owner enters."""
    folder = home.root / "backups"
    folder.mkdir(mode=PRIVATE, exist_ok=True)
    return folder / f"xray-{of}{datetime.now(tz=UTC):%Y%m%dT%H%M%SZ}{'.db' if dialect == 'sqlite' else '.dump'}"


def _make_private(folder: Path) -> None:
    """Make a folder that nobody else can enter, in a place where others may write."""
    folder.mkdir(mode=PRIVATE, exist_ok=True)
    found = folder.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid() or found.st_mode & 0o077:
        message = f"{folder} belongs to somebody else or is open to others: remove it, or set XDG_RUNTIME_DIR"
        raise HomeError(message)


@contextmanager
def lock_home(home: Home, what: str = SERVICE) -> Iterator[None]:
    """Hold the home for one service, or a scan; the kernel lets go of it however the process ends.

    Raises
    ------
    HomeInUseError
        Another service runs on this home.
    """
    with home.lock.open("a+") as file:
        if not _take(file):
            what, process = _describe_holder(home)
            advice = "wait for its end" if what == SCAN else "stop it first"
            message = (
                f"a {what} already runs on the home {home.root} ({process}); {advice}, or name another with --home"
            )
            raise HomeInUseError(message)
        file.truncate(0)
        file.write(json.dumps({"what": what, **_describe_us(home)}))
        file.flush()
        yield


def _take(file: IO[str]) -> bool:
    """Lock a file; whoever only looks whether it is held (`is_locked`) has it for an instant, and is waited for."""
    for _ in range(LOOKS):
        with suppress(BlockingIOError):
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return True
        time.sleep(LOOK_SECONDS)
    return False


def note_inboxes(home: Home, inboxes: Iterable[Path]) -> None:
    """Note which folders the service watches that holds the home, for whoever asks (`find_inboxes`)."""
    holder = _describe_us(home) | {"inboxes": [str(inbox) for inbox in inboxes]}
    with suppress(OSError):  # on a full disk the service runs all the same
        home.lock.write_text(json.dumps(holder))


def find_inboxes(home: Home) -> list[Path]:
    """Return the folders that the service of this home watches now; none where no service runs."""
    if not is_locked(home):
        return []
    try:
        return [Path(inbox) for inbox in json.loads(home.lock.read_text())["inboxes"]]
    except (OSError, ValueError, KeyError):
        return []


def is_locked(home: Home) -> bool:
    """Return whether a service runs on this home now."""
    return _is_held(home.lock)


def _is_held(lock: Path) -> bool:
    try:
        with lock.open("r") as file:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except FileNotFoundError:
        return False
    except BlockingIOError:
        return True
    return False


def _describe_us(home: Home) -> dict[str, object]:
    return {"pid": os.getpid(), "host": socket.gethostname(), "runtime": str(home.runtime)}


def _find_noted_runtime(lock: Path) -> Path | None:
    """Return the folder that a service which runs now has noted for its sockets."""
    try:
        noted = Path(json.loads(lock.read_text())["runtime"])
        return noted if _is_held(lock) and noted.is_dir() else None
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _describe_holder(home: Home) -> tuple[str, str]:
    try:
        found = json.loads(home.lock.read_text())
        return str(found.get("what", SERVICE)), f"process {found['pid']} on {found['host']}"
    except (OSError, ValueError, KeyError):
        return SERVICE, "process unknown"
