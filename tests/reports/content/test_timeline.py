from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from reports.content.timeline import MOST_SLOTS, fill_gaps, name_slots
from reports.question.periods import Period
from store.questions.selection import Dimension

BERLIN = ZoneInfo("Europe/Berlin")


def period(since: str, until: str, zone: ZoneInfo = BERLIN) -> Period:
    return Period(
        datetime.fromisoformat(since).replace(tzinfo=zone), datetime.fromisoformat(until).replace(tzinfo=zone)
    )


@pytest.mark.parametrize(
    ("since", "until", "hours"),
    [("2026-10-25", "2026-10-26", 25), ("2026-03-29", "2026-03-30", 23), ("2026-11-01", "2026-11-02", 24)],
)
def test_a_day_has_the_hours_that_pass_in_it(since: str, until: str, hours: int) -> None:
    assert len(fill_gaps(period(since, until), Dimension.HOUR, [])) == hours


def test_an_hour_that_the_clock_shows_twice_is_told_by_its_zone() -> None:
    names = name_slots(fill_gaps(period("2026-10-25", "2026-10-26"), Dimension.HOUR, []), Dimension.HOUR)
    assert names[1:5] == ["01:00", "02:00 CEST", "02:00 CET", "03:00"]
    assert len(set(names)) == 25


def test_days_are_the_sites_whatever_their_length() -> None:
    slots = fill_gaps(period("2026-10-24", "2026-10-27T08:00"), Dimension.DAY, [])
    assert [slot.isoformat() for slot in slots] == [
        "2026-10-24T00:00:00+02:00",
        "2026-10-25T00:00:00+02:00",
        "2026-10-26T00:00:00+01:00",
        "2026-10-27T00:00:00+01:00",
    ]
    assert name_slots(slots, Dimension.DAY) == ["10-24", "10-25", "10-26", "10-27"]


def test_years_are_named_where_there_are_two() -> None:
    slots = fill_gaps(period("2026-12-31", "2027-01-02"), Dimension.DAY, [])
    assert name_slots(slots, Dimension.DAY) == ["2026-12-31", "2027-01-01"]


@pytest.mark.parametrize("zone", ["Asia/Kolkata", "Australia/Lord_Howe", "Pacific/Apia"])
def test_what_is_known_has_its_slot_in_every_zone(zone: str) -> None:
    site = ZoneInfo(zone)
    known = [
        (datetime(2026, 1, 1, tzinfo=UTC) + timedelta(hours=37 * step)).astimezone(site).replace(minute=0)
        for step in range(220)
    ]
    slots = fill_gaps(period("2026-01-01", "2027-01-01", site), Dimension.HOUR, known)
    assert {moment.timestamp() for moment in known} <= {slot.timestamp() for slot in slots}
    assert [slot.timestamp() for slot in slots] == sorted({slot.timestamp() for slot in slots})


def test_a_period_of_decades_is_shown_where_something_is_known() -> None:
    known = [datetime(2026, 11, 20, tzinfo=BERLIN), datetime(2026, 11, 22, tzinfo=BERLIN)]
    slots = fill_gaps(period("1970-01-01", "2026-12-31"), Dimension.DAY, known)
    assert [slot.day for slot in slots] == [20, 21, 22]
    assert (
        len(fill_gaps(period("1970-01-01", "2026-12-31"), Dimension.HOUR, [known[0].replace(year=1980), known[1]]))
        == MOST_SLOTS
    )
