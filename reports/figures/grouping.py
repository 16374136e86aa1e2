"""The one pass over the arrivals from which sums, throughput and groups come, so that they cannot disagree."""

from collections import Counter, defaultdict
from datetime import datetime, time, tzinfo
from pathlib import Path

from sqlalchemy import Connection

from reports.figures.report import Group, HourCount
from reports.figures.summary import Summary, Tally
from reports.question.question import Question
from store.columns import QUARTER_SECONDS
from store.questions.queries import count_states_by
from store.questions.selection import KEYS, Dimension, Part, find_part

IN_ORDER_OF_TIME = {Dimension.HOUR, Dimension.DAY}


def count_groups(
    connection: Connection, question: Question
) -> tuple[Summary, tuple[HourCount, ...], tuple[Group, ...]]:
    """Return the sums of a question, what was finished in each hour, and the groups that it asks for."""
    zone = question.period.since.tzinfo
    whole, finished = Tally(), Counter[float]()
    groups: defaultdict[float | str | None, Tally] = defaultdict(Tally)
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
    hours = (HourCount(datetime.fromtimestamp(begun, tz=zone), count) for begun, count in sorted(finished.items()))
    return whole.sum(), tuple(hours), _put_in_order(groups, zone)


# seconds since 1970, because Python takes the two hours that are named alike in autumn for the same one
def _begin_hour(moment: datetime) -> float:
    return moment.replace(minute=0, second=0, microsecond=0).timestamp()


def _begin_day(moment: datetime) -> float:
    return datetime.combine(moment.date(), time(), moment.tzinfo).timestamp()


def _put_in_order(groups: dict[float | str | None, Tally], zone: tzinfo | None) -> tuple[Group, ...]:
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
