"""The one function that turns an error into what becomes of the file: the worker asks it, and so does ``predict``."""

import errno
import os
from dataclasses import dataclass
from enum import Enum

from sqlalchemy.exc import InterfaceError, OperationalError

from imaging import RadiographError, UnsuitableRadiographError
from inference.labels import Answer, Outcome
from store.errors import AnswerPrunedError, LeaseLostError

READER_CRASHED = "reader_crashed"
READER_TIMEOUT = "reader_timeout"
READER_MEMORY = "reader_memory"
INTERNAL_ERROR = "internal_error"
DATABASE = "database"
LONGEST_DELAY_SECONDS = 30  # work goes on this soon after a fault has gone, at the latest

REASONS = {
    READER_CRASHED: "Reading this file ended the reading process. Keep it away from other readers and report it.",
    READER_TIMEOUT: "Reading took longer than XRAY_READ_SECONDS. Check the file; raise the limit if it is sound.",
    READER_MEMORY: "Reading took more than XRAY_MAX_MEMORY_BYTES. Check the file; raise the limit if it is sound.",
    INTERNAL_ERROR: "A fault of this program. The log names the place; report it to us.",
    "vanished": "The file was gone, or had been replaced, before it could be read. Nothing to do if that was meant.",
}


class FateKind(Enum):
    """What can become of a file whose screening ended with an error."""

    REJECT = "reject"  # sound, but not for this model: a result without a class
    QUARANTINE = "quarantine"  # cannot be read: kept with its reason
    VANISH = "vanish"  # it is not there any more
    RETRY_FILE = "retry_file"  # the file spoilt the attempt: a few more, then quarantine
    RETRY_FAULT = "retry_fault"  # the disk or the database did: for ever
    LEAVE = "leave"  # another worker has it


@dataclass(frozen=True, slots=True)
class Fate:
    """A decision, with its reason; that of a rejection or a quarantine is recorded."""

    kind: FateKind
    reason_code: str = ""
    reason: str = ""
    delay_seconds: int = 0

    def to_answer(self) -> Answer | None:
        """Return what is said of a film that must not be judged; of a file that cannot be read nothing is."""
        if self.kind is not FateKind.REJECT:
            return None
        return Answer(Outcome.REJECTED, reason_code=self.reason_code, reason=self.reason)


def decide_fate(error: BaseException, *, attempts: int = 0, faults: int = 0, max_attempts: int = 2) -> Fate:
    """Decide what becomes of a file.

    Parameters
    ----------
    error : BaseException
        What ended the attempt.
    attempts, faults : int
        Attempts that the file itself has spoilt so far; faults around it so far.
    max_attempts : int
        A file that has spoilt this many, this one included, is quarantined.
    """
    match error:
        case UnsuitableRadiographError():
            return Fate(FateKind.REJECT, error.reason_code, str(error))
        case RadiographError():
            return Fate(FateKind.QUARANTINE, error.reason_code, str(error))
        case LeaseLostError():
            return Fate(FateKind.LEAVE)
        case AnswerPrunedError():
            return Fate(FateKind.RETRY_FAULT, "answer_pruned", delay_seconds=_delay(0))
        case FileNotFoundError() | NotADirectoryError():
            return Fate(FateKind.VANISH, reason=_describe(error))
        case OperationalError() | InterfaceError():
            return decide_waited(faults)
        case OSError():
            name = errno.errorcode.get(error.errno or 0, "input_output").lower()
            return Fate(FateKind.RETRY_FAULT, name, _describe(error), _delay(faults))
        case MemoryError():
            return decide_spoilt(READER_MEMORY, attempts=attempts, max_attempts=max_attempts)
        case _:
            return decide_spoilt(INTERNAL_ERROR, attempts=attempts, max_attempts=max_attempts)


def decide_spoilt(reason_code: str, *, attempts: int, max_attempts: int) -> Fate:
    """Decide on an attempt that the file itself spoilt: try again, or quarantine it."""
    if attempts + 1 >= max_attempts:
        return Fate(FateKind.QUARANTINE, reason_code, f"{REASONS[reason_code]} ({attempts + 1} attempts)")
    return Fate(FateKind.RETRY_FILE, reason_code, delay_seconds=_delay(attempts))


def decide_waited(faults: int) -> Fate:
    """Decide on an attempt that the ledger did not answer, or not in time: the file is not to blame."""
    return Fate(FateKind.RETRY_FAULT, DATABASE, delay_seconds=_delay(faults))


def _describe(error: OSError) -> str:
    """Say what went wrong around a file; the error's own text would quote the path."""
    return os.strerror(error.errno) if error.errno else "it cannot be read"


def _delay(before: int) -> int:
    return min(LONGEST_DELAY_SECONDS, 1 << min(before, 10))
