from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, func, select, update

from inference.labels import Label, Outcome
from store.ledger.deliveries import (
    LONGEST_DELAY_SECONDS,
    Delivery,
    NewDelivery,
    choose_delay,
    choose_object,
    claim_delivery,
    count_waiting,
    find_mark,
    find_stat_delivery,
    list_deliveries,
    move_mark,
    queue_deliveries,
    record_delivered,
    record_no_study,
    record_refused,
    retry_deliveries,
)
from store.questions.answers import find_answer, list_undelivered
from store.states import DeliveryState, Priority
from store.tables import deliveries
from store.upkeep.pruning import prune
from tests.ledger import arrive, digest, predict, quarantine, register_model, reject

DICOM = {
    "source_format": "dicom",
    "sop_instance_uid": "1.2.3",
    "study_instance_uid": "1.2.4",
    "series_instance_uid": "1.2.5",
}
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)


def new(arrival_id: int, target: str = "PACS", kind: str = "sr") -> NewDelivery:
    return NewDelivery(arrival_id, kind, target, "1.2.840", f"2.25.{arrival_id}{len(kind)}{ord(kind[-1])}")


def queue(engine: Engine, *rows: NewDelivery) -> int:
    with engine.begin() as connection:
        return queue_deliveries(connection, rows)


def claim(engine: Engine, target: str = "PACS", lease_seconds: float = 30) -> Delivery | None:
    with engine.begin() as connection:
        return claim_delivery(connection, target, lease_seconds)


def due(engine: Engine, target: str = "PACS", kind: str = "sr", **rule: tuple[str, ...]) -> list[int]:
    with engine.connect() as connection:
        return [each.arrival_id for each in list_undelivered(connection, target, kind, rule, LONG_AGO)]


def predict_dicom(engine: Engine, name: str, **changed: Any) -> int:
    return predict(engine, name, identity=DICOM | {"sop_instance_uid": f"1.2.{digest(name)[:8]}"}, **changed)


def test_an_answer_is_queued_once_for_each_target_and_kind(engine: Engine) -> None:
    assert queue(engine, new(1), new(1, kind="sc"), new(1, "OTHER")) == 3
    assert queue(engine, new(1), new(2)) == 1
    with engine.connect() as connection:
        assert len(list_deliveries(connection)) == 4


def test_one_object_stands_once_for_a_target_whatever_arrivals_it_answers(engine: Engine) -> None:
    assert (
        queue(engine, NewDelivery(1, "sr", "PACS", "1.2", "2.25.9"), NewDelivery(2, "sr", "PACS", "1.2", "2.25.9")) == 1
    )


def test_the_answer_of_a_stat_film_is_found_behind_all_others(engine: Engine) -> None:
    register_model(engine)
    routine = [predict(engine, f"routine-{number}.dcm") for number in range(3)]
    arrive(engine, "stat.dcm", priority=Priority.STAT)
    urgent = predict(engine, "stat.dcm")
    queue(engine, *(new(number) for number in (*routine, urgent)))
    with engine.begin() as connection:
        found = find_stat_delivery(connection, "PACS")
        assert find_stat_delivery(connection, "OTHER") is None
        taken = claim_delivery(connection, "PACS", 30, found)
        assert taken is not None
        assert taken.arrival_id == urgent
        assert claim_delivery(connection, "PACS", 30, found) is None  # somebody has taken it
        assert find_stat_delivery(connection, "PACS") is None
    oldest = claim(engine)
    assert oldest is not None
    assert oldest.arrival_id == routine[0]


def test_an_attempt_is_counted_before_it_is_made_and_given_back_by_time(engine: Engine) -> None:
    queue(engine, new(1))
    first = claim(engine, lease_seconds=0)
    assert first is not None
    assert first.attempts == 1
    again = claim(engine)
    assert again is not None
    assert again.attempts == 2
    assert claim(engine) is None


def test_a_refusal_is_tried_for_ever_later_each_time_and_keeps_the_targets_words(engine: Engine) -> None:
    queue(engine, new(1))
    found = claim(engine)
    assert found is not None
    with engine.begin() as connection:
        record_refused(connection, found, "0xA700", "no room " + "x" * 500, 60)
    assert claim(engine) is None
    with engine.connect() as connection:
        (facts,) = count_waiting(connection)
    assert (facts.waiting, facts.failing, facts.last_status) == (1, 1, "0xA700")
    assert (facts.last_words or "").startswith("no room")
    delays = [choose_delay(attempts) for attempts in range(1, 40)]
    assert delays == sorted(delays)
    assert delays[-1] == LONGEST_DELAY_SECONDS


def test_what_has_arrived_or_has_no_study_is_not_sent_again_but_on_demand(engine: Engine) -> None:
    queue(engine, new(1), new(2))
    first, second = claim(engine), claim(engine)
    assert first is not None
    assert second is not None
    with engine.begin() as connection:
        record_delivered(connection, first.id, "0x0000", "")
        record_no_study(connection, second.id, "no study")
    with engine.begin() as connection:
        assert retry_deliveries(connection) == 0
        assert count_waiting(connection) == []
        assert retry_deliveries(connection, [first.id]) == 1
    again = claim(engine)
    assert again is not None
    assert again.sop_instance_uid == first.sop_instance_uid


def test_a_time_from_before_the_clock_was_set_back_holds_nothing_up(engine: Engine) -> None:
    queue(engine, new(1))
    with engine.begin() as connection:
        connection.execute(update(deliveries).values(not_before=datetime.now(tz=UTC) + timedelta(days=1)))
    assert claim(engine) is not None


def test_as_what_it_is_sent_is_noted_before_it_is(engine: Engine) -> None:
    queue(engine, new(1))
    with engine.begin() as connection:
        (found,) = list_deliveries(connection)
        choose_object(connection, found.id, "1.2.841", "2.25.5")
        (found,) = list_deliveries(connection, DeliveryState.WAITING, "PACS")
    assert (found.sop_class_uid, found.sop_instance_uid) == ("1.2.841", "2.25.5")


def test_a_mark_begins_now_and_never_goes_back(engine: Engine) -> None:
    with engine.begin() as connection:
        first = find_mark(connection, "PACS", "sr")
        move_mark(connection, "PACS", "sr")
        assert find_mark(connection, "PACS", "sr") == first
        assert find_mark(connection, "PACS", "sc") >= first


def test_answers_of_dicom_films_are_due_and_nothing_else(engine: Engine) -> None:
    register_model(engine)
    dicom = predict_dicom(engine, "a.dcm")
    predict(engine, "b.png", identity={"source_format": "png"})
    broken = quarantine(engine, "c.dcm")
    quarantine(engine, "d.dcm", "reader_crashed")
    reject(engine, "e.png")
    assert due(engine) == [dicom, broken]
    assert due(engine, kind="sc") == [dicom]


@pytest.mark.parametrize(("reason_code", "kinds"), [("lateral", ["sr"]), ("own_object", []), ("other_object", [])])
def test_no_answer_is_given_to_an_answer(engine: Engine, reason_code: str, kinds: list[str]) -> None:
    register_model(engine)
    refused = {"outcome": Outcome.REJECTED, "label": None, "probabilities": None}
    predict_dicom(engine, "a.dcm", reason_code=reason_code, reason="no", **refused)
    assert [kind for kind in ("sr", "sc") if due(engine, kind=kind)] == kinds


def test_rules_let_through_what_they_name(engine: Engine) -> None:
    register_model(engine)
    normal = predict_dicom(engine, "a.dcm")
    covid = predict_dicom(engine, "b.dcm", label=Label.COVID19)
    broken = quarantine(engine, "c.dcm")
    assert due(engine, label=("covid19",)) == [covid]
    assert due(engine, outcome=("predicted",)) == [normal, covid]
    assert due(engine, outcome=("quarantined",)) == [broken]
    assert due(engine, model=("1",)) == [normal, covid]
    assert due(engine, model=("2",)) == []
    assert due(engine, sender=("CT1",)) == []


def test_what_has_a_row_is_not_due_again(engine: Engine) -> None:
    register_model(engine)
    first, second = predict_dicom(engine, "a.dcm"), predict_dicom(engine, "b.dcm")
    queue(engine, new(first))
    assert due(engine) == [second]
    assert due(engine, "OTHER") == [first, second]


def test_the_ledger_says_all_of_an_answer_but_the_film(engine: Engine) -> None:
    register_model(engine)
    arrival_id = predict_dicom(engine, "a.dcm")
    with engine.connect() as connection:
        answer = find_answer(connection, arrival_id)
        assert find_answer(connection, arrival_id + 1) is None
    assert answer is not None
    assert (answer.outcome, answer.label, answer.model_version) == ("predicted", Label.NORMAL, "1")
    assert sum(answer.probabilities.values()) == 1


def test_an_answer_on_its_way_is_not_pruned_and_takes_its_row_along_later(engine: Engine) -> None:
    register_model(engine)
    arrival_id = predict_dicom(engine, "a.dcm")
    with engine.begin() as connection:
        connection.exec_driver_sql("UPDATE arrivals SET fingerprint = NULL")
    queue(engine, new(arrival_id))
    tomorrow = datetime.now(tz=UTC) + timedelta(days=1)
    assert prune(engine, tomorrow).arrivals == {}
    with engine.begin() as connection:
        record_delivered(connection, list_deliveries(connection)[0].id, "0x0000", "")
    assert sum(prune(engine, tomorrow).arrivals.values()) == 1
    with engine.connect() as connection:
        assert connection.scalar(select(func.count()).select_from(deliveries)) == 0
