import json
from pathlib import Path

import pytest

from tests.bench.factories import make_figures
from tests.cli.conftest import Run


def test_an_earlier_run_is_drawn_again(run: Run, tmp_path: Path) -> None:
    earlier, page = tmp_path / "figures.json", tmp_path / "page.md"
    earlier.write_text(json.dumps(make_figures()))
    assert run("bench", "--from", str(earlier), "--format", "markdown", "--output", str(page)).returncode == 0
    assert "Made Up" in page.read_text()


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"schema": 1}'])
def test_what_holds_no_figures_is_refused_in_a_sentence(run: Run, tmp_path: Path, content: str) -> None:
    earlier = tmp_path / "figures.json"
    earlier.write_text(content)
    done = run("bench", "--from", str(earlier))
    assert done.returncode == 2
    assert "holds no figures" in done.stderr
    assert "Traceback" not in done.stderr
