"""Hearing of new files as they come; only an accelerator, because the system drops events under load."""

import logging
import os
from collections.abc import Iterable, Iterator
from queue import Empty, SimpleQueue
from threading import Event

from watchdog.events import (
    DirCreatedEvent,
    DirMovedEvent,
    FileClosedEvent,
    FileCreatedEvent,
    FileMovedEvent,
    FileSystemEvent,
    FileSystemEventHandler,
)
from watchdog.observers import Observer
from watchdog.observers.api import BaseObserver
from watchdog.observers.inotify_move_event_grouper import InotifyMoveEventGrouper

logger = logging.getLogger(__name__)

# what a write changes is seen by looking again; our own reads and moves would be heard as often as new files
HEARD = [FileCreatedEvent, FileClosedEvent, FileMovedEvent, DirCreatedEvent, DirMovedEvent]
# a file that leaves the inbox holds up every later event for as long as its other half may still come: by default for
# half a second, and watchdog has no public way to say less (gorakhargosh/watchdog issue 649, open)
PAIRING_SECONDS = 0.02


class Listener(FileSystemEventHandler):
    """Collects the names of files and folders that appeared, for a loop that takes them when it is ready.

    Parameters
    ----------
    wake : Event
        Set when there is something to take.
    """

    def __init__(self, wake: Event) -> None:
        self._heard: SimpleQueue[str] = SimpleQueue()
        self._wake = wake
        self._observer: BaseObserver | None = None

    @property
    def is_silent(self) -> bool:
        """True while there is nothing to take."""
        return self._heard.empty()

    def start(self, folders: Iterable[str]) -> None:
        """Begin to listen; where the system gives no events, scanning alone does the work."""
        InotifyMoveEventGrouper.delay = PAIRING_SECONDS
        try:
            self._observer = Observer()
        except OSError as error:
            _warn(error)
            return
        # before it is told of folders: those that were named before it asks for only now, and fails as a whole
        self._observer.start()
        for folder in folders:
            try:
                self._observer.schedule(self, folder, recursive=True, event_filter=HEARD)
            except OSError as error:
                _warn(error)

    def stop(self) -> None:
        """Stop listening."""
        if self._observer is not None:
            self._observer.stop()
            self._observer.join()

    def on_any_event(self, event: FileSystemEvent) -> None:
        """Note a name, on the observer's thread."""
        self._heard.put(os.fsdecode(event.dest_path or event.src_path))
        self._wake.set()

    def take_heard(self) -> Iterator[str]:
        """Give the names heard since the last time."""
        while True:
            try:
                yield self._heard.get_nowait()
            except Empty:
                return


def _warn(error: OSError) -> None:
    facts = {"action": "watch_without_events"}
    logger.warning("no file events (%s); new files are found by scanning", error.strerror, extra=facts)
