import json
from pathlib import Path

import pytest

from bench.scaling import (
    TRANSACTIONS,
    FilmCost,
    count_cores,
    draw_arrivals,
    find_first_full,
    main,
    simulate,
)
from tests.bench.factories import STEP_SECONDS, make_figures

FILM = FilmCost(cpu_seconds=0.03, beside_seconds=0.002, commit_seconds=0.0008)


def test_constants_are_those_of_the_benchmark():
    film = FilmCost.measured(make_figures()["kinds"][0], waited=0.001)
    assert film.core_seconds == pytest.approx(0.030 + 0.002 + 0.001)
    assert TRANSACTIONS * film.commit_seconds == pytest.approx(STEP_SECONDS["ledger"] + 0.001)
    assert film.start_seconds == pytest.approx(0.5)


@pytest.mark.parametrize("cores", [1, 2, 8])
def test_a_flood_takes_what_its_films_take(cores: int):
    rate = simulate(FILM, [0.0] * 4_000, cores).rate
    assert rate == pytest.approx(cores / FILM.core_seconds, rel=0.02)


def test_a_hundred_cores_wait_for_one_database():
    assert simulate(FILM, [0.0] * 4_000, 100).rate == pytest.approx(1 / (5 * FILM.commit_seconds), rel=0.02)
    assert find_first_full(FILM, 100) == ("database", pytest.approx(900_000.0))


def test_films_hardly_wait_with_the_cores_that_are_advised_and_do_with_too_few():
    arrivals = draw_arrivals(200_000, 4_000)
    assert simulate(FILM, arrivals, count_cores(FILM, 200_000)).p95_seconds < 10 * FILM.core_seconds
    assert simulate(FILM, arrivals, 1).p95_seconds > 10


def test_arrivals_come_at_their_rate():
    arrivals = draw_arrivals(3_600, 4_000)
    assert arrivals == sorted(arrivals)
    assert arrivals[-1] == pytest.approx(4_000, rel=0.1)


def test_the_measured_case_is_told_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
):
    (tmp_path / "figures.json").write_text(json.dumps(make_figures()))
    monkeypatch.setattr("sys.argv", ["scaling", str(tmp_path / "figures.json")])
    main()
    lines = capsys.readouterr().out.splitlines()
    assert "measured 62.5 films/s (-3%)" in lines[2]
    assert sum("films/h:" in line for line in lines) == 20
