"""The data of a run: every film read once, however many trainings there are."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from rich.console import Console
from rich.progress import track

from inference.bundle import LUNGS_NAME, SHIPPED_BUNDLE
from inference.labels import LABELS, OTHER_FINDING
from training.data.dataset import Case, read_dataset, read_other_findings
from training.data.films import Selection
from training.data.overlap import hash_films
from training.data.pixels import Radiographs, read_radiographs
from training.data.split import unite_patients
from training.fit.settings import TrainingSettings
from training.run.stages import Places, check_labels

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
        Files that could not be read.
    roots : tuple of Path
        Folders to which file names are relative.
    """

    radiographs: Radiographs
    outputs: tuple[str, ...]
    sha256: str
    left_out: int
    roots: tuple[Path, ...]

    @property
    def cases(self) -> tuple[Case, ...]:
        """Return the case of each film."""
        return self.radiographs.cases

    def select(self, places: Places) -> Selection:
        """Return some of the films."""
        return Selection(self.radiographs, places)

    def hash_films(self, places: Places) -> str:
        """Return one hash over some of the films and their labels, see `training.data.overlap.hash_films`."""
        chosen = [int(place) for place in places]
        hashes = [self.radiographs.source_sha256[place] for place in chosen]
        return hash_films([self.cases[place] for place in chosen], hashes)

    def name_file(self, case: Case) -> str:
        """Return the file's name relative to its data set."""
        root = next(root for root in self.roots if case.path.is_relative_to(root))
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
    check_labels(cases, "in the data set")
    return cases


def read_data(listed: Sequence[Case], settings: TrainingSettings, console: Console) -> TrainingData:
    """Read the films of a run; what cannot be read is left out and counted.

    Raises
    ------
    LabelConflictError
        The same file stands under two labels.
    """
    lungs = (settings.lungs or SHIPPED_BUNDLE) / LUNGS_NAME
    bar = track(listed, "reading films", console=console)
    radiographs = read_radiographs(listed, settings.input_size, lungs=lungs, progress=bar)
    united = unite_patients(radiographs.cases, radiographs.source_sha256)
    radiographs = replace(radiographs, cases=tuple(united))
    left_out = len(listed) - len(united)
    _tell(radiographs.cases, left_out, console)
    sha256 = hash_films(united, radiographs.source_sha256)
    roots = (settings.dataset, *([settings.other_findings] if settings.other_findings else []))
    return TrainingData(radiographs, _name_outputs(radiographs.cases), sha256, left_out, roots)


def _name_outputs(cases: tuple[Case, ...]) -> tuple[str, ...]:
    has_others = any(case.reference_label == OTHER_FINDING for case in cases)
    return (*LABELS, OTHER_FINDING) if has_others else tuple(LABELS)


def _tell(cases: tuple[Case, ...], left_out: int, console: Console) -> None:
    counts = {label: sum(case.reference_label == label for case in cases) for label in (*LABELS, OTHER_FINDING)}
    parts = ", ".join(f"{count} {label}" for label, count in counts.items() if count)
    console.print(f"{len(cases)} films ({parts}); {left_out} left out", highlight=False, soft_wrap=True)
    few = [label for label in LABELS if 0 < counts[label] < FEW_FILMS]
    if few:
        log.warning("fewer than %d films of %s: the figures will say little", FEW_FILMS, ", ".join(few))
