from datetime import UTC, datetime, timedelta

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, event, update

from inference.labels import Label, Outcome
from store.database import reading
from store.ledger.arrivals import retry_arrival
from store.ledger.counts import count_by_state, count_pending, find_last_finished
from store.questions.queries import (
    ROWS_AT_ONCE,
    Result,
    count_states,
    count_states_by,
    find_oldest_pending,
    list_conflicts,
    list_likely,
    list_newest_results,
    list_refused,
    stream_results,
)
from store.questions.selection import KEYS, Dimension, Selection
from store.questions.statistics import count_headers
from store.states import FINISHED_STATES, ArrivalState
from store.tables import arrivals
from tests.ledger import (
    MODEL_SHA256,
    OWNER,
    PROBABILITIES,
    UID,
    arrive,
    digest,
    hold,
    predict,
    quarantine,
    register_model,
    reject,
    vanish,
)

START = datetime(2026, 11, 1, tzinfo=UTC)
ALWAYS = (datetime(2000, 1, 1, tzinfo=UTC), datetime(3000, 1, 1, tzinfo=UTC))


def fill(engine: Engine) -> None:
    """One arrival of each kind: a, b, ... in this order."""
    register_model(engine)
    predict(engine, "a.dcm")
    reject(engine, "b.dcm")
    quarantine(engine, "c.dcm")
    predict(engine, "d.dcm", content="a.dcm")
    vanish(engine, "e.dcm")
    arrive(engine, "f.dcm")
    predict(
        engine, "g.dcm", outcome=Outcome.INDETERMINATE, label=None, reason_code="below_operating_point", reason="unsure"
    )


def date(engine: Engine, arrival_id: int, seconds: int) -> None:
    moment = START + timedelta(seconds=seconds)
    a = arrivals.c
    with engine.begin() as connection:
        connection.execute(update(arrivals).where(a.id == arrival_id).values(received_at=moment))
        finished = (a.id == arrival_id) & a.state.in_(FINISHED_STATES)
        connection.execute(update(arrivals).where(finished).values(finished_at=moment))


def read(engine: Engine, since: datetime = ALWAYS[0], until: datetime = ALWAYS[1]) -> dict[str, Result]:
    with reading(engine) as connection:
        return {
            result.file_name.removesuffix(".dcm"): result
            for result in stream_results(connection, Selection(since, until))
        }


def test_results_come_in_the_order_of_their_end_then_what_is_pending_and_newest_first(engine: Engine) -> None:
    fill(engine)
    assert "".join(read(engine)) == "abcdegf"
    with reading(engine) as connection:
        newest = list_newest_results(connection, Selection(*ALWAYS), limit=3)
    assert [result.file_name.removesuffix(".dcm") for result in newest] == ["g", "f", "e"]


def test_each_kind_of_result_tells_what_is_known(engine: Engine) -> None:
    fill(engine)
    found = read(engine)
    assert found["a"].label is Label.NORMAL
    assert found["a"].probabilities == PROBABILITIES
    assert (found["a"].model_version, found["a"].model_sha256) == ("1", MODEL_SHA256)
    assert (found["b"].outcome, found["b"].reason_code, found["b"].probabilities) == (Outcome.REJECTED, "lateral", None)
    assert (found["c"].state, found["c"].reason_code) == (ArrivalState.QUARANTINED, "truncated")
    assert found["c"].source_sha256 == digest("c.dcm")
    assert (found["d"].state, found["d"].label) == (ArrivalState.DUPLICATE, Label.NORMAL)
    assert (found["e"].state, found["e"].reason_code) == (ArrivalState.VANISHED, "vanished")
    assert (found["f"].state, found["f"].outcome, found["f"].finished_at) == (ArrivalState.WAITING, None, None)
    assert (found["g"].label, found["g"].probabilities) == (None, PROBABILITIES)


def test_the_counts_are_those_of_the_results(engine: Engine) -> None:
    fill(engine)
    with reading(engine) as connection:
        counts = count_states(connection, *ALWAYS)
    assert sum(group.count for group in counts) == len(read(engine)) == 7
    found = {(group.state, group.outcome, group.label, group.reason_code): group.count for group in counts}
    assert found[ArrivalState.DONE, Outcome.PREDICTED, Label.NORMAL, None] == 1
    assert found[ArrivalState.DUPLICATE, None, None, None] == 1
    assert found[ArrivalState.DONE, Outcome.REJECTED, None, "lateral"] == 1


def test_a_period_begins_with_its_first_moment_and_ends_before_its_last(engine: Engine) -> None:
    register_model(engine)
    for seconds, name in enumerate("abc"):
        date(engine, predict(engine, name), seconds)
    assert "".join(read(engine, START, START + timedelta(seconds=2))) == "ab"
    assert "".join(read(engine, START + timedelta(seconds=1), START + timedelta(seconds=1))) == ""


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.integers(-1, 8), st.lists(st.integers(0, 7), min_size=7, max_size=7))
def test_two_halves_of_a_period_hold_what_the_whole_holds(sqlite_engine: Engine, cut: int, when: list[int]) -> None:
    if not read(sqlite_engine):
        fill(sqlite_engine)
    for arrival_id, seconds in enumerate(when, start=1):
        date(sqlite_engine, arrival_id, seconds)
    middle, end = START + timedelta(seconds=cut), START + timedelta(seconds=8)
    begin = START - timedelta(seconds=1)
    first, second = read(sqlite_engine, begin, middle), read(sqlite_engine, middle, end)
    assert not first.keys() & second.keys()
    assert first | second == read(sqlite_engine, begin, end)


def test_a_long_report_is_fetched_a_thousand_rows_at_a_time(engine: Engine) -> None:
    arrive(engine, *(f"{number}" for number in range(ROWS_AT_ONCE + 1)))
    options: list[object] = []
    event.listen(
        engine, "before_execute", lambda *args: options.append(args[-1].get("yield_per")), named=False, retval=False
    )
    assert len(read(engine)) == ROWS_AT_ONCE + 1
    assert ROWS_AT_ONCE in options


def test_what_waits_and_what_was_finished_last_can_be_asked(engine: Engine) -> None:
    with reading(engine) as connection:
        assert find_oldest_pending(connection) is None
        assert find_last_finished(connection) is None
    register_model(engine)
    old, new, done = *arrive(engine, "old", "new"), predict(engine, "done")
    for arrival_id, seconds in ((new, 5), (old, 2), (done, 9)):
        date(engine, arrival_id, seconds)
    with reading(engine) as connection:
        assert find_oldest_pending(connection) == START + timedelta(seconds=2)
        assert find_last_finished(connection) == START + timedelta(seconds=9)


def test_states_are_counted_and_what_keeps_failing_can_be_left_out(engine: Engine) -> None:
    register_model(engine)
    predict(engine, "done")
    failing = hold(engine, "failing")
    arrive(engine, "waiting")
    with engine.begin() as connection:
        retry_arrival(connection, failing, OWNER, reason_code="x", delay_seconds=0, spoilt=False)
        expected = {ArrivalState.DONE: 1, ArrivalState.FAILED: 1, ArrivalState.WAITING: 1}
        assert count_by_state(connection) == expected
        assert [count_pending(connection, patience) for patience in (None, 1, 2)] == [2, 1, 2]


def test_films_in_conflict_name_one_another_and_are_one_likely_positive(engine: Engine) -> None:
    register_model(engine)
    sent = {"a.dcm": 0.7, "b.dcm": 0.9, "c.dcm": 0.8}
    for name, share in sent.items():
        rest = {label: (1 - share) / 2 for label in PROBABILITIES if label is not Label.COVID19}
        identity = {"sop_instance_uid": UID} if name != "c.dcm" else {}
        predict(engine, name, identity=identity, label=Label.COVID19, probabilities={Label.COVID19: share, **rest})
    found = read(engine)
    assert (found["a"].conflict_with, found["b"].conflict_with) == ("arrival-2 b.dcm", "arrival-1 a.dcm")
    assert (found["c"].conflict, found["c"].conflict_with) == (False, None)
    with reading(engine) as connection:
        for limit in (1, 2, 3, 9):
            likely = list_likely(connection, Selection(*ALWAYS), Label.COVID19, limit)
            assert [film.file_name for film in likely] == ["b.dcm", "c.dcm"][:limit]


def test_a_refused_file_says_why_and_what_its_header_says(engine: Engine) -> None:
    register_model(engine)
    header = {"source_format": "dicom", "station_name": "ROOM-1", "notes": "age_not_understood view_not_understood"}
    quarantine(engine, "a.dcm", header=header)
    quarantine(engine, "b.dcm", header={"source_format": None})
    reject(engine, "c.dcm", identity={"station_name": "ROOM-2"})
    found = read(engine)
    assert [found[name].station_name for name in "abc"] == ["ROOM-1", None, "ROOM-2"]
    assert [found[name].reason for name in "abc"] == ["it ends early", "it ends early", "no"]
    assert found["a"].notes == ("age_not_understood", "view_not_understood")
    with reading(engine) as connection:
        selection = Selection(*ALWAYS)
        stations = {key: count.count for key, count in count_states_by(connection, selection, KEYS[Dimension.STATION])}
        assert stations == {"ROOM-1": 1, "ROOM-2": 1, None: 1}
        headers = count_headers(connection, selection)
        assert (headers.films, headers.headers, headers.missing["station_name"]) == (1, 1, 0)
        assert headers.missing["accession_number"] == 1


def test_of_many_refused_files_each_reason_has_its_share_of_the_list(engine: Engine) -> None:
    register_model(engine)
    for number in range(4):
        quarantine(engine, f"{number}.dcm", "truncated_file")
    reject(engine, "lateral.dcm")
    predict(engine, "sound.dcm")
    with reading(engine) as connection:
        listed = list_refused(connection, Selection(*ALWAYS), 3)
        assert len(list_refused(connection, Selection(*ALWAYS), 9)) == 5
    assert [result.file_name for result in listed] == ["lateral.dcm", "3.dcm", "2.dcm"]


def test_films_in_conflict_are_listed_beside_each_other(engine: Engine) -> None:
    register_model(engine)
    for name, uid in (("a.dcm", UID), ("b.dcm", f"{UID}.1"), ("c.dcm", UID), ("d.dcm", f"{UID}.1"), ("e.dcm", "1.2")):
        predict(engine, name, identity={"sop_instance_uid": uid})
    with reading(engine) as connection:
        listed = list_conflicts(connection, Selection(*ALWAYS), 9)
    assert [result.file_name for result in listed] == ["a.dcm", "c.dcm", "b.dcm", "d.dcm"]
