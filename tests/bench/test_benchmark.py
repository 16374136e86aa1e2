import io
import json
import re
from dataclasses import replace
from pathlib import Path

import pytest

import bench.benchmark as benchmark
from bench import films
from bench.benchmark import list_goals
from bench.films import RAW
from bench.others import VGG16
from bench.product import measure_crowd, measure_flood
from bench.received import measure_received
from bench.steps import STEPS, WARM_UP, measure_steps, measure_steps_together
from bench.text import build_sections, write_markdown, write_tables
from documents.blocks import Table
from inference.bundle import SHIPPED_BUNDLE
from inference.labels import NOTICE
from installation.errors import HomeError
from tests.bench.factories import make_figures
from tests.pacs.peers import needs_dcmtk


@pytest.fixture
def small_films(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(films, "ROWS", 500)
    monkeypatch.setattr(films, "COLUMNS", 400)


@pytest.mark.usefixtures("small_films")
def test_every_step_of_a_file_takes_time(tmp_path: Path):
    steps = measure_steps(RAW.write_copies(tmp_path / "films", WARM_UP + 2), tmp_path, SHIPPED_BUNDLE)
    assert tuple(steps) == STEPS
    assert all(seconds > 0 for seconds in steps.values())
    assert len(list((tmp_path / "moved").iterdir())) == WARM_UP + 2


@pytest.mark.usefixtures("small_films")
def test_cores_work_at_once(tmp_path: Path):
    shares = [RAW.write_copies(tmp_path / str(core), WARM_UP + 1, first=core * 100) for core in range(2)]
    assert 0 < measure_steps_together(shares, tmp_path, SHIPPED_BUNDLE) < 60


@pytest.mark.usefixtures("small_films")
def test_a_flood_ends_with_a_rate_and_the_memory_of_each_process(tmp_path: Path):
    flood = measure_flood(RAW.write_copies(tmp_path / "films", 4), tmp_path / "site", SHIPPED_BUNDLE)
    assert flood.rate > 0
    assert 0 < flood.first_seconds <= 4 / flood.rate
    assert flood.beside_seconds > 0
    assert set(flood.memory) == {"watch", "broker", "worker", "reader"}


@needs_dcmtk
@pytest.mark.usefixtures("small_films")
def test_films_by_dicom_have_a_rate(tmp_path: Path):
    rate = measure_received(6, tmp_path, SHIPPED_BUNDLE)
    assert rate is not None
    assert 0 < rate < 100


def test_the_rate_of_received_films_is_said_of_that_of_dropped_ones_where_it_was_measured():
    said, older = io.StringIO(), io.StringIO()
    write_tables(make_figures(), said)
    figures = make_figures()
    del figures["service"]["received_rate"]
    write_tables(figures, older)
    assert re.search(r"received by DICOM.*50(\.0)? ?%", " ".join(said.getvalue().split()))
    assert "received by DICOM" not in older.getvalue()


def test_a_crowd_is_in_the_ledger_before_the_clock_stops(tmp_path: Path):
    memory, seconds = measure_crowd(30, tmp_path / "crowd", SHIPPED_BUNDLE)
    assert memory > 10 << 20
    assert seconds > 0


def test_goals_are_reached_or_missed_by_the_figures():
    assert all(reached for _, _, reached in list_goals(make_figures()))
    slow = make_figures(latency_p95=0.2, start_seconds=4.0, idle_share=0.02, crowd_memory=400 << 20)
    slow["kinds"][0]["efficiency"] = 0.84
    slow["naive_rates"]["this model"] = 5.9
    assert sum(not reached for _, _, reached in list_goals(slow)) == 6


def test_nothing_is_said_of_what_is_not_installed():
    figures = make_figures() | {"naive_rates": {}, "peer_seconds": None}
    assert not any("notebooks" in goal for goal, _, _ in list_goals(figures))
    assert not {"The notebooks' way", "Reading and normalizing"} & {each.heading for each in build_sections(figures)}


def test_terminal_and_page_show_every_row_and_the_notice():
    figures, screen, page = make_figures(), io.StringIO(), io.StringIO()
    write_tables(figures, screen)
    write_markdown(figures, page)
    for text in (screen.getvalue(), page.getvalue()):
        assert NOTICE in text
        assert "Made Up" in text
    assert page.getvalue().count("DICOM, JPEG 2000") == 3
    tables = [block for section in build_sections(figures) for block in section.blocks if isinstance(block, Table)]
    assert all(len(table.columns) == len(row.cells) for table in tables for row in table.rows)
    assert max(map(len, screen.getvalue().splitlines())) <= 80


@pytest.mark.usefixtures("small_films")
@pytest.mark.parametrize("network", [VGG16, str(SHIPPED_BUNDLE)])
def test_the_notebooks_way_takes_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, network: str):
    monkeypatch.setattr(benchmark, "OTHERS_FILES", 2)
    assert 0.01 < benchmark.measure_other(network, tmp_path) < 100


def test_figures_are_json():
    assert json.loads(json.dumps(make_figures()))["schema"] == benchmark.SCHEMA


def test_a_full_disk_is_told_before_anything_is_measured(tmp_path: Path):
    size = replace(benchmark.SIZES["full"], files=10**9)
    with pytest.raises(HomeError, match=r"needs 12,000,000,000 MiB in .*: make room, or give another --folder"):
        benchmark.run_benchmark(size, SHIPPED_BUNDLE, tmp_path, lambda _: None)
    assert not list(tmp_path.iterdir())
