from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine, select, text, update

import store.upkeep.pruning
from inference.labels import Label, Outcome
from store.access.users import add_user
from store.audit import list_events
from store.columns import database_now
from store.database import reading
from store.errors import AnswerPrunedError
from store.ledger.arrivals import find_arrival, list_quarantined, record_release
from store.ledger.counts import count_by_state
from store.ledger.outcomes import find_screening, record_duplicate
from store.ledger.sweeps import settle_arrival
from store.questions.queries import list_newest_results
from store.questions.selection import Selection
from store.references.labels import ReferenceLabel, find_references, record_references
from store.references.words import Reference, ReferenceSource
from store.reviews import NewReview, Verdict, list_reviews, record_review
from store.states import AfterScreening, ArrivalState, Role
from store.tables import arrivals, headers, reference_labels, reviews, screenings, uploads
from store.upkeep.pruning import Pruned, find_prunable, prune
from store.uploads import NewUpload, list_uploads, record_upload
from tests.ledger import (
    MODEL_SHA256,
    OWNER,
    UID,
    arrive,
    count_screenings,
    digest,
    hold,
    new_screening,
    predict,
    quarantine,
    register_model,
    screen,
    vanish,
)

DAY = 86_400


@pytest.fixture(autouse=True)
def _model(engine: Engine) -> None:
    register_model(engine)


def cutoff(days: float = 90) -> datetime:
    return datetime.now(tz=UTC) - timedelta(days=days)


def age(engine: Engine, *ids: int, days: float = 100, settled: bool = True) -> None:
    """Let arrivals and their results be so old, and their files out of the inbox."""
    with engine.begin() as connection:
        then = database_now(-days * DAY)
        which = arrivals.c.id.in_(ids)
        connection.execute(update(arrivals).where(which, arrivals.c.finished_at.is_not(None)).values(finished_at=then))
        connection.execute(update(arrivals).where(which).values(received_at=then))
        answered = select(arrivals.c.screening_id).where(which, arrivals.c.state == ArrivalState.DONE)
        connection.execute(update(screenings).where(screenings.c.id.in_(answered)).values(screened_at=then))
        for arrival_id in ids if settled else ():
            settle_arrival(connection, arrival_id)


def list_ids(engine: Engine) -> list[int]:
    with reading(engine) as connection:
        return list(connection.scalars(select(arrivals.c.id).order_by(arrivals.c.id)))


def test_old_finished_rows_go_and_younger_ones_stay(engine: Engine) -> None:
    old = [predict(engine, "old.dcm"), vanish(engine, "gone.dcm")]
    young = predict(engine, "young.dcm")
    age(engine, *old)
    age(engine, young, days=80)
    assert prune(engine, cutoff()) == Pruned({ArrivalState.DONE: 1, ArrivalState.VANISHED: 1}, screenings=1)
    assert list_ids(engine) == [young]
    assert count_screenings(engine) == 1


def test_the_header_of_a_quarantined_file_goes_with_its_row(engine: Engine) -> None:
    old, young = (quarantine(engine, name, header={"station_name": "ROOM-1"}) for name in ("old.dcm", "young.dcm"))
    age(engine, old)
    with engine.begin() as connection:
        record_release(connection, old)
    prune(engine, cutoff())
    with reading(engine) as connection:
        assert list(connection.scalars(select(headers.c.arrival_id))) == [young]


def test_a_dry_run_tells_the_same_and_deletes_nothing(engine: Engine) -> None:
    age(engine, *(predict(engine, f"{number}.dcm") for number in range(3)), vanish(engine, "gone.dcm"))
    told = find_prunable(engine, cutoff())
    assert len(list_ids(engine)) == 4
    assert prune(engine, cutoff()) == told
    assert find_prunable(engine, cutoff()) == Pruned()


@pytest.mark.parametrize(
    "state", [ArrivalState.WAITING, ArrivalState.QUEUED, ArrivalState.SCREENING, ArrivalState.FAILED]
)
def test_pending_rows_stay_however_old(engine: Engine, state: ArrivalState) -> None:
    (pending,) = arrive(engine, "a.dcm")
    with engine.begin() as connection:
        connection.execute(update(arrivals).values(state=state, fingerprint=None))
    age(engine, pending)
    assert prune(engine, cutoff()) == Pruned()
    assert list_ids(engine) == [pending]


def test_a_file_that_lies_in_its_folder_keeps_its_row_or_it_would_be_screened_again(engine: Engine) -> None:
    not_moved = predict(engine, "a.dcm")
    (kept,) = arrive(engine, "kept.dcm", after=AfterScreening.KEEP)
    with engine.begin() as connection:
        finished = {"state": ArrivalState.DUPLICATE, "finished_at": database_now()}
        connection.execute(update(arrivals).where(arrivals.c.id == kept).values(**finished))
    age(engine, not_moved, kept, settled=False)
    assert prune(engine, cutoff()) == Pruned(in_folders=2)
    assert list_ids(engine) == [not_moved, kept]


def test_a_file_in_quarantine_keeps_its_row_until_it_is_released(engine: Engine) -> None:
    arrival_id = quarantine(engine, "a.dcm")
    age(engine, arrival_id)
    assert prune(engine, cutoff()) == Pruned(in_quarantine=1)
    with engine.begin() as connection:
        assert [arrival.id for arrival in list_quarantined(connection, 10)] == [arrival_id]
        record_release(connection, arrival_id)
        assert list_quarantined(connection, 10) == []
    assert prune(engine, cutoff()) == Pruned({ArrivalState.QUARANTINED: 1})


def test_a_younger_duplicate_keeps_the_answer_that_it_shares(engine: Engine) -> None:
    first = predict(engine, "a.dcm", content="same")
    second = hold(engine, "b.dcm")
    assert screen(engine, second, new_screening("same")) is ArrivalState.DUPLICATE
    age(engine, first)
    assert find_prunable(engine, cutoff()).screenings == 0
    assert prune(engine, cutoff()) == Pruned({ArrivalState.DONE: 1})
    with reading(engine) as connection:
        (result,) = list_newest_results(connection, Selection(cutoff(1), cutoff(-1)), 10)
    assert (result.arrival_id, result.outcome) == (second, Outcome.PREDICTED)
    third = hold(engine, "c.dcm")
    assert screen(engine, third, new_screening("same")) is ArrivalState.DUPLICATE
    age(engine, second, third)
    age(engine, first)
    with engine.begin() as connection:
        connection.execute(update(screenings).values(screened_at=database_now(-100 * DAY)))
    assert prune(engine, cutoff()) == Pruned({ArrivalState.DUPLICATE: 2}, screenings=1)
    assert count_screenings(engine) == 0


def test_the_same_bytes_after_pruning_are_screened_anew(engine: Engine) -> None:
    age(engine, predict(engine, "a.dcm", content="same"))
    prune(engine, cutoff())
    again = hold(engine, "a.dcm")
    assert screen(engine, again, new_screening("same")) is ArrivalState.DONE
    assert again > 1  # numbers, which stand in names on disk, are not used twice


def test_a_conflict_stays_flagged_when_the_other_side_is_pruned(engine: Engine) -> None:
    identity = {"sop_instance_uid": UID}
    old, young = (predict(engine, name, identity=identity) for name in ("a.dcm", "b.dcm"))
    age(engine, old)
    assert prune(engine, cutoff()).screenings == 1
    with reading(engine) as connection:
        assert list(connection.scalars(select(screenings.c.conflict))) == [True]
    predict(engine, "c.dcm", identity=identity)
    with reading(engine) as connection:
        assert list(connection.scalars(select(screenings.c.conflict))) == [True, True]
    assert young in list_ids(engine)


def test_an_answer_that_is_pruned_under_a_worker_is_no_answer(engine: Engine) -> None:
    age(engine, predict(engine, "a.dcm", content="same"))
    arrival_id = hold(engine, "b.dcm")
    with reading(engine) as connection:
        known = find_screening(connection, digest("same"), MODEL_SHA256)
    assert known is not None
    prune(engine, cutoff())
    predict(engine, "c.dcm", content="other")  # in SQLite it has the number of the pruned one
    with pytest.raises(AnswerPrunedError), engine.begin() as connection:
        record_duplicate(connection, arrival_id, OWNER, known, digest("same"), None)
    with reading(engine) as connection:
        arrival = find_arrival(connection, arrival_id)
    assert arrival is not None
    assert arrival.state is ArrivalState.SCREENING


def test_an_answer_that_a_worker_is_about_to_share_is_left_alone(postgresql_engine: Engine) -> None:
    register_model(postgresql_engine)
    age(postgresql_engine, predict(postgresql_engine, "a.dcm", content="same"))
    arrival_id = hold(postgresql_engine, "b.dcm")
    with ThreadPoolExecutor(1) as threads, postgresql_engine.begin() as connection:
        known = find_screening(connection, digest("same"), MODEL_SHA256)
        assert known is not None
        record_duplicate(connection, arrival_id, OWNER, known, digest("same"), None)
        pruned = threads.submit(prune, postgresql_engine, cutoff()).result(20)
    assert pruned == Pruned({ArrivalState.DONE: 1})
    assert count_screenings(postgresql_engine) == 1


def test_it_works_in_small_transactions_and_goes_on_after_an_interruption(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store.upkeep.pruning, "BATCH", 3)
    age(engine, *(predict(engine, f"{number}.dcm") for number in range(8)))
    deleted: list[int] = []

    def interrupt(count: int) -> None:
        deleted.append(count)
        if len(deleted) == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        prune(engine, cutoff(), interrupt)
    assert len(list_ids(engine)) == 2
    assert prune(engine, cutoff(), deleted.append) == Pruned({ArrivalState.DONE: 2}, screenings=8)
    assert deleted == [3, 3, 2, 3, 3, 2]


def test_the_audit_events_tell_what_was_forgotten_and_are_not(engine: Engine) -> None:
    age(engine, predict(engine, "a.dcm"), vanish(engine, "b.dcm"))
    before = cutoff()
    prune(engine, before)
    with reading(engine) as connection:
        events = [(action, detail) for _, action, _, detail in list_events(connection)]
    told = before.isoformat()
    assert events == [
        ("pruned", {"before": told, "arrivals": 2, "screenings": 1, "reference_labels": 0}),
        ("prune_started", {"before": told}),
    ]


def test_a_label_is_forgotten_with_the_last_result_of_its_film(engine: Engine) -> None:
    age(engine, predict(engine, "old.dcm"))
    predict(engine, "young.dcm")
    names = ("old.dcm", "young.dcm")
    with engine.begin() as connection:
        labels = [ReferenceLabel(digest(name), ReferenceSource.PCR, Reference.COVID19) for name in names]
        record_references(connection, labels)
    assert prune(engine, cutoff()).reference_labels == 0  # it was recorded just now
    age(engine, predict(engine, "old.dcm"))
    with engine.begin() as connection:
        connection.execute(update(reference_labels).values(recorded_at=database_now(-100 * DAY)))
    assert find_prunable(engine, cutoff()).reference_labels == 1
    assert prune(engine, cutoff()).reference_labels == 1
    with reading(engine) as connection:
        assert list(find_references(connection, ReferenceSource.PCR, map(digest, names))) == [digest("young.dcm")]


def test_old_uploads_go_and_reviews_with_the_last_result_of_their_film(engine: Engine) -> None:
    with engine.begin() as connection:
        add_user(connection, "alice", Role.REVIEWER, "hash")
        upload = NewUpload("alice", "name.dcm", Path("/inbox/name.dcm"), digest("gone"), 7, 0)
        record_upload(connection, upload)
        for verdict in (Verdict.AGREE, Verdict.UNSURE):
            record_review(connection, NewReview(digest("gone"), 1, 1, verdict, Label.NORMAL, None))
        connection.execute(update(uploads).values(uploaded_at=database_now(-100 * DAY)))
    prune(engine, cutoff())
    with engine.begin() as connection:
        assert list_uploads(connection, "alice", 9) == []
        assert len(list_reviews(connection, digest("gone"))) == 2  # said just now
        connection.execute(update(reviews).values(made_at=database_now(-100 * DAY)))
    prune(engine, cutoff())
    with engine.begin() as connection:
        assert list_reviews(connection, digest("gone")) == []


def test_the_sums_of_what_is_left_still_add_up(engine: Engine) -> None:
    age(engine, *(predict(engine, f"{number}.dcm") for number in range(3)))
    predict(engine, "young.dcm")
    arrive(engine, "waiting.dcm")
    prune(engine, cutoff())
    with reading(engine) as connection:
        assert count_by_state(connection) == {ArrivalState.DONE: 1, ArrivalState.WAITING: 1}


def test_what_was_forgotten_does_not_stand_in_the_file_any_more(sqlite_engine: Engine, sqlite_url: str) -> None:
    register_model(sqlite_engine)
    canary = "1.2.826.0.1.3680043.31415926"
    age(sqlite_engine, *(predict(sqlite_engine, f"{n}.dcm", identity={"sop_instance_uid": canary}) for n in range(50)))
    path = sqlite_url.removeprefix("sqlite:///")
    prune(sqlite_engine, cutoff())
    with sqlite_engine.connect() as connection:
        connection.execute(text("ROLLBACK"))
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
        connection.exec_driver_sql("BEGIN")
    with open(path, "rb") as file:  # noqa: PTH123
        assert canary.encode() not in file.read()
