"""The data of a run: every film read once, however many trainings there are."""

import logging
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from rich.console import Console
from rich.progress import track

from inference.bundle import SHIPPED_BUNDLE
from inference.labels import FEWEST_LABELS, LABELS, OTHER_FINDING, Label, order_labels
from training.data.dataset import Case, read_dataset, read_other_findings
from training.data.errors import DatasetTooSmallError
from training.data.films import SomeFilms
from training.data.overlap import find_seen, hash_films
from training.data.pixels import Radiographs, keep_first_copies, read_radiographs
from training.data.split import unite_patients
from training.fit.settings import TrainingSettings
from training.run.stages import Places, Seen, check_labels, find_labels

log = logging.getLogger(__name__)

FEW_FILMS = 30


@dataclass(frozen=True, slots=True)
class TrainingData:
    """What is trained on and measured on.

    Attributes
    ----------
    radiographs : Radiographs
        In memory; patients who share a file are one.
    outputs : tuple of str
        Names of the logits, in order.
    sha256 : str
        Hash over all films and labels, hex.
    left_out : int
        Files that could not be read, are no frontal chest films, or are copies of others.
    roots : tuple of Path
        Folders to which file names are relative.
    """

    radiographs: Radiographs
    outputs: tuple[str, ...]
    sha256: str
    left_out: int
    roots: tuple[Path, ...]

    @property
    def labels(self) -> tuple[Label, ...]:
        """Return the classes that the data set holds, and the model will know."""
        return order_labels(self.outputs)

    @property
    def cases(self) -> tuple[Case, ...]:
        """Return the case of each film."""
        return self.radiographs.cases

    def select(self, places: Places) -> SomeFilms:
        """Return some of the films."""
        return SomeFilms(self.radiographs, places)

    def find_seen(self, films: Collection[str]) -> Seen:
        """Return which films are among those that weights have seen, or of a patient who has a film among them."""
        return find_seen(self.cases, self.radiographs.source_sha256, films)

    def hash_films(self, places: Places) -> str:
        """Return one hash over some of the films and their labels, see `training.data.overlap.hash_films`."""
        chosen = [int(place) for place in places]
        hashes = [self.radiographs.source_sha256[place] for place in chosen]
        return hash_films([self.cases[place] for place in chosen], hashes)

    def name_file(self, case: Case) -> str:
        """Return the file's name relative to its data set."""
        # a manifest may name files that lie elsewhere
        root = next((root for root in self.roots if case.path.is_relative_to(root)), case.path.parent)
        return case.path.relative_to(root).as_posix()


def list_cases(settings: TrainingSettings) -> list[Case]:
    """List the films of a run without reading them.

    Raises
    ------
    DatasetError
        No usable data set.
    """
    cases = read_dataset(settings.dataset)
    if settings.other_findings:
        cases += read_other_findings(settings.other_findings)
    cases = [case for case in cases if f"{case.reference_label}/{case.source}" not in settings.without]
    labels = find_labels(cases)
    if len(labels) < FEWEST_LABELS:
        held = f"{labels[0]} alone" if labels else "none of the classes"
        raise DatasetTooSmallError(
            f"the films in {settings.dataset} are of {held}: {FEWEST_LABELS} of {', '.join(LABELS)} are needed at least"
        )
    return cases


def read_data(listed: Sequence[Case], settings: TrainingSettings, console: Console) -> TrainingData:
    """Read the films of a run; what cannot be read is left out and counted.

    Raises
    ------
    LabelConflictError
        The same file stands under two labels.
    DatasetTooSmallError
        No film of a class can be used.
    """
    bar = track(listed, "reading films", console=console)
    lungs = settings.lungs or SHIPPED_BUNDLE
    radiographs = read_radiographs(listed, settings.input_size, lungs=lungs, progress=bar)
    united = unite_patients(radiographs.cases, radiographs.source_sha256)
    radiographs = keep_first_copies(replace(radiographs, cases=tuple(united)))
    if copies := len(united) - len(radiographs.cases):
        log.warning("%d files left out: copies of others, byte for byte", copies)
    left_out = len(listed) - len(radiographs.cases)
    _tell(radiographs.cases, left_out, console)
    labels = find_labels(listed)
    check_labels(radiographs.cases, labels, "in the data set")
    sha256 = hash_films(radiographs.cases, radiographs.source_sha256)
    roots = (settings.dataset, *([settings.other_findings] if settings.other_findings else []))
    return TrainingData(radiographs, _name_outputs(radiographs.cases, labels), sha256, left_out, roots)


def _name_outputs(cases: Sequence[Case], labels: Sequence[Label]) -> tuple[str, ...]:
    has_others = any(case.reference_label == OTHER_FINDING for case in cases)
    return (*labels, OTHER_FINDING) if has_others else tuple(labels)


def _tell(cases: tuple[Case, ...], left_out: int, console: Console) -> None:
    counts = {label: sum(case.reference_label == label for case in cases) for label in (*LABELS, OTHER_FINDING)}
    parts = ", ".join(f"{count} {label}" for label, count in counts.items() if count)
    console.print(f"{len(cases)} films ({parts}); {left_out} left out", highlight=False, soft_wrap=True)
    few = [label for label in LABELS if 0 < counts[label] < FEW_FILMS]
    if few:
        log.warning("fewer than %d films of %s: the figures will say little", FEW_FILMS, ", ".join(few))
