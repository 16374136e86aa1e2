"""Drift: does what arrives look like what arrived before? What is said about it."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from documents.figures import say_count
from inference.labels import Label
from reports.figures.divergence import Distance
from reports.question.periods import Period

SCORE_BINS = 20  # of a twentieth each, as histograms show them
MIN_FILMS = 50  # in the period, and in its reference


class DriftLevel(StrEnum):
    """How far a period is from its reference."""

    STEADY = "steady"
    WATCH = "watch"
    SHIFTED = "shifted"
    TOO_LITTLE_DATA = "too_little_data"


@dataclass(frozen=True, slots=True)
class DriftCheck:
    """One comparison of a period with its reference.

    Attributes
    ----------
    subject : str
        What is compared: ``probability of covid19``, ``refused``, ``resolution`` ...
    group : str or None
        The station and view that it is about; None is all of them.
    measure : str
        ``psi`` (population stability index), ``ks`` (Kolmogorov-Smirnov distance) or ``share`` (difference of shares).
    value : float or None
        None where there is too little data.
    watch_from, shifted_from : float or None
        Where the two levels begin; they grow as data gets less, since chance alone then makes a difference.
    meaning : str
        In plain words what was found and what it may mean.
    """

    subject: str
    group: str | None
    measure: str
    value: float | None
    watch_from: float | None
    shifted_from: float | None
    level: DriftLevel
    meaning: str


@dataclass(frozen=True, slots=True)
class ScoreHistogram:
    """How many films had a probability in each of ``SCORE_BINS`` equal parts of [0, 1], now and in the reference."""

    counts: tuple[int, ...]
    reference_counts: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Drift:
    """A period against its reference; films are those that the model has answered for, each once.

    Attributes
    ----------
    reference_films : int
        Those that were looked at; of a large reference it is a sample.
    reference_every : int
        One in so many arrivals of the reference was looked at; 1 is all.
    scores : Mapping of Label to ScoreHistogram
        Of the labels that the period's main model knows.
    """

    reference: Period
    films: int
    reference_films: int
    checks: tuple[DriftCheck, ...]
    scores: Mapping[Label, ScoreHistogram]
    reference_every: int = 1


def judge_distance(subject: str, group: str | None, distance: Distance, meaning: str) -> DriftCheck:
    """Turn a distance into a check; of what is steady only the first sentence, the figures, is said."""
    size = abs(distance.value)
    level = DriftLevel.WATCH if size >= distance.watch_from else DriftLevel.STEADY
    level = DriftLevel.SHIFTED if size >= distance.shifted_from else level
    said = f"{meaning.partition('. ')[0]}." if level is DriftLevel.STEADY else meaning
    return DriftCheck(
        subject, group, distance.measure, distance.value, distance.watch_from, distance.shifted_from, level, said
    )


def say_too_little(subject: str, measure: str, now: int, before: int, why: str = "") -> DriftCheck:
    """Say that there are too few films to compare, and how many it takes."""
    said = f"{say_count(now, 'film')}, before {before:,}; {MIN_FILMS} each are needed. {why}".strip()
    return DriftCheck(subject, None, measure, None, None, None, DriftLevel.TOO_LITTLE_DATA, said)
