"""The bar of a long report, on a terminal of its own."""

import os
import pty
import select
import sys
from collections.abc import Iterator
from io import StringIO
from pathlib import Path

import pytest

from cli.progress import SHOWN_EVERY, showing_progress


class Terminal(StringIO):
    def isatty(self) -> bool:
        return True


def read_all(leader: int) -> Iterator[str]:
    """Give what was written to a terminal: one look takes 4 KiB at the most."""
    while select.select([leader], [], [], 0.1)[0]:
        yield os.read(leader, 100_000).decode(errors="replace")


def test_nothing_is_shown_where_nobody_looks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stderr", StringIO())
    results = [object()]
    with showing_progress(Path("r.csv")) as track:
        assert track(results, lambda: 1) is results  # type: ignore[arg-type, comparison-overlap]


@pytest.mark.parametrize("output", [None, Path("-")])
def test_a_terminal_that_shows_the_report_shows_no_bar(monkeypatch: pytest.MonkeyPatch, output: Path | None) -> None:
    monkeypatch.setattr(sys, "stderr", Terminal())
    monkeypatch.setattr(sys, "stdout", Terminal())
    results = [object()]
    with showing_progress(output) as track:
        assert track(results, lambda: 1) is results  # type: ignore[arg-type, comparison-overlap]


def test_a_terminal_shows_how_far_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm-256color")
    leader, follower = pty.openpty()
    with os.fdopen(follower, "w") as terminal:
        monkeypatch.setattr(sys, "stderr", terminal)
        count = 2 * SHOWN_EVERY + 1
        with showing_progress(Path("r.csv")) as track:
            assert list(track(range(count), lambda: count)) == list(range(count))  # type: ignore[arg-type]
        terminal.flush()
        shown = "".join(read_all(leader))
    os.close(leader)
    assert "figures" in shown
    assert f"{count}" in shown.partition("results")[2]
