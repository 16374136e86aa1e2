"""Films over which the model and a reference do not agree, those first over which they agree the least."""

from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, case, func, or_

from inference.labels import Label
from store.questions.queries import Result, as_result, select_results
from store.questions.selection import IS_ANSWER, Selection
from store.references.words import Reference, ReferenceSource
from store.tables import arrivals, reference_labels, screenings

_s, _r = screenings.c, reference_labels.c
Found = Iterator[tuple[Reference, Result]]


def list_missed(
    connection: Connection, selection: Selection, source: ReferenceSource, illnesses: Sequence[Label], limit: int
) -> Found:
    """Give films that were ill and were not called so, those first to which the model gave it the least."""
    missed = or_(*(and_(_r.reference == label, func.coalesce(_s.label, "") != label) for label in illnesses))
    given = case(*((_r.reference == label, _s[f"probability_{label}"]) for label in illnesses))
    return _list(connection, selection, source, missed, (given.is_(None), given), limit)


def list_false_alarms(
    connection: Connection, selection: Selection, source: ReferenceSource, illnesses: Sequence[Label], limit: int
) -> Found:
    """Give films that were called ill and were not so, those first to which the model gave it the most."""
    called = or_(*(and_(_s.label == label, _r.reference != label) for label in illnesses))
    given = case(*((_s.label == label, _s[f"probability_{label}"]) for label in illnesses))
    return _list(connection, selection, source, called, (given.desc(),), limit)


def _list(
    connection: Connection,
    selection: Selection,
    source: ReferenceSource,
    wrong: ColumnElement[bool],
    order: Sequence[ColumnElement[Any]],
    limit: int,
) -> Found:
    statement = (
        select_results(selection.where_finished())
        .add_columns(_r.reference)
        .join(reference_labels, _r.source_sha256 == _s.source_sha256)
        .where(IS_ANSWER, _r.source == source, wrong)
        .order_by(*order, arrivals.c.id)
        .limit(limit)
    )
    for *result, reference in connection.execute(statement):
        yield Reference(reference), as_result(result)
