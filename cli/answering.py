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
from inference.labels import Answer
from inference.prediction import Prediction
from store.identifiers import Protect
from store.ledger.fates import FateKind, decide_fate
from store.questions.queries import SAID, Result
from store.states import ArrivalState
from worker.intake.inbox import list_files

NAMED_MISSING = 3  # as many as one line can name
NAME_DIGITS = 16  # of the SHA-256, as in the names on the shelf

STATES = {
    FateKind.REJECT: ArrivalState.DONE,
    FateKind.QUARANTINE: ArrivalState.QUARANTINED,
    FateKind.VANISH: ArrivalState.VANISHED,
}
"""Where a file ends; what a worker would try again has failed here."""


@dataclass(frozen=True, slots=True)
class AnsweredFile:
    """What became of one file, why it has no label where it has none, and the picture that shows what speaks for it."""

    path: Path
    result: Result
    reason: str | None = None
    heatmap: Path | None = None


def find_files(named: Sequence[Path], closed: dict[str, OSError] | None = None) -> list[Path]:
    """Return the files that are named, and for each folder the files in it and below, in the order of their names.

    In folders hidden files, links and files that are still written (``.part`` ...) are passed over, as in an inbox.

    Parameters
    ----------
    closed : dict or None
        Takes up the folders in which files cannot be seen, and why.

    Raises
    ------
    InputMissingError
        Something that is named is not there, or nothing but empty folders is.
    """
    if missing := [str(path) for path in named if _is_missing(path)]:
        more = f" and {len(missing) - NAMED_MISSING} more" if len(missing) > NAMED_MISSING else ""
        raise InputMissingError(f"there is no file {', '.join(missing[:NAMED_MISSING])}{more}")
    closed = {} if closed is None else closed
    found = [file for path in named for file in (_walk(path, closed) if os.path.isdir(path) else [path])]  # noqa: PTH112
    if not found and not closed:
        raise InputMissingError(f"there are no files in {', '.join(map(str, named[:NAMED_MISSING]))}")
    return found


def _is_missing(path: Path) -> bool:
    try:
        path.stat()
    except (FileNotFoundError, NotADirectoryError):
        return True
    except OSError:  # it may well be there, and its answer says why it cannot be read
        return False
    return False


def _walk(folder: Path, closed: dict[str, OSError]) -> list[Path]:
    try:
        return sorted(Path(path) for path, _ in list_files(str(folder), frozenset(), closed))
    except OSError as error:
        closed[str(folder)] = error
        return []


class Answerer:
    """Answers for one file after another; only one is in memory, and none that is damaged stops the others.

    Parameters
    ----------
    max_bytes : int
        Larger files are not read.
    heatmaps : Path or None
        An existing folder for pictures, which are named by the digits that their file's SHA-256 begins with.
    protect : Callable
        What identifiers pass through, as they do on their way into a ledger.
    """

    def __init__(self, classifier: Classifier, max_bytes: int, heatmaps: Path | None, protect: Protect) -> None:
        self._classifier = classifier
        self._protect = protect
        self._max_bytes = max_bytes
        self._heatmaps = heatmaps

    def answer(self, file: Path) -> AnsweredFile:
        """Answer for one file.

        Raises
        ------
        OSError
            A picture cannot be written. What is wrong with the file itself becomes its answer instead.
        """
        received_at, sha256 = datetime.now(tz=UTC), None
        try:
            source = read_source(file.resolve(), self._max_bytes)  # a link that somebody names is followed
            sha256 = source.sha256
            radiograph = decode_radiograph(source.content)
            prediction = self._classifier.predict_radiograph(radiograph)
        except (RadiographError, OSError, MemoryError) as error:
            fate = decide_fate(error)
            state = STATES.get(fate.kind, ArrivalState.FAILED)
            result = self._build_result(file, received_at, sha256, state, fate.to_answer(), fate.reason_code or state)
            reason = fate.reason or "too little memory"  # which alone has no other words
            return AnsweredFile(file, self._add_header(result._replace(reason=reason), error), reason)
        result = self._build_result(file, received_at, sha256, ArrivalState.DONE, prediction)
        result = self._add_header(result, radiograph)
        return AnsweredFile(file, result, heatmap=self._draw(source, radiograph, prediction))

    def _build_result(
        self,
        file: Path,
        received_at: datetime,
        sha256: str | None,
        state: ArrivalState,
        answer: Answer | None,
        reason_code: str | None = None,
    ) -> Result:
        return Result(
            arrival_id=0,
            file_name=find_file_name(file),
            source_sha256=sha256,
            state=state,
            outcome=answer.outcome if answer else None,
            label=answer.label if answer else None,
            probabilities=answer.probabilities if answer else None,
            reason_code=answer.reason_code if answer else reason_code,
            conflict=False,
            priority=None,
            model_version=self._classifier.bundle.model_version,
            model_sha256=self._classifier.bundle.model_sha256,
            received_at=received_at,
            finished_at=datetime.now(tz=UTC),
        )

    def _add_header(self, result: Result, about: object) -> Result:
        """Add what the header says to the result of a film, or of what was wrong with it."""
        said, notes = getattr(about, "identity", None), getattr(about, "notes", ())
        if said is None:
            return result
        facts = {name: getattr(said, name) for name in SAID}
        facts["accession_number"] = self._protect(said.accession_number)
        return result._replace(notes=tuple(notes), **facts)

    def _draw(self, source: SourceFile, radiograph: Radiograph, prediction: Prediction) -> Path | None:
        if self._heatmaps is None:
            return None
        from inference.explanation.heatmap import write_heatmap
        from inference.explanation.occlusion import explain

        prediction = explain(self._classifier, radiograph, prediction)
        name, version = source.sha256[:NAME_DIGITS], self._classifier.bundle.model_version
        return write_heatmap(self._heatmaps, name, radiograph.pixels, prediction, version)
