"""What keeps the service from starting or going on.

::

    WorkerError
    ├── HomeLostError         the home was deleted, moved or unmounted under the running service
    ├── InboxError            the inbox is missing, not a folder, inside the home, or cannot be emptied
    ├── InboxInUseError       a service with another ledger takes its files
    ├── BrokerUnavailableError    no broker answers
    ├── DeviceError           a device that is asked for is not there, or what it needs is not installed
    ├── WorkerFailedError     the worker process ends again and again
    └── WorkerRefusedError    the worker process ended for a reason that no other start mends
"""

import os


class WorkerError(Exception):
    """Base of every decision of this room."""


class HomeLostError(WorkerError):
    """The home, or the ledger in it, is no longer where the running service began."""

    exit_code = os.EX_IOERR


class InboxError(WorkerError):
    """The inbox cannot be watched."""

    exit_code = os.EX_NOINPUT


class InboxInUseError(WorkerError):
    """A service with another ledger holds the inbox."""

    exit_code = os.EX_CANTCREAT


class BrokerUnavailableError(WorkerError):
    """The broker cannot be started or reached."""

    exit_code = os.EX_UNAVAILABLE


class DeviceError(WorkerError):
    """An engine is asked for and cannot run here."""

    exit_code = os.EX_CONFIG


class WorkerFailedError(WorkerError):
    """The worker process does not stay up."""

    exit_code = os.EX_UNAVAILABLE


class WorkerRefusedError(WorkerError):
    """The worker process found data or configuration with which it cannot work.

    Attributes
    ----------
    exit_code : int
        With which it ended, and with which the service is to end.
    """

    def __init__(self, message: str, exit_code: int = os.EX_UNAVAILABLE) -> None:
        super().__init__(message)
        self.exit_code = exit_code
