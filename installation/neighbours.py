"""Services that run on this host on another home: for who asks in the wrong place and is told that nothing is there."""

import os
import shlex
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from installation.home import Home

PROGRAM, MODULE, COMMANDS = "xray-cli", ("-m", "cli"), ("watch", "scan")
MOST_NAMED = 5


@dataclass(frozen=True, slots=True)
class Neighbour:
    """A service of this host.

    Attributes
    ----------
    home : Path or None
        Its home; None where this user may not look into the other's process.
    """

    pid: int
    user: str
    home: Path | None
    command: str


def find_neighbours(home: Home) -> Iterator[Neighbour]:
    """Look through the processes of this host for services on other homes than this one."""
    import psutil

    for process in psutil.process_iter(["cmdline", "username"]):
        command = find_command(process.info["cmdline"] or [])
        if process.pid == os.getpid() or command is None:
            continue
        held = _find_home(process)
        if held != home.root:
            yield Neighbour(process.pid, process.info["username"] or "unknown", held, command)


def describe_neighbours(home: Home) -> str:
    """Say where services run, and how to ask them; '' where none does."""
    found = list(dict.fromkeys(map(_describe, find_neighbours(home))))
    more = [f"and {len(found) - MOST_NAMED} more"] if len(found) > MOST_NAMED else []
    return "; ".join([*found[:MOST_NAMED], *more])


def _describe(found: Neighbour) -> str:
    if found.home is None:
        asked = f"as that user, with its XRAY_HOME: sudo -u {found.user} XRAY_HOME=... xray-cli ..."
        return f"a service runs as user {found.user} (process {found.pid}, '{found.command}'): ask {asked}"
    who = "" if _is_ours(found) else f" as user {found.user}"
    return f"a service runs{who} on the home {found.home}: set XRAY_HOME={found.home}"


def _is_ours(found: Neighbour) -> bool:
    import psutil

    return found.user == psutil.Process().username()


def find_command(words: Sequence[str]) -> str | None:
    """Return what a process does as ``xray-cli``, however that was started; None of one that screens nothing."""
    for position, word in enumerate(words[:4]):
        is_program = Path(word).name == PROGRAM or tuple(words[max(0, position - 1) : position + 1]) == MODULE
        if is_program and words[position + 1 : position + 2] and words[position + 1] in COMMANDS:
            return shlex.join(words[position + 1 :])
    return None


def _find_home(process: object) -> Path | None:
    """Return the folder whose lock a process holds open; it has no other file of that name."""
    import psutil

    try:
        files = process.open_files()  # type: ignore[attr-defined]  # a psutil.Process
    except psutil.Error:
        return None
    return next((Path(file.path).parent for file in files if Path(file.path).name == Home(Path()).lock.name), None)
