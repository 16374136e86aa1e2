import io
import json
import re
import time
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import pytest

import bench.benchmark as benchmark
from bench import films
from bench.films import RAW
from bench.goals import find_share, list_goals
from bench.others import NOTEBOOK, TORCHXRAYVISION
from bench.product import measure_crowd
from bench.received import measure_received
from bench.rounds import Ratio, count_busy_seconds
from bench.steps import STEPS, WARM_UP, take_steps
from bench.text import build_sections, write_markdown, write_tables
from documents.blocks import Table
from inference.bundle import SHIPPED_BUNDLE
from inference.labels import NOTICE
from installation.errors import HomeError
from tests.bench.factories import make_figures, make_round
from tests.pacs.peers import needs_dcmtk


@pytest.fixture
def small_films(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(films, "ROWS", 500)
    monkeypatch.setattr(films, "COLUMNS", 400)


@pytest.mark.usefixtures("small_films")
def test_every_step_of_a_file_takes_time(tmp_path: Path):
    for round_ in range(2):  # what the first one opened serves the second
        paths = RAW.write_copies(tmp_path / str(round_), WARM_UP + 2, first=100 * round_)
        steps = take_steps(paths, tmp_path / "own", SHIPPED_BUNDLE)
    assert tuple(steps) == STEPS
    assert all(worked > 0 and waited >= 0 for worked, waited in steps.values())
    assert len(list((tmp_path / "own" / "moved").iterdir())) == 2 * (WARM_UP + 2)


@pytest.mark.usefixtures("small_films")
def test_a_round_measures_its_parts_side_by_side(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(benchmark, "LEAST_FLOOD", 4)
    monkeypatch.setattr(benchmark, "STEP_FILES", 1)
    monkeypatch.setattr(benchmark, "list_installed", lambda: [NOTEBOOK])
    size = replace(benchmark.SIZES["quick"], rounds=1, flood_seconds=0.01)
    with ExitStack() as stack:
        stage = benchmark._set_stage(tmp_path, SHIPPED_BUNDLE, 2, stack)
        (played,) = benchmark._play(stage, RAW, size)
        assert not list((stage.site.home / "processed").rglob("*.dcm"))
    flood = played["flood"]
    assert set(played) == {"alone", "together", "flood", NOTEBOOK}
    assert flood["files"] <= 3
    assert min(flood["first_seconds"], flood["seconds"]) > 0
    assert flood["reader_seconds"] >= 0  # of a few films it may be less than the clock's tick
    assert 0 < played["together"] < 60
    assert all(0.01 < seconds < 100 for seconds in played[NOTEBOOK])


@needs_dcmtk
@pytest.mark.usefixtures("small_films")
def test_films_by_dicom_have_a_rate(tmp_path: Path):
    rates = measure_received(6, tmp_path, SHIPPED_BUNDLE)
    assert rates is not None
    assert all(0 < rate < 100 for rate in rates)


def test_the_rate_of_received_films_is_said_where_it_was_measured():
    said, nobody = io.StringIO(), io.StringIO()
    write_tables(make_figures(), said)
    write_tables(make_figures(received_rate=0), nobody)
    assert re.search(r"received by DICOM.*29[.]0, 50 % of those dropped", " ".join(said.getvalue().split()))
    assert "received by DICOM" not in nobody.getvalue()


def test_a_crowd_is_in_the_ledger_before_the_clock_stops(tmp_path: Path):
    memory, seconds = measure_crowd(30, tmp_path / "crowd", SHIPPED_BUNDLE)
    assert memory > 10 << 20
    assert seconds > 0


def test_goals_are_reached_or_missed_by_the_figures():
    assert {verdict for _, _, verdict in list_goals(make_figures())} == {"reached"}
    slow = make_figures(latency_p95=0.2, start_seconds=4.0, idle_share=0.02, crowd_memory=400 << 20)
    slow["kinds"][0]["rounds"] = [make_round(seconds=6.0) for _ in range(3)]
    assert sum(verdict == "missed" for _, _, verdict in list_goals(slow)) == 6


def test_a_neighbour_or_rounds_that_differ_leave_nothing_to_say():
    figures = make_figures()
    figures["kinds"][0]["rounds"] = [make_round(seconds=3.2, others=3.2) for _ in range(3)]
    figures["kinds"][1]["rounds"] = [make_round(seconds) for seconds in (1.5, 1.8, 2.2)]
    verdicts = [verdict for goal, _, verdict in list_goals(figures) if "CPU limit" in goal]
    assert verdicts[:2] == ["cannot say: others took 50 % of the cores", "cannot say: the rounds differ too much"]
    assert find_share(figures, figures["kinds"][0]).median == pytest.approx(100 * 0.031 / 3.2)


def test_rounds_that_agree_are_judged_however_far_apart_they_are():
    assert Ratio.over([8.0, 9.0, 20.0]).judge(6) == "reached"
    assert Ratio.over([1.0, 2.0, 5.0]).judge(6) == "missed"
    assert Ratio.over([5.9, 6.1, 6.2]).judge(6) == "reached"


def test_work_of_others_on_our_cores_is_seen():
    before = count_busy_seconds()
    spent = time.process_time() + 0.3
    while time.process_time() < spent:
        pass
    assert count_busy_seconds() - before >= 0.25


def test_nothing_is_said_of_what_is_not_installed():
    figures = make_figures()
    for kind in figures["kinds"]:
        for played in kind["rounds"]:
            del played[NOTEBOOK], played[TORCHXRAYVISION]
    assert not any("times" in goal for goal, _, _ in list_goals(figures))
    assert "What others do" not in {each.heading for each in build_sections(figures)}


def test_terminal_and_page_show_every_row_and_the_notice():
    figures, screen, page = make_figures(), io.StringIO(), io.StringIO()
    write_tables(figures, screen)
    write_markdown(figures, page)
    for text in (screen.getvalue(), page.getvalue()):
        assert NOTICE in text
        assert "Made Up" in text
    assert page.getvalue().count("DICOM, JPEG 2000") == 5
    tables = [block for section in build_sections(figures) for block in section.blocks if isinstance(block, Table)]
    assert all(len(table.columns) == len(row.cells) for table in tables for row in table.rows)
    assert max(map(len, screen.getvalue().splitlines())) <= 80


def test_figures_are_json():
    assert json.loads(json.dumps(make_figures()))["schema"] == benchmark.SCHEMA


def test_a_full_disk_is_told_before_anything_is_measured(tmp_path: Path):
    size = replace(benchmark.SIZES["full"], flood_seconds=1e9)
    with pytest.raises(HomeError, match=r"needs [0-9,]+ MiB in .*: make room, or give another --folder"):
        benchmark.run_benchmark(size, SHIPPED_BUNDLE, tmp_path, lambda _: None)
    assert not list(tmp_path.iterdir())
