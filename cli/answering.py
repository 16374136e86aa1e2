"""Files to answers, one at a time and without a ledger: what ``predict`` does between its arguments and its output."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from cli.errors import InputMissingError
from documents.text import find_file_name
from imaging import Radiograph, RadiographError, SourceFile, decode_radiograph, read_source
from inference.classifier import Classifier
from inference.labels import Outcome
from inference.prediction import Prediction
from store.questions.queries import Result
from store.states import ArrivalState
from worker.intake.inbox import list_files
from worker.screening.fates import FateKind, decide_fate

NAMED_MISSING = 3  # as many as one line can name
NAME_DIGITS = 16  # of the SHA-256, as in the names on the shelf

STATES = {
    FateKind.REJECT: ArrivalState.DONE,
    FateKind.QUARANTINE: ArrivalState.QUARANTINED,
    FateKind.VANISH: ArrivalState.VANISHED,
    FateKind.RETRY_FILE: ArrivalState.FAILED,
    FateKind.RETRY_FAULT: ArrivalState.FAILED,
}


@dataclass(frozen=True, slots=True)
class Answer:
    """What became of one file, why it has no label where it has none, and the picture that shows what speaks for it."""

    path: Path
    result: Result
    reason: str | None = None
    heatmap: Path | None = None


def find_files(named: Sequence[Path]) -> list[Path]:
    """Return the files that are named, and for each folder the files in it and below, in the order of their names.

    In folders hidden files, links and files that are still written (``.part`` ...) are passed over, as in an inbox.

    Raises
    ------
    InputMissingError
        Something that is named is not there, or nothing but empty folders is.
    """
    if missing := [str(path) for path in named if not path.exists()]:
        more = f" and {len(missing) - NAMED_MISSING} more" if len(missing) > NAMED_MISSING else ""
        raise InputMissingError(f"there is no file {', '.join(missing[:NAMED_MISSING])}{more}")
    found = [file for path in named for file in (_walk(path) if path.is_dir() else [path])]
    if not found:
        raise InputMissingError(f"there are no files in {', '.join(map(str, named[:NAMED_MISSING]))}")
    return found


def _walk(folder: Path) -> list[Path]:
    return sorted(Path(path) for path, _ in list_files(str(folder), frozenset()))


class Answerer:
    """Answers for one file after another; only one is in memory, and none that is damaged stops the others.

    Parameters
    ----------
    max_bytes : int
        Larger files are not read.
    heatmaps : Path or None
        An existing folder for pictures, which are named by the digits that their file's SHA-256 begins with.
    """

    def __init__(self, classifier: Classifier, max_bytes: int, heatmaps: Path | None) -> None:
        self._classifier = classifier
        self._max_bytes = max_bytes
        self._heatmaps = heatmaps

    def answer(self, file: Path) -> Answer:
        """Answer for one file.

        Raises
        ------
        OSError
            A picture cannot be written. What is wrong with the file itself becomes its answer instead.
        """
        begun = self._begin(file)
        try:
            source = read_source(file.resolve(), self._max_bytes)  # a link that somebody names is followed
        except (RadiographError, OSError, MemoryError) as error:
            return Answer(file, *_refuse(begun, error))
        begun = begun._replace(source_sha256=source.sha256)
        try:
            radiograph = decode_radiograph(source.content)
            prediction = self._classifier.predict_radiograph(radiograph)
        except (RadiographError, MemoryError) as error:
            return Answer(file, *_refuse(begun, error))
        return Answer(file, _accept(begun, prediction), heatmap=self._draw(source, radiograph, prediction))

    def _begin(self, file: Path) -> Result:
        return Result(
            arrival_id=0,
            file_name=find_file_name(file),
            source_sha256=None,
            state=ArrivalState.SCREENING,
            outcome=None,
            label=None,
            probabilities=None,
            reason_code=None,
            conflict=False,
            priority=None,
            model_version=self._classifier.bundle.model_version,
            model_sha256=self._classifier.bundle.model_sha256,
            received_at=datetime.now(tz=UTC),
            finished_at=None,
        )

    def _draw(self, source: SourceFile, radiograph: Radiograph, prediction: Prediction) -> Path | None:
        if self._heatmaps is None:
            return None
        from inference.explanation.heatmap import write_heatmap
        from inference.explanation.occlusion import explain

        prediction = explain(self._classifier, radiograph, prediction)
        name, version = source.sha256[:NAME_DIGITS], self._classifier.bundle.model_version
        return write_heatmap(self._heatmaps, name, radiograph.pixels, prediction, version)


def _accept(begun: Result, prediction: Prediction) -> Result:
    return begun._replace(
        state=ArrivalState.DONE,
        outcome=prediction.outcome,
        label=prediction.label,
        probabilities=prediction.probabilities,
        reason_code=prediction.reason_code,
        finished_at=datetime.now(tz=UTC),
    )


def _refuse(begun: Result, error: Exception) -> tuple[Result, str]:
    fate = decide_fate(error, attempts=0, faults=0, max_attempts=2)
    state = STATES[fate.kind]
    refused = begun._replace(
        state=state,
        outcome=Outcome.REJECTED if fate.kind is FateKind.REJECT else None,
        reason_code=fate.reason_code or state.value,
        finished_at=datetime.now(tz=UTC),
    )
    return refused, fate.reason or _describe(error)


def _describe(error: Exception) -> str:
    """Say what went wrong around a file; an ``OSError``'s own text would quote the path."""
    if isinstance(error, OSError) and error.errno:
        return os.strerror(error.errno)
    return "too little memory" if isinstance(error, MemoryError) else "it cannot be read"
