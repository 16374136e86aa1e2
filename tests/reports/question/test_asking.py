from datetime import UTC, timedelta
from pathlib import Path

import pytest

from inference.labels import Label
from reports.errors import PeriodError, QuestionError
from reports.question.asking import ask_day, ask_question, parse_filters
from store.questions.selection import Dimension, Filters, Part


def test_words_become_a_question() -> None:
    question = ask_question("2026-10-01", "2026-10-31", "Europe/Berlin", by="Station", positives_shown=3)
    assert (question.by, question.zone_name, question.positives_shown) == (Dimension.STATION, "Europe/Berlin", 3)
    assert question.reference is not None
    assert question.reference.until == question.period.since
    assert question.reference.since == question.period.since - timedelta(days=28)


@pytest.mark.parametrize(("day", "hours"), [("2025-10-26", 25), ("20250330", 23), ("2025-W44-1", 24)])
def test_a_day_is_whole_whatever_the_clock_does(day: str, hours: int) -> None:
    period = ask_day(day, "Europe/Berlin").period
    assert period.until.astimezone(UTC) - period.since.astimezone(UTC) == timedelta(hours=hours)


@pytest.mark.parametrize("day", ["2h", "0s", "today", "2025-W44", "last-month", "2025-10-26T00:00", "9000-01-01"])
def test_a_day_that_is_not_whole_or_not_over_is_refused(day: str) -> None:
    with pytest.raises(PeriodError, match="is not one whole day that is over"):
        ask_day(day, "Europe/Berlin")


def test_a_reference_is_days_two_times_or_none() -> None:
    def ask(reference: str) -> str:
        found = ask_question("2026-10-25", "2026-10-25", "Europe/Berlin", reference=reference).reference
        return "" if found is None else f"{found.since} to {found.until}"

    assert ask("none") == ""
    assert ask("1d") == "2026-10-24 00:00:00+02:00 to 2026-10-25 00:00:00+02:00"
    assert ask("2026-09-01/2026-09-30") == "2026-09-01 00:00:00+02:00 to 2026-10-01 00:00:00+02:00"


def test_filters_are_read() -> None:
    found = parse_filters(
        labels=["COVID19"], outcomes=["quarantined"], modalities=["dx"], inboxes=["in"], minimums=["0.5", "normal=1"]
    )
    assert found == Filters(
        labels=(Label.COVID19,),
        parts=(Part.QUARANTINED,),
        modalities=("DX",),
        inboxes=(Path.cwd() / "in",),
        minimums=((None, 0.5), (Label.NORMAL, 1.0)),
    )
    assert parse_filters() == Filters()


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ({"labels": ["flu"]}, "no label 'flu'; accepted are covid19"),
        ({"outcomes": ["done"]}, "no outcome 'done'"),
        ({"minimums": ["80"]}, "'80' is no probability"),
        ({"minimums": ["covid19="]}, "is no probability"),
        ({"minimums": ["nan"]}, "is no probability"),
        ({"minimums": ["flu=0.5"]}, "no label 'flu'"),
    ],
)
def test_a_filter_that_does_not_exist_is_refused(words: dict[str, list[str]], says: str) -> None:
    with pytest.raises(QuestionError, match=says):
        parse_filters(**words)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("words", "error"),
    [
        ({"by": "weekday"}, QuestionError),
        ({"reference": "a while"}, QuestionError),
        ({"reference": "0d"}, QuestionError),
        ({"reference": "2026-09-30/2026-09-01"}, PeriodError),
    ],
)
def test_a_question_that_makes_no_sense_is_refused(words: dict[str, str], error: type[Exception]) -> None:
    with pytest.raises(error):
        ask_question("today", None, "UTC", **words)  # type: ignore[arg-type]
