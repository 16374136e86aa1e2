"""Made-up reports of every size, without a database: what people may have to read on one morning or after a year."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta
from random import Random

from inference.labels import LABELS, Label
from reports.advice import find_advice
from reports.figures.report import (
    Group,
    HeaderGap,
    HourCount,
    Latency,
    ModelSwitch,
    Quality,
    ReasonCount,
    Report,
    ServedModel,
)
from reports.figures.summary import PARTS, Summary
from reports.question.periods import Period
from reports.question.question import Question
from store.questions.selection import Dimension, Part
from store.questions.statistics import EXPECTED_ATTRIBUTES
from store.states import Priority
from tests.reports.comparisons import MADE_AT, make_agreement, make_drift, make_positives

WEIGHTS = {
    Part.PREDICTED: 70,
    Part.INDETERMINATE: 14,
    Part.REJECTED: 9,
    Part.DUPLICATE: 4,
    Part.QUARANTINED: 2,
    Part.VANISHED: 0.3,
    Part.PENDING: 0.7,
}
REASONS = {
    Part.PREDICTED: ("outside_training_population",),
    Part.INDETERMINATE: ("below_operating_point", "other_finding"),
    Part.REJECTED: ("lateral", "not_a_chest_radiograph", "rotated", "for_processing"),
    Part.QUARANTINED: ("truncated", "format_not_accepted"),
}
MODELS = ("lite0-2026.11.1", "lite0-2026.11.2")
LONG = "a-film-from-a-modality-whose-export-writes-all-it-knows-into-the-name-" * 3


def make_summary(arrived: int, seed: int = 0) -> Summary:
    """Make a summary whose parts add up."""
    chance = Random(seed)
    parts = Counter(chance.choices(PARTS, WEIGHTS.values(), k=min(arrived, 4000)))
    scale = arrived / max(parts.total(), 1)
    counts = {part: int(parts[part] * scale) for part in PARTS[1:]}
    counts[Part.PREDICTED] = arrived - sum(counts.values())
    labels = split(counts[Part.PREDICTED], (5, 12, 83))
    reasons = {
        (part, code): count
        for part, codes in REASONS.items()
        for code, count in zip(codes, split(counts[part], range(len(codes), 0, -1)), strict=True)
        if count and part is not Part.PREDICTED
    }
    if counts[Part.PREDICTED] > 30:
        reasons[Part.PREDICTED, "outside_training_population"] = counts[Part.PREDICTED] // 30
    return Summary(
        arrived=arrived,
        **{part.value: count for part, count in counts.items()},
        labels=dict(zip(LABELS, labels, strict=True)),
        reasons=reasons,
        conflicts=counts[Part.PREDICTED] // 200,
    )


def split(whole: int, weights: Sequence[float]) -> list[int]:
    parts = [int(whole * weight / sum(weights)) for weight in weights[1:]]
    return [whole - sum(parts), *parts]


def make_report(
    arrived: int = 1236, days: int = 1, names: Sequence[str] = (), by: Dimension | None = Dimension.HOUR
) -> Report:
    """Make a report whose figures agree with each other."""
    until = MADE_AT
    since = until.replace(hour=0, minute=0) - timedelta(days=days - 1)
    question = Question(Period(since, until), by=by, positives_shown=80)
    groups = make_groups(arrived, question, names)
    summary = sum((group.summary for group in groups), Summary())
    return Report(
        question=question,
        made_at=MADE_AT,
        summary=summary,
        reasons=make_reasons(summary),
        oldest_pending_at=MADE_AT - timedelta(minutes=94) if summary.pending else None,
        latency=Latency(summary.finished, 2.31, 4.87, 3724.2) if summary.finished else None,
        latency_of={
            Priority.STAT: Latency(12, 1.2, 2.1, 9.0),
            Priority.ROUTINE: Latency(summary.finished - 12, 2.4, 4.9, 3724.2),
        }
        if summary.finished > 100
        else {},
        hours=make_hours(groups),
        models=make_models(summary, question.period),
        switches=(ModelSwitch(since + (until - since) / 2, *MODELS),) if arrived > 100 else (),
        positives=make_positives(min(summary.labels[Label.COVID19], question.positives_shown), names),
        groups=groups,
        quality=make_quality(summary),
        newest=make_positives(min(arrived, 10), names),
        agreement=(make_agreement(arrived // 10, names),) if arrived > 100 else (),
        drift=make_drift(summary, question.period, names) if arrived else None,
    )


def make_groups(arrived: int, question: Question, names: Sequence[str]) -> tuple[Group, ...]:
    if not arrived:
        return ()
    if question.by in {Dimension.HOUR, Dimension.DAY}:
        return make_groups_in_time(arrived, question)
    keys = [*(names or ("Station A", "Station B", "DX-17")), None]
    counts = split(arrived, range(len(keys), 0, -1))
    pairs = zip(keys, counts, strict=True)
    return tuple(Group(key, make_summary(count, place)) for place, (key, count) in enumerate(pairs) if count)


def make_groups_in_time(arrived: int, question: Question) -> tuple[Group, ...]:
    step = timedelta(hours=1) if question.by is Dimension.HOUR else timedelta(days=1)
    begin = question.period.since.replace(minute=0)
    slots = int((question.period.until - begin) / step) + 1
    moments = [begin + place * step for place in range(slots)]
    weights = [
        (0.15 + max(0, 10 - abs(moment.hour - 11)) ** 1.5) * (0.4 if moment.weekday() > 4 else 1) for moment in moments
    ]
    counts = split(arrived, weights)
    pairs = zip(moments, counts, strict=True)
    return tuple(Group(moment, make_summary(count, place)) for place, (moment, count) in enumerate(pairs) if count)


def make_hours(groups: Sequence[Group]) -> tuple[HourCount, ...]:
    known = [group for group in groups if isinstance(group.key, datetime) and group.summary.finished]
    return tuple(HourCount(group.key, group.summary.finished) for group in known)


def make_reasons(summary: Summary) -> tuple[ReasonCount, ...]:
    found = [ReasonCount(part, code, count, find_advice(code, {})) for (part, code), count in summary.reasons.items()]
    return tuple(sorted(found, key=lambda reason: -reason.count))


def make_models(summary: Summary, period: Period) -> tuple[ServedModel, ...]:
    if not summary.judged:
        return ()
    found = zip(MODELS, ("ab", "cd"), split(summary.judged, (2, 3)), strict=True)
    times = period.since, period.until
    return tuple(ServedModel(version, digest * 32, films, *times) for version, digest, films in found if films)


def make_quality(summary: Summary) -> Quality:
    films = summary.judged + summary.rejected
    headers = films - films // 9
    gaps = (HeaderGap(name, headers * place // 40, headers) for place, name in enumerate(EXPECTED_ATTRIBUTES))
    return Quality(films, films - headers, tuple(gaps))
