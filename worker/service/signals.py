"""How a process that runs on is asked to stop."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event
from typing import Any


@contextmanager
def stop_on_signals(wake: Event) -> Iterator[Event]:
    """Give an event that SIGTERM and Ctrl-C set; ``wake`` is set with it."""
    stop = Event()

    def ask(_number: int, _frame: object) -> None:
        stop.set()
        wake.set()

    # a writer opening a file that we look at makes the kernel send SIGIO, which would end us
    handlers: dict[signal.Signals, Any] = {signal.SIGTERM: ask, signal.SIGINT: ask, signal.SIGIO: signal.SIG_IGN}
    before = {number: signal.signal(number, handler) for number, handler in handlers.items()}
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
