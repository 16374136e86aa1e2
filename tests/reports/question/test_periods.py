from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reports.errors import PeriodError, TimeZoneError
from reports.question.periods import find_zone, parse_moment, parse_period

BERLIN = ZoneInfo("Europe/Berlin")
NOW = datetime(2026, 11, 21, 23, 30, tzinfo=UTC)  # half past midnight of the 22nd in Berlin


def read(text: str, *, now: datetime = NOW, end: bool = False) -> str:
    return parse_moment(text, now=now, zone=BERLIN, end=end).isoformat()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("now", "2026-11-22T00:30:00+01:00"),
        ("today", "2026-11-22T00:00:00+01:00"),
        ("Yesterday ", "2026-11-21T00:00:00+01:00"),
        ("last-week", "2026-11-09T00:00:00+01:00"),
        ("last-month", "2026-10-01T00:00:00+02:00"),
        ("90m", "2026-11-21T23:00:00+01:00"),
        ("2h", "2026-11-21T22:30:00+01:00"),
        ("7d", "2026-11-15T00:30:00+01:00"),
        ("1w", "2026-11-15T00:30:00+01:00"),
        ("0s", "2026-11-22T00:30:00+01:00"),
        ("2026-11-01", "2026-11-01T00:00:00+01:00"),
        ("2026-07-01", "2026-07-01T00:00:00+02:00"),
        ("2026-11-01T08:30", "2026-11-01T08:30:00+01:00"),
        ("2026-11-01 08:30:15", "2026-11-01T08:30:15+01:00"),
        ("2026-11-01T08:30Z", "2026-11-01T09:30:00+01:00"),
        ("2026-11-01T08:30-05:00", "2026-11-01T14:30:00+01:00"),
    ],
)
def test_times_are_read_in_the_sites_zone(text: str, expected: str) -> None:
    assert read(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("today", "2026-11-23T00:00:00+01:00"),
        ("yesterday", "2026-11-22T00:00:00+01:00"),
        ("last-week", "2026-11-16T00:00:00+01:00"),
        ("last-month", "2026-11-01T00:00:00+01:00"),
        ("2026-11-01", "2026-11-02T00:00:00+01:00"),
        ("2026-11-01T00:00", "2026-11-01T00:00:00+01:00"),
        ("2h", "2026-11-21T22:30:00+01:00"),
        ("now", "2026-11-22T00:30:00+01:00"),
    ],
)
def test_a_day_as_the_end_is_included_and_a_time_is_not(text: str, expected: str) -> None:
    assert read(text, end=True) == expected


@pytest.mark.parametrize("text", ["20261025", "2026-10-25", "2026-W43-7", "2026w437", " 2026W437 "])
def test_a_date_is_a_day_however_iso_8601_writes_it(text: str) -> None:
    period = parse_period(text, text, NOW, BERLIN)
    assert period.since.isoformat() == "2026-10-25T00:00:00+02:00"
    assert period.until.isoformat() == "2026-10-26T00:00:00+01:00"


@pytest.mark.parametrize("text", ["2026-W43", "2026w43"])
def test_a_week_is_seven_days_from_monday(text: str) -> None:
    period = parse_period(text, text, NOW, BERLIN)
    assert period.since.isoformat() == "2026-10-19T00:00:00+02:00"
    assert period.until.isoformat() == "2026-10-26T00:00:00+01:00"


@pytest.mark.parametrize("text", ["2026-1025", "202610-25", "2026-10", "2026", "2026-298", "25.10.2026", "20261325"])
def test_what_is_nearly_a_date_is_refused_and_not_an_empty_period(text: str) -> None:
    with pytest.raises(PeriodError, match="is no time"):
        parse_period(text, text, NOW, BERLIN)


@pytest.mark.parametrize(("day", "hours"), [("2026-03-29", 23), ("2026-10-25", 25), ("2026-06-01", 24)])
def test_a_day_is_as_long_as_daylight_saving_makes_it(day: str, hours: int) -> None:
    period = parse_period(day, day, NOW, BERLIN)
    assert period.until.astimezone(UTC) - period.since.astimezone(UTC) == timedelta(hours=hours)
    noon = datetime.fromisoformat(f"{day}T12:00").replace(tzinfo=BERLIN)
    today = parse_period("today", None, noon, BERLIN)
    assert today.since == period.since
    yesterday = parse_period("yesterday", "yesterday", noon + timedelta(days=1), BERLIN)
    assert yesterday == period


def test_a_span_counts_hours_that_pass_and_not_those_on_the_clock() -> None:
    after_the_change = datetime(2026, 3, 29, 12, tzinfo=BERLIN)
    assert read("24h", now=after_the_change) == read("1d", now=after_the_change) == "2026-03-28T11:00:00+01:00"


def test_an_hour_that_comes_twice_is_the_first_and_one_that_never_comes_is_moved() -> None:
    assert read("2026-10-25T02:30") == "2026-10-25T02:30:00+02:00"
    moved = parse_moment("2026-03-29T02:30", now=NOW, zone=BERLIN)
    assert moved.astimezone(UTC) == datetime(2026, 3, 29, 1, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    "text",
    ["", "tomorrow", "h", "-2h", "2", "2 h", "2x", "2026-13-01", "2026-02-30", "01.11.2026", "2026-11-01T25:00", "٢h"],
)
def test_what_is_no_time_is_refused_with_what_is(text: str) -> None:
    with pytest.raises(PeriodError, match=r"is no time; accepted are now, today, yesterday, last-week"):
        read(text)


@pytest.mark.parametrize(
    "text", ["9999-12-31", "0001-01-01", "1969-12-30", "999999999d", "99999d", "0001-01-01T00:00+14:00"]
)
@pytest.mark.parametrize("end", [True, False])
def test_a_time_that_no_database_holds_is_refused(text: str, end: bool) -> None:
    with pytest.raises(PeriodError):
        read(text, end=end)


@given(st.text(max_size=20))
def test_any_text_is_a_time_or_a_decision(text: str) -> None:
    try:
        found = parse_moment(text, now=NOW, zone=BERLIN)
    except PeriodError:
        return
    assert found.tzinfo is BERLIN


def test_a_period_ends_now_unless_told_otherwise() -> None:
    assert parse_period("today", None, NOW, BERLIN).until == NOW
    assert parse_period("now", None, NOW, BERLIN).since == NOW


def test_a_period_that_ends_before_it_begins_is_refused() -> None:
    with pytest.raises(PeriodError, match=r"before it begins.*2026-11-22.*2026-11-21"):
        parse_period("2026-11-22", "2026-11-20", NOW, BERLIN)
    with pytest.raises(PeriodError, match="before it begins"):
        parse_period("2026-10-25T02:30+01:00", "2026-10-25T02:45+02:00", NOW, BERLIN)


def test_the_day_before_is_no_empty_period() -> None:
    with pytest.raises(PeriodError, match="where it begins"):
        parse_period("20261022", "20261021", NOW, BERLIN)


def test_zones_are_found_by_name_and_the_machine_has_one() -> None:
    assert find_zone("Europe/Berlin") == BERLIN
    assert datetime.now(find_zone("local")).utcoffset() is not None


@pytest.mark.parametrize("name", ["Mars/Olympus", "", "../etc/passwd", "/etc/localtime", "Europe", "a\0b", "Ω"])
def test_an_unknown_zone_is_refused(name: str) -> None:
    with pytest.raises(TimeZoneError, match="Europe/Berlin"):
        find_zone(name)
