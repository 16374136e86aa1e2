"""The example in the documents, as whoever copies it runs it."""

import subprocess
import sys
from pathlib import Path

import pytest

from docs.example import main
from imaging.phantoms.files import write_png_phantom
from inference.labels import LABELS, NOTICE, Outcome

EXAMPLE = Path(__file__).parents[2] / "docs" / "example.py"


@pytest.fixture
def film(tmp_path: Path) -> Path:
    path = tmp_path / "film.png"
    write_png_phantom(path, seed=3, rows=500, columns=420)
    return path


def test_the_example_answers_one_film(film: Path, capsys: pytest.CaptureFixture[str]):
    main(film)
    first, *rows = capsys.readouterr().out.splitlines()
    assert first.split(":")[0] in set(Outcome)
    assert [row.split(":")[0].strip() for row in rows] == list(LABELS)
    assert sum(float(row.split(":")[1]) for row in rows) == pytest.approx(1.0, abs=0.002)


def test_it_is_short_says_the_notice_and_runs_as_it_stands(film: Path):
    text = EXAMPLE.read_text()
    assert NOTICE in text
    assert len([line for line in text.splitlines() if line.strip()]) <= 20
    done = subprocess.run([sys.executable, EXAMPLE, film], capture_output=True, text=True, check=True, timeout=120)
    assert "covid19" in done.stdout
