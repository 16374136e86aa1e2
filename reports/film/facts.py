"""All that is known of one film: what the ledger holds, what its model asks for, what can be done, what was sent."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import tzinfo
from functools import lru_cache
from pathlib import Path

from sqlalchemy import Connection

from inference.bundle import BundleError, read_bundle
from inference.labels import Outcome
from reports.advice import find_advice
from reports.delivery.outbox import Outbox, Sending
from store.questions.film import FilmRecord, list_earlier, list_same_uid, read_film
from store.questions.queries import Result
from store.states import ArrivalState

LISTED = 20


@dataclass(frozen=True, slots=True)
class FilmFacts:
    """What is known of one film.

    Attributes
    ----------
    lies_at : Path or None
        Where the file should be; None where it had gone before it could be read.
    is_there : bool
        Whether this machine sees it there.
    is_stuck : bool
        It was to be moved and is still in its inbox.
    advice : str
        What to do about the reason; empty where there is none.
    operating_points : Mapping or None
        Of the model that answered, by label; None where its bundle is not at its place any more.
    same_uid, earlier : sequence of Result
        Films with its SOP Instance UID and other bytes; earlier films of the same patient. ``LISTED`` at most.
    sendings : sequence of Sending
        Daily reports that hold it, and whether they were sent.
    """

    record: FilmRecord
    lies_at: Path | None
    is_there: bool
    is_stuck: bool
    advice: str
    operating_points: Mapping[str, float] | None
    same_uid: Sequence[Result]
    earlier: Sequence[Result]
    sendings: Sequence[Sending]


def read_facts(
    connection: Connection, arrival_id: int, advice: Mapping[str, str], outbox: Outbox | None, zone: tzinfo
) -> FilmFacts | None:
    """Return what is known of one arrival, or None where there is none of this number.

    Parameters
    ----------
    advice : Mapping
        What to do about the reasons that a room above this one gives (``store.ledger.fates.REASONS``).
    outbox : Outbox or None
        Where reports were sent from.
    zone : tzinfo
        The site's: it decides of which day's report the film is a part.
    """
    record = read_film(connection, arrival_id)
    if record is None:
        return None
    result = record.result
    lies_at = None if result.state is ArrivalState.VANISHED else record.stored_path or record.received_as
    is_there, is_stuck = lies_at is not None and _find_size(lies_at) is not None, False
    if lies_at is not None and not is_there and _find_size(record.received_as) == record.size_bytes:
        lies_at, is_there, is_stuck = record.received_as, True, True
    return FilmFacts(
        record=record,
        lies_at=lies_at,
        is_there=is_there,
        is_stuck=is_stuck,
        advice=find_advice(result.reason_code, advice) if result.reason_code else "",
        operating_points=_find_operating_points(record),
        same_uid=list_same_uid(connection, record, LISTED),
        earlier=list_earlier(connection, record, LISTED),
        sendings=_find_sendings(result, outbox, zone),
    )


def _find_size(path: Path) -> int | None:
    """Return the size of a file in bytes; None where there is none, or its folder may not be entered."""
    try:
        return path.stat().st_size
    except OSError:
        return None


def _find_operating_points(record: FilmRecord) -> Mapping[str, float] | None:
    if record.model_folder is None or record.result.outcome in {None, Outcome.REJECTED}:
        return None
    try:
        points, model_sha256 = _read_operating_points(record.model_folder)
    except (BundleError, OSError):
        return None
    return points if model_sha256 == record.result.model_sha256 else None


@lru_cache(maxsize=8)
def _read_operating_points(folder: Path) -> tuple[Mapping[str, float], str]:
    bundle = read_bundle(folder)
    return bundle.operating_points, bundle.model_sha256


def _find_sendings(result: Result, outbox: Outbox | None, zone: tzinfo) -> Sequence[Sending]:
    """Return what was sent of the daily report of the day on which the film was finished."""
    if outbox is None or result.finished_at is None:
        return ()
    name = f"xray-report-{result.finished_at.astimezone(zone):%Y-%m-%d}"
    of_the_day = re.compile(rf"{name}-([0-9a-f]{{8}}|webhook)")
    return [sending for sending in outbox.list_sendings(name) if of_the_day.fullmatch(sending.id)]
