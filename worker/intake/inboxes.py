"""The watched folders as one: what lies in them, which of them a path belongs to, and whether they can be read."""

import errno
import logging
import os
from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path

from store.location import is_network_share
from worker.intake.inbox import is_ignored, list_files

logger = logging.getLogger(__name__)


class Inboxes:
    """Folders that are watched, with their subfolders.

    Parameters
    ----------
    folders : sequence of Path
        Real paths.
    excluded : Path
        The home: what was moved there is not an arrival again.

    Attributes
    ----------
    fault : str
        Why a folder could not be read by the last scan (unmounted, say); the others are not held up. Empty: all were.
    is_away : bool
        True when the last scan could read none of them.
    closed : mapping of str to OSError
        Subfolders in which the last scan could see no files (another user's, say), and why.
    """

    def __init__(self, folders: Iterable[Path], excluded: Path) -> None:
        self.folders = [str(folder) for folder in folders]
        self._mounts = {folder for folder in self.folders if os.path.ismount(folder)}
        self._shares = {folder for folder in self.folders if is_network_share(Path(folder))}
        self._excluded = str(excluded)
        self.fault = ""
        self.is_away = False
        self.closed: dict[str, OSError] = {}

    @property
    def warnings(self) -> list[str]:
        """What is not seen in the folders though they can be read: one sentence for each of them."""
        counts = Counter((self.find(path), describe_fault(error)) for path, error in self.closed.items())
        return [describe_closed(folder, why, count) for (folder, why), count in counts.items()]

    def scan(self) -> dict[str, os.stat_result]:
        """List the files of all folders with their stat; one that cannot be read does not hide the others."""
        found: dict[str, os.stat_result] = {}
        faults: list[OSError] = []
        closed: dict[str, OSError] = {}
        for folder in self.folders:
            try:
                if folder in self._mounts and not os.path.ismount(folder):
                    faults.append(OSError(errno.ENODEV, "nothing is mounted there any more"))
                found.update(list_files(folder, frozenset({self._excluded}), closed))
            except OSError as fault:
                faults.append(fault)
        self.is_away = len(faults) == len(self.folders)
        self._tell(faults)
        self._tell_closed(closed)
        return found

    def find(self, path: str) -> str:
        """Return the folder that a path lies in."""
        return next(folder for folder in self.folders if path.startswith(folder + os.sep))

    def is_on_share(self, path: str) -> bool:
        """Tell whether other machines may write the file: then neither leases nor times can be trusted."""
        return self.find(path) in self._shares

    def is_out_of_bounds(self, path: str) -> bool:
        """Tell whether any part of the path below its folder is ignored, or lies in the home."""
        if path.startswith(self._excluded + os.sep):
            return True
        return any(is_ignored(part) for part in Path(path).relative_to(self.find(path)).parts)

    def _tell(self, faults: list[OSError]) -> None:
        """Say once that a folder cannot be read, and once that it can again."""
        told = f"the inbox cannot be read ({describe_fault(faults[0])})" if faults else ""
        if told and not self.fault:
            logger.warning("intake pauses: %s; nothing is lost", told, extra={"action": "intake_paused"})
        elif self.fault and not told:
            logger.info("intake goes on", extra={"action": "intake_resumed"})
        self.fault = told

    def _tell_closed(self, closed: Mapping[str, OSError]) -> None:
        """Say once of each subfolder that is closed to us, and once that all are open again."""
        before, self.closed = self.closed, dict(closed)
        if self.closed.keys() - before.keys():
            for warning in self.warnings:
                logger.warning(warning, extra={"action": "folder_closed"})
        elif before and not self.closed:
            logger.info("all folders of the inbox can be entered again", extra={"action": "folder_open"})


def describe_closed(folder: str, why: str, count: int) -> str:
    """Say how many subfolders of a folder are closed to us; their names may name patients, and messages reach logs."""
    what, names = ("1 subfolder", "it") if count == 1 else (f"{count} subfolders", "them")
    return f"{what} of {folder} cannot be entered ({why}), the films are not seen: 'xray-cli doctor' names {names}"


def describe_fault(error: OSError) -> str:
    """Say what the system says, without the path."""
    return error.strerror or type(error).__name__
