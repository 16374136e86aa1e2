"""A long report needs no more memory than a short one."""

import gc
import tracemalloc
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine, text

from reports.formats import write_report_to
from reports.question.periods import Period
from reports.question.question import Question
from tests.reports.ledgers import START, Film, fill_ledger

FEW, MANY = 2_000, 10_000  # both more than are held at once
# copies of the first arrival, a second apart; they share its answer as duplicates do
COPIES = text("""
    WITH RECURSIVE copies(n) AS (SELECT 2 UNION ALL SELECT n + 1 FROM copies WHERE n < :count)
    INSERT INTO arrivals (id, inbox, path, size_bytes, "after", state, received_at, finished_at, screening_id)
    SELECT n, inbox, path || n, size_bytes, "after", 'duplicate',
           strftime('%Y-%m-%d %H:%M:%f000', received_at, '+' || n || ' seconds'),
           strftime('%Y-%m-%d %H:%M:%f000', finished_at, '+' || n || ' seconds'), 1
    FROM arrivals, copies WHERE id = 1
""")


@pytest.fixture
def frequent_collections() -> Iterator[None]:
    """Collect garbage as often as Python begins with, whatever ran before: its amount is no part of what is held."""
    before = gc.get_threshold()
    gc.set_threshold(700, 10, 10)
    yield
    gc.set_threshold(*before)


@pytest.mark.usefixtures("frequent_collections")
@pytest.mark.parametrize("output_format", ["csv", "json"])
def test_five_times_as_many_results_need_no_more_memory(
    sqlite_engine: Engine, tmp_path: Path, output_format: str
) -> None:
    fill_ledger(sqlite_engine, [Film()])
    with sqlite_engine.begin() as connection:
        connection.execute(COPIES, {"count": MANY})

    def measure(count: int) -> int:
        question = Question(Period(START, START + timedelta(seconds=count + 2)))
        output = tmp_path / f"{count}.{output_format}"
        gc.collect()
        tracemalloc.start()
        write_report_to(sqlite_engine, question, output_format, output)
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert output.read_text().count("film-1.dcm") >= count
        return peak

    measure(FEW)  # modules and caches come first
    few, many = measure(FEW), measure(MANY)
    assert many < 1.3 * few


def test_what_is_tracked_is_told_how_many_there_are(sqlite_engine: Engine, tmp_path: Path) -> None:
    fill_ledger(sqlite_engine, [Film(at_seconds) for at_seconds in range(5)])
    question = Question(Period(START, START + timedelta(hours=1)))
    counted: list[int] = []

    def track(results: object, count: object) -> object:
        counted.append(count())  # type: ignore[operator]
        return results

    write_report_to(sqlite_engine, question, "csv", tmp_path / "r.csv", track=track)  # type: ignore[arg-type]
    narrow = replace(question, period=Period(START, START + timedelta(seconds=3)))
    write_report_to(sqlite_engine, narrow, "csv", tmp_path / "r.csv", track=track)  # type: ignore[arg-type]
    assert counted == [5, 2]
