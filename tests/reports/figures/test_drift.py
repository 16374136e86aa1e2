from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import Engine

from inference.labels import Label, Outcome
from reports.figures.drift import MIN_FILMS, Drift, DriftCheck, DriftLevel
from reports.figures.reading import read_report
from reports.question.periods import Period
from reports.question.question import Question
from store.states import ArrivalState
from tests.reports.ledgers import START, Film, fill_ledger

DAY = 86_400
NOW, BEFORE = 3600.0, -3600.0
QUESTION = Question(Period(START, START + timedelta(days=1)), reference=Period(START - timedelta(days=28), START))


def find_drift(engine: Engine, now: list[Film], before: list[Film]) -> Drift:
    dated = [replace(film, at_seconds=at) for films, at in ((now, NOW), (before, BEFORE)) for film in films]
    fill_ledger(engine, dated)
    drift = read_report(engine, QUESTION).drift
    assert drift is not None
    return drift


def find_checks(drift: Drift, subject: str) -> list[DriftCheck]:
    return [check for check in drift.checks if check.subject == subject]


def spread(count: int, low: float, high: float, **changed: object) -> list[Film]:
    """Films with probabilities of covid19 evenly between two values."""
    shares = (low + (high - low) * number / count for number in range(count))
    return [Film(label=Label.COVID19, probability=share, **changed) for share in shares]  # type: ignore[arg-type]


def test_what_is_as_before_is_steady(engine: Engine) -> None:
    drift = find_drift(engine, spread(60, 0, 0.5), spread(120, 0, 0.5))
    assert {check.level for check in drift.checks} == {DriftLevel.STEADY}
    assert (drift.films, drift.reference_films) == (60, 120)
    assert {check.subject for check in drift.checks} >= {"probability of normal", "refused", "resolution", "bit depth"}


def test_other_probabilities_are_a_shift_in_plain_words(engine: Engine) -> None:
    drift = find_drift(engine, spread(60, 0.5, 1), spread(120, 0, 0.5))
    psi, ks = find_checks(drift, "probability of covid19")
    assert (psi.measure, psi.level, ks.measure, ks.level) == ("psi", DriftLevel.SHIFTED, "ks", DriftLevel.SHIFTED)
    assert ks.value == pytest.approx(1)
    assert "More films look like covid19" in psi.meaning
    covid19 = drift.scores[Label.COVID19]
    assert sum(covid19.counts[10:]) == 60
    assert sum(covid19.reference_counts[:10]) == 120


def test_too_little_data_is_said_and_not_judged(engine: Engine) -> None:
    drift = find_drift(engine, spread(MIN_FILMS - 1, 0.9, 1), spread(500, 0, 0.1))
    assert {check.level for check in drift.checks} == {DriftLevel.TOO_LITTLE_DATA}
    assert "49 films, before 500; 50 each are needed." in drift.checks[0].meaning


def test_probabilities_of_another_model_are_not_compared(engine: Engine) -> None:
    drift = find_drift(engine, spread(60, 0.9, 1, model="2"), spread(60, 0, 0.1))
    (check,) = find_checks(drift, "probabilities")
    assert check.level is DriftLevel.TOO_LITTLE_DATA
    assert "Another model answered before" in check.meaning
    assert find_checks(drift, "refused")[0].level is DriftLevel.STEADY


def test_more_refusals_and_more_doubt_are_told_apart(engine: Engine) -> None:
    refused = [Film(outcome=Outcome.REJECTED, reason_code="lateral"), Film(state=ArrivalState.QUARANTINED)]
    unsure = [Film(outcome=Outcome.INDETERMINATE)]
    drift = find_drift(engine, [Film()] * 60 + refused * 15 + unsure * 60, [Film()] * 200)
    for subject in ("refused", "indeterminate"):
        (check,) = find_checks(drift, subject)
        assert check.level is DriftLevel.SHIFTED, subject
    assert find_checks(drift, "refused")[0].value == pytest.approx(30 / 150)


def test_a_station_that_sends_other_pictures_is_named(engine: Engine) -> None:
    now = [Film(rows=4000, bits_stored=8, station_name="ROOM-2")] * 60 + [Film()] * 60
    drift = find_drift(engine, now, [Film(station_name="ROOM-2")] * 60 + [Film()] * 60)
    loud = {(check.subject, check.group) for check in drift.checks if check.level is not DriftLevel.STEADY}
    assert loud == {("resolution", "ROOM-2, PA"), ("bit depth", "ROOM-2, PA")}
    (size,) = [check for check in find_checks(drift, "resolution") if check.group == "ROOM-2, PA"]
    assert size.meaning.startswith("Median 10.0 megapixels, before 5.0. ")


def test_a_new_station_and_one_that_is_silent_are_told(engine: Engine) -> None:
    drift = find_drift(engine, [Film(station_name=None, view_position=None)] * 60, [Film()] * 60)
    (new,), (silent,) = find_checks(drift, "new"), find_checks(drift, "silent")
    assert (new.group, new.level) == ("no station, no view", DriftLevel.WATCH)
    assert (silent.group, silent.level) == ("ROOM-1, PA", DriftLevel.WATCH)
    (mix,) = find_checks(drift, "stations and views")
    assert mix.level is DriftLevel.SHIFTED


def test_a_report_without_a_reference_has_no_drift(sqlite_engine: Engine) -> None:
    assert read_report(sqlite_engine, replace(QUESTION, reference=None)).drift is None


def test_of_a_large_reference_a_sample_is_looked_at(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("reports.figures.comparing.SAMPLED", 100)
    drift = find_drift(engine, spread(60, 0.5, 1), spread(350, 0, 0.5))
    assert (drift.films, drift.reference_every) == (60, 3)
    assert drift.reference_films in {116, 117}
    assert find_checks(drift, "probability of covid19")[0].level is DriftLevel.SHIFTED
    assert find_checks(drift, "resolution")[0].level is DriftLevel.STEADY
