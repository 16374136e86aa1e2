"""From the ledger to a ``Report``; all of its figures are of one moment, and the database computes them."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, time, tzinfo
from math import ceil
from pathlib import Path
from types import MappingProxyType

from sqlalchemy import Connection, Engine

from inference.labels import Label
from reports.advice import find_advice
from reports.figures.agreement import compute_agreement
from reports.figures.comparing import compare_with_reference
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
from reports.figures.summary import RunningSummary, Summary
from reports.question.question import Question
from store.audit import find_head
from store.columns import QUARTER_SECONDS
from store.database import reading
from store.questions.queries import count_states_by, list_conflicts, list_likely, list_newest_results, list_refused
from store.questions.selection import KEYS, Dimension, Part, Selection, find_part
from store.questions.statistics import (
    ModelUse,
    count_headers,
    count_late,
    count_latencies,
    count_model_uses,
    find_model_before,
    find_oldest_pending_of,
)
from store.states import Priority

NEWEST_SHOWN = 10
LISTED = 200
NO_ADVICE: Mapping[str, str] = MappingProxyType({})


def read_report(engine: Engine, question: Question, advice: Mapping[str, str] = NO_ADVICE) -> Report:
    """Compute a report.

    Parameters
    ----------
    advice : Mapping
        What to do about the reasons that a room above this one gives (``store.ledger.fates.REASONS``).
    """
    with reading(engine) as connection:
        return compute_report(connection, question, advice)


def compute_report(connection: Connection, question: Question, advice: Mapping[str, str]) -> Report:
    """Compute a report in a transaction that reads."""
    selection, zone = question.selection, question.period.since.tzinfo
    summary, hours, groups = count_groups(connection, question)
    models, switches = _follow_models(connection, selection, zone)
    oldest, took = find_oldest_pending_of(connection, selection), count_latencies(connection, selection)
    return Report(
        question=question,
        made_at=datetime.now(tz=UTC).astimezone(zone),
        audit_sha256=find_head(connection),
        summary=summary,
        reasons=_advise(summary, advice),
        oldest_pending_at=oldest and oldest.astimezone(zone),
        latency=find_latency([(milliseconds, count) for _, milliseconds, count in took]),
        latency_of=_divide_latency(took),
        hours=hours,
        models=models,
        switches=switches,
        positives=tuple(list_likely(connection, selection, Label.COVID19, question.positives_shown)),
        groups=groups,
        quality=_find_gaps(connection, selection),
        newest=tuple(list_newest_results(connection, selection, NEWEST_SHOWN)),
        refusals=tuple(list_refused(connection, selection, LISTED)) if summary.refused else (),
        conflicts=tuple(list_conflicts(connection, selection, LISTED)) if summary.conflicts else (),
        agreement=compute_agreement(connection, selection, question.positives_shown),
        drift=compare_with_reference(connection, question, summary),
    )


def find_latency(counts: Sequence[tuple[int, int]]) -> Latency | None:
    """Read median, 95th percentile and maximum off a histogram of (milliseconds, arrivals), the shortest first.

    The p-th percentile is the least value that p percent of all do not exceed (nearest rank).
    """
    files = sum(count for _, count in counts)
    if not files:
        return None
    return Latency(files, *(_find_rank(counts, ceil(share * files)) for share in (0.5, 0.95, 1)))


def _divide_latency(took: Sequence[tuple[Priority, int, int]]) -> dict[Priority, Latency]:
    found = {
        wanted: find_latency([(milliseconds, count) for priority, milliseconds, count in took if priority is wanted])
        for wanted in Priority
    }
    return {priority: latency for priority, latency in found.items() if latency is not None}


def _find_rank(counts: Sequence[tuple[int, int]], rank: int) -> float:
    for milliseconds, count in counts:
        rank -= count
        if rank <= 0:
            return milliseconds / 1000
    return counts[-1][0] / 1000


def _advise(summary: Summary, advice: Mapping[str, str]) -> tuple[ReasonCount, ...]:
    ordered = sorted(summary.reasons.items(), key=lambda reason: (-reason[1], reason[0]))
    return tuple(ReasonCount(part, code, count, find_advice(code, advice)) for (part, code), count in ordered)


def _follow_models(
    connection: Connection, selection: Selection, zone: tzinfo | None
) -> tuple[tuple[ServedModel, ...], tuple[ModelSwitch, ...]]:
    known = find_model_before(connection, selection.since)
    uses = list(count_model_uses(connection, selection))
    served: dict[str, ServedModel] = {}
    for use in uses:
        before = served.get(use.model_sha256)
        served[use.model_sha256] = ServedModel(
            use.model_version,
            use.model_sha256,
            use.films + (before.films if before else 0),
            (before or use).first_at.astimezone(zone),
            use.last_at.astimezone(zone),
        )
    return tuple(served.values()), tuple(find_switches(uses, known, zone))


def find_switches(
    uses: Sequence[ModelUse], known: tuple[str, str] | None, zone: tzinfo | None
) -> Iterator[ModelSwitch]:
    """Give the moments at which a model answered that had not done so in the last quarter of an hour with answers.

    While several workers restart one after another, old and new model take turns: that is one switch, not hundreds.
    """
    serving, last = ({known[0]} if known else set()), (known[1] if known else None)
    quarters: dict[int, list[ModelUse]] = {}
    for use in uses:
        quarters.setdefault(use.quarter, []).append(use)
    for answering in quarters.values():
        for use in answering:
            if last is not None and use.model_sha256 not in serving:
                yield ModelSwitch(use.first_at.astimezone(zone), last, use.model_version)
            last = use.model_version
        serving = {use.model_sha256 for use in answering}


def _find_gaps(connection: Connection, selection: Selection) -> Quality:
    found = count_headers(connection, selection)
    gaps = (HeaderGap(name, missing, found.headers) for name, missing in found.missing.items())
    return Quality(found.films, found.films - found.headers, tuple(gaps))


IN_ORDER_OF_TIME = {Dimension.HOUR, Dimension.DAY}


def count_groups(
    connection: Connection, question: Question
) -> tuple[Summary, tuple[HourCount, ...], tuple[Group, ...]]:
    """Return the sums of a question, what was finished in each hour, and the groups that it asks for."""
    zone = question.period.since.tzinfo
    whole, finished = RunningSummary(), Counter[float]()
    groups: defaultdict[float | str | None, RunningSummary] = defaultdict(RunningSummary)
    for quarter, count in count_states_by(connection, question.selection, KEYS[Dimension.HOUR]):
        moment = datetime.fromtimestamp(quarter * QUARTER_SECONDS, tz=zone)
        whole.add(count)
        if find_part(count.state, count.outcome) is not Part.PENDING:
            finished[_begin_hour(moment)] += count.count
        if question.by in IN_ORDER_OF_TIME:
            groups[_begin_hour(moment) if question.by is Dimension.HOUR else _begin_day(moment)].add(count)
    if question.by is not None and question.by not in IN_ORDER_OF_TIME:
        for key, count in count_states_by(connection, question.selection, KEYS[question.by]):
            groups[str(key) if isinstance(key, Path) else key].add(count)
    late = _count_late(connection, question)
    hours = (
        HourCount(datetime.fromtimestamp(begun, tz=zone), count, None if late is None else late[begun])
        for begun, count in sorted(finished.items())
    )
    return whole.sum(), tuple(hours), _put_in_order(groups, zone)


def _count_late(connection: Connection, question: Question) -> Counter[float] | None:
    """Count in each hour what came later than the site promises; None where it promises nothing."""
    if question.longest_wait_minutes is None:
        return None
    found, zone = Counter[float](), question.period.since.tzinfo
    for quarter, count in count_late(connection, question.selection, 60 * question.longest_wait_minutes).items():
        found[_begin_hour(datetime.fromtimestamp(quarter * QUARTER_SECONDS, tz=zone))] += count
    return found


# seconds since 1970, because Python takes the two hours that are named alike in autumn for the same one
def _begin_hour(moment: datetime) -> float:
    return moment.replace(minute=0, second=0, microsecond=0).timestamp()


def _begin_day(moment: datetime) -> float:
    return datetime.combine(moment.date(), time(), moment.tzinfo).timestamp()


def _put_in_order(groups: dict[float | str | None, RunningSummary], zone: tzinfo | None) -> tuple[Group, ...]:
    ordered = sorted(((key, tally.sum()) for key, tally in groups.items()), key=_rank)
    return tuple(
        Group(datetime.fromtimestamp(key, tz=zone) if isinstance(key, float) else key, summary)
        for key, summary in ordered
    )


def _rank(group: tuple[float | str | None, Summary]) -> tuple[float, str]:
    key, summary = group
    if isinstance(key, float):
        return key, ""
    return -summary.arrived, key or "\U0010ffff"  # what is not known stands after its equals
