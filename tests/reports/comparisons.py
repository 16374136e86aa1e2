"""Made-up comparisons of answers: with references, with another period, with each other."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from random import Random
from zoneinfo import ZoneInfo

from documents.rates import Rate
from inference.labels import LABELS, Label
from reports.figures.agreement import (
    Agreement,
    Contradiction,
    Contradictions,
    LabelRates,
    Reliability,
    ReliabilityBin,
)
from reports.figures.drift import SCORE_BINS, Drift, DriftCheck, DriftLevel, ScoreHistogram
from reports.figures.summary import Summary
from reports.question.periods import Period
from reports.question.question import find_days_before
from store.questions.queries import Result
from store.references.words import Reference, ReferenceSource
from store.states import Priority
from tests.reports.results import PREDICTED

BERLIN = ZoneInfo("Europe/Berlin")
MADE_AT = datetime(2026, 11, 21, 17, 30, tzinfo=BERLIN)


def make_positives(count: int, names: Sequence[str] = ()) -> tuple[Result, ...]:
    chance = Random(count)
    found = sorted((0.94 + 0.06 * chance.random() for _ in range(count)), reverse=True)
    return tuple(
        PREDICTED._replace(
            arrival_id=place,
            file_name=names[place % len(names)] if names else f"IM{place:05d}.dcm",
            label=Label.COVID19,
            probabilities={
                Label.COVID19: share,
                Label.VIRAL_PNEUMONIA: 0.7 * (1 - share),
                Label.NORMAL: 0.3 * (1 - share),
            },
            reason_code="outside_training_population" if place % 9 == 4 else None,
            conflict=place % 13 == 7,
            priority=Priority.STAT if place % 7 == 3 else Priority.ROUTINE,
            received_at=MADE_AT - timedelta(seconds=chance.randrange(80_000)),
        )
        for place, share in enumerate(found)
    )


def make_agreement(films: int, names: Sequence[str]) -> Agreement:
    ill, hits = films // 5, films // 7
    rates = Rate(hits, ill, 0.8 * ill), Rate(7 * films // 10, films - ill), Rate(hits, hits + films // 10), Rate(9, 10)
    bins = (ReliabilityBin(place / 10, (place + 1) / 10, place / 10 + 0.04, Rate(place, 11)) for place in (0, 3, 8, 9))
    missed = [film._replace(label=Label.NORMAL) for film in make_positives(min(ill - hits, 8), names)]
    alarms = make_positives(min(films // 10, 5), names)
    return Agreement(
        source=ReferenceSource.PCR,
        films=films,
        patients=8 * films // 10,
        answered=Rate(9 * films // 10, films),
        counts={},
        labels={Label.COVID19: LabelRates(*rates)},
        calibration=Reliability(0.062, tuple(bins)),
        missed=Contradictions(
            ill - hits, tuple(Contradiction(Reference.COVID19, film, Label.COVID19) for film in missed)
        ),
        false_alarms=Contradictions(
            films // 10, tuple(Contradiction(Reference.NOT_COVID19, film, Label.COVID19) for film in alarms)
        ),
    )


def make_drift(summary: Summary, period: Period, names: Sequence[str]) -> Drift:
    station = names[0] if names else "Station A, PA"
    meaning = (
        "Films are more often called COVID-19 than before: an outbreak, another group of patients, or another exposure."
    )
    little = DriftCheck("resolution", station, "psi", None, None, None, DriftLevel.TOO_LITTLE_DATA, "Too few films.")
    checks = (
        DriftCheck("probability of covid19", None, "psi", 0.312, 0.1, 0.25, DriftLevel.SHIFTED, meaning),
        DriftCheck("refused", station, "share", 0.041, 0.03, 0.1, DriftLevel.WATCH, "More is refused than before."),
        DriftCheck("probability of normal", None, "ks", 0.02, 0.1, 0.2, DriftLevel.STEADY, "Nothing to see."),
        *([] if summary.judged > 30 else [little]),
    )
    before = find_days_before(period, 28)
    return Drift(before, summary.judged, 28 * summary.judged, checks, {label: make_scores(label) for label in LABELS})


def make_scores(label: Label) -> ScoreHistogram:
    place = LABELS.index(label)
    counts = tuple(3 + (40 if bin_ in {0, 19 - place} else bin_) for bin_ in range(SCORE_BINS))
    return ScoreHistogram(counts, tuple(reversed([count + 4 * place for count in counts])))
