from datetime import UTC, datetime, timedelta

import pytest

from store.questions.stations import StationHistory, StationRefusals
from worker.alerts.looking import is_daily, is_unusual

NOW = datetime(2026, 11, 20, 15, tzinfo=UTC)


@pytest.mark.parametrize(
    ("days", "of_days", "daily"),
    [(28, 28, True), (26, 28, True), (20, 28, False), (7, 7, True), (6, 6, False), (6, 7, False)],
)
def test_a_station_is_known_to_send_every_day_after_a_week(days: int, of_days: int, daily: bool) -> None:
    history = StationHistory("CR1", days, NOW - timedelta(days=of_days), NOW)
    assert is_daily(history, NOW) is daily


@pytest.mark.parametrize(
    ("recent", "before", "unusual"),
    [
        ((10, 40), (20, 1000), True),
        ((2, 40), (20, 1000), False),
        ((19, 19), (20, 1000), False),
        ((40, 40), (0, 19), False),
        ((300, 1000), (290, 1000), False),
    ],
)
def test_more_refusals_than_chance_explains_are_unusual_where_there_are_enough_films(
    recent: tuple[int, int], before: tuple[int, int], unusual: bool
) -> None:
    assert is_unusual(StationRefusals("CR1", *recent, *before)) is unusual
