"""One file, from claim to row: the whole of a worker's task."""

import errno
import logging
import traceback
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Engine

from imaging import RadiographError, decode_radiograph, identify_format, read_source
from imaging.source import SourceFile
from inference.classifier import Classifier
from inference.labels import Answer
from installation.faults import fault_point
from store.database import reading, undurable
from store.identifiers import Protect
from store.ledger.arrivals import Arrival, claim_arrival
from store.ledger.fates import INTERNAL_ERROR, FateKind, decide_fate
from store.ledger.outcomes import NewScreening, find_screening
from worker.intake.inbox import fingerprint_file
from worker.intake.stability import Look
from worker.screening.finishing import Claim, Finisher, describe_identity
from worker.screening.stages import AttemptReport, FilmsInReading, StageSender, StageTimes

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Limits:
    """What one file may cost."""

    lease_seconds: int
    max_attempts: int
    max_file_bytes: int


@dataclass(slots=True)
class Attempt:
    """One attempt at one file, and what is known of the file by the time it ends, well or badly.

    ``identity`` holds columns of the table ``screenings``; that of a film refused by its header comes with the error.
    """

    claim: Claim
    source: SourceFile | None = None
    identity: Mapping[str, Any] | None = None
    times: StageTimes = field(default_factory=StageTimes)
    retry: tuple[str, str] | None = None


class Screener:
    """Screens arrivals by id; every step is committed before the next, and may be repeated.

    Parameters
    ----------
    classifier : Classifier
        Answers for one radiograph at a time.
    protect : Callable
        What a patient's identifiers pass through on their way into a row.
    sender : StageSender
        Sends how long each step took.
    in_reading : FilmsInReading
        Where it notes what it reads, for who decides on an attempt whose time ran out.
    """

    def __init__(
        self,
        engine: Engine,
        classifier: Classifier,
        finisher: Finisher,
        protect: Protect,
        limits: Limits,
        sender: StageSender,
        in_reading: FilmsInReading,
    ) -> None:
        self._engine = engine
        self._classifier = classifier
        self._finisher = finisher
        self._protect = protect
        self._limits = limits
        self._sender = sender
        self._in_reading = in_reading

    def screen(self, arrival_id: int, owner: str) -> None:
        """Claim an arrival and see it to its end; nothing happens where another worker has it.

        Parameters
        ----------
        owner : str
            Unique name of this attempt; the lease is held under it.

        Raises
        ------
        OperationalError
            The database went away: the lease runs out, and the sweeper sends the arrival again.
        """
        with undurable(self._engine) as connection:  # a power cut ends the lease's holder too
            arrival = claim_arrival(connection, arrival_id, owner, self._limits.lease_seconds)
        if arrival is None:
            return
        fault_point("after_claim", arrival_id)
        attempt = Attempt(Claim(arrival, owner))
        try:
            finished: Arrival | None = self._answer(attempt, self._read(attempt))
        except Exception as error:  # noqa: BLE001  (every error becomes a fate, in one place)
            finished = self._end_badly(attempt, error)
        fault_point("after_record", arrival_id)
        if finished is not None:
            with attempt.times.measure("move"):
                self._finisher.settle(finished)
        self._sender.send(AttemptReport(attempt.times.seconds, attempt.retry))

    def _read(self, attempt: Attempt) -> SourceFile:
        """Read the file once, and only if it still is the one that was found complete."""
        arrival = attempt.claim.arrival
        with attempt.times.measure("read"), self._in_reading.note(arrival.id):
            try:
                source = read_source(arrival.path, self._limits.max_file_bytes)
            except FileNotFoundError:
                if not arrival.inbox.is_dir():  # the file is not gone: it is back when its inbox is
                    raise OSError(errno.ENODEV, "the inbox is away") from None
                raise
            look = Look(source.size_bytes, source.mtime_ns, source.inode)
            if fingerprint_file(arrival.path, look) != arrival.fingerprint:
                message = "the file has been replaced since it was found; what lies there now is another arrival"
                raise FileNotFoundError(message)
        attempt.source = source
        fault_point("after_read", arrival.id)
        return source

    def _answer(self, attempt: Attempt, source: SourceFile) -> Arrival:
        with reading(self._engine) as connection:
            known = find_screening(connection, source.sha256, self._classifier.bundle.model_sha256)
        source_format = identify_format(source.content)
        if known is not None:
            with attempt.times.measure("record"):
                return self._finisher.finish_duplicate(attempt.claim, known, source.sha256, source_format)
        with self._in_reading.note(attempt.claim.arrival.id):
            screening = self._predict(attempt, source)
        fault_point("after_predict", attempt.claim.arrival.id)
        with attempt.times.measure("record"):
            return self._finisher.finish_screened(attempt.claim, screening, source_format)

    def _predict(self, attempt: Attempt, source: SourceFile) -> NewScreening:
        with attempt.times.measure("decode"):
            radiograph = decode_radiograph(source.content)
        attempt.identity = describe_identity(radiograph.identity, self._protect, radiograph.notes)
        with attempt.times.measure("infer"):
            prediction = self._classifier.predict_radiograph(radiograph)
        return self._describe(source, prediction, attempt.identity)

    def _end_badly(self, attempt: Attempt, error: Exception) -> Arrival | None:
        claim, source = attempt.claim, attempt.source
        fate = decide_fate(
            error,
            attempts=claim.arrival.attempts,
            faults=claim.arrival.transient_faults,
            max_attempts=self._limits.max_attempts,
        )
        if fate.reason_code == INTERNAL_ERROR:
            log_bug(claim.arrival.id, error)
        source_format = identify_format(source.content) if source else None
        match fate.kind:
            case FateKind.REJECT if source is not None and (answer := fate.to_answer()):
                rejection = self._describe(source, answer, self._identify(attempt, error, source))
                with attempt.times.measure("record"):
                    return self._finisher.finish_screened(claim, rejection, source_format)
            case FateKind.REJECT | FateKind.QUARANTINE:
                sha256 = source.sha256 if source else None
                header = self._identify(attempt, error, source) if source else None
                with attempt.times.measure("record"):
                    return self._finisher.finish_quarantined(claim, fate, sha256, header)
            case FateKind.VANISH:
                self._finisher.finish_vanished(claim)
            case FateKind.RETRY_FILE | FateKind.RETRY_FAULT:
                self._finisher.retry_later(claim, fate)
                attempt.retry = (fate.kind.value, fate.reason_code)
            case FateKind.LEAVE:
                pass
        return None

    def _identify(self, attempt: Attempt, error: Exception, source: SourceFile) -> Mapping[str, Any]:
        """Return what was read of a header before it was refused, so that the film is counted where it came from."""
        if attempt.identity is not None:
            return attempt.identity
        if isinstance(error, RadiographError) and error.identity is not None:
            return describe_identity(error.identity, self._protect, error.notes)
        return {"source_format": identify_format(source.content)}

    def _describe(self, source: SourceFile, answer: Answer, identity: Mapping[str, Any]) -> NewScreening:
        return NewScreening(source.sha256, self._classifier.bundle.model_sha256, answer, identity)


def log_bug(arrival_id: int, error: Exception) -> None:
    """Log where a bug is; the message is left out, because it may quote the file."""
    frames = traceback.extract_tb(error.__traceback__)[-6:]
    where = " < ".join(f"{frame.filename}:{frame.lineno} {frame.name}" for frame in reversed(frames))
    logger.error("%s at %s", type(error).__name__, where, extra={"action": "bug", "arrival_id": arrival_id})
