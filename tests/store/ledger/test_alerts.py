import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine, update

from store.columns import database_now
from store.database import reading
from store.ledger.alerts import (
    Alert,
    AlertKind,
    assign_messages,
    claim_messages,
    find_identity,
    find_next_turn,
    is_any_unsent,
    list_alerts,
    record_alert,
    record_sent,
    record_taken,
    record_unsent,
)
from store.tables import alerts, arrivals
from tests.ledger import predict, register_model


def record(engine: Engine, *keys: str) -> None:
    with engine.begin() as connection:
        for key in keys:
            record_alert(connection, AlertKind.FILM, key, arrival_id=7, label="covid19", probability=0.97)


def claim(engine: Engine, most_an_hour: int = 20) -> list[list[str]]:
    with engine.begin() as connection:
        assign_messages(connection, most_an_hour)
        return [[alert.key for alert in message] for message in claim_messages(connection)]


def newest(engine: Engine) -> Alert:
    with reading(engine) as connection:
        return list_alerts(connection, 1)[0]


def let_an_hour_pass(engine: Engine) -> None:
    with engine.begin() as connection:
        connection.execute(
            update(alerts).where(alerts.c.assigned_at.is_not(None)).values(assigned_at=database_now(-3601))
        )


def test_what_happened_is_recorded_once_however_often_it_is_seen(engine: Engine) -> None:
    record(engine, "film-7", "film-7")
    record(engine, "film-7")
    with reading(engine) as connection:
        (alert,) = list_alerts(connection, 10)
        assert is_any_unsent(connection)
    assert (alert.kind, alert.arrival_id, alert.detail["probability"]) == (AlertKind.FILM, 7, 0.97)


def test_whoever_takes_a_message_has_it_alone_until_the_lease_runs_out(engine: Engine) -> None:
    record(engine, "a", "b")
    assert claim(engine) == [["a"], ["b"]]
    assert claim(engine) == []
    with engine.begin() as connection:
        connection.execute(update(alerts).values(not_before=database_now(-1)))
    assert claim(engine) == [["a"], ["b"]]


def test_what_is_sent_is_not_taken_again_and_what_is_not_waits_longer_each_time(engine: Engine) -> None:
    record(engine, "a")
    assert claim(engine) == [["a"]]
    message = str(newest(engine).message)
    with engine.begin() as connection:
        record_taken(connection, message, "webhook")
        record_unsent(connection, message, "the mail server cannot be reached", 0)
    alert = newest(engine)
    assert alert.webhook_at is not None
    assert (alert.mail_at, alert.sent_at, alert.faults) == (None, None, 1)
    assert alert.fault == "the mail server cannot be reached"
    assert claim(engine) == []
    with engine.begin() as connection:
        record_sent(connection, message)
    with reading(engine) as connection:
        assert not is_any_unsent(connection)


def test_after_so_many_in_an_hour_the_rest_goes_out_in_one_digest_and_each_once(engine: Engine) -> None:
    record(engine, *"abc")
    assert claim(engine, most_an_hour=4) == [["a"], ["b"], ["c"]]
    record(engine, *"defg")
    assert claim(engine, most_an_hour=4) == [["d", "e", "f", "g"]]
    record(engine, "h", "i")
    assert claim(engine, most_an_hour=4) == []
    let_an_hour_pass(engine)
    assert claim(engine, most_an_hour=1) == [["h", "i"]]
    assert newest(engine).message == "alert-8-to-9"


def test_a_message_keeps_its_name_over_every_try(engine: Engine) -> None:
    record(engine, *"ab")
    assert claim(engine, most_an_hour=1) == [["a", "b"]]
    with engine.begin() as connection:
        record_unsent(connection, "alert-1-to-2", "away", 0)
        connection.execute(update(alerts).values(not_before=None))
    record(engine, "c")
    let_an_hour_pass(engine)
    assert claim(engine, most_an_hour=1) == [["a", "b"], ["c"]]


@pytest.mark.parametrize("with_uid", [True, False])
def test_identity_is_read_by_arrival(engine: Engine, with_uid: bool) -> None:
    register_model(engine)
    identity = {"sop_instance_uid": "1.2.3", "accession_number": "A1"} if with_uid else {}
    arrival_id = predict(engine, "film.dcm", identity=identity)
    with reading(engine) as connection:
        found = find_identity(connection, [arrival_id])[arrival_id]
    assert found["file_name"] == "film.dcm"
    assert found["accession_number"] == ("A1" if with_uid else None)


def test_a_file_name_that_is_not_utf8_is_one_that_a_mail_can_hold(engine: Engine) -> None:
    register_model(engine)
    arrival_id = predict(engine, "film.dcm")
    with engine.begin() as connection:
        path = Path(os.fsdecode(b"/inbox/caf\xe9.dcm"))
        connection.execute(update(arrivals).where(arrivals.c.id == arrival_id).values(path=path))
        assert find_identity(connection, [arrival_id])[arrival_id]["file_name"] == r"caf\xe9.dcm"


def test_what_waits_for_its_hour_knows_when_it_goes(engine: Engine) -> None:
    record(engine, "a", "b")
    assert claim(engine, most_an_hour=2) == [["a"], ["b"]]
    record(engine, "c")
    assert claim(engine, most_an_hour=2) == []
    with reading(engine) as connection:
        turn = find_next_turn(connection, 2)
        assert find_next_turn(connection, 3) is None
    assert turn is not None
    assert timedelta(minutes=59) < turn - datetime.now(tz=UTC) <= timedelta(hours=1)
    let_an_hour_pass(engine)
    with reading(engine) as connection:
        assert find_next_turn(connection, 2) is None
