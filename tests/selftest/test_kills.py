"""A real run without disturbance: its figures, and that the proof at its end sees whatever is doctored afterwards."""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from selftest.canaries import PATIENT_ID
from selftest.hostile import look_for_traces
from selftest.kills import compare
from selftest.promises import Notebook, State
from selftest.run import Run
from tests.selftest.conftest import TINY, Calm

pytestmark = pytest.mark.acceptance


def broken(book: Notebook) -> set[str]:
    return {found.promise for found in book.findings.values() if found.state is State.BROKEN}


def test_an_undisturbed_run_holds_what_it_looks_at_and_measures_its_speed(calm: Calm) -> None:
    book = calm.prove()
    assert broken(book) == set()
    checked = {found.promise for found in book.findings.values() if found.state is State.HELD}
    assert checked == {"P1", "P2", "P13", "P16"}
    assert book.findings["P1"].figures == {"files": TINY.films, "lost": 0}
    assert len(calm.answers) == TINY.films


@contextmanager
def doctored(calm: Calm, statement: str) -> Iterator[None]:
    """Change the ledger behind the product's back, and put it back."""
    whole = calm.ledger.read_bytes()
    with closing(sqlite3.connect(calm.ledger, isolation_level=None)) as ledger:
        ledger.execute(statement)
        ledger.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    yield
    calm.ledger.write_bytes(whole)


DOUBLE = (
    "INSERT INTO arrivals (inbox, path, size_bytes, after, state, received_at, finished_at, reason_code, stored_path) "
    "SELECT inbox, path, size_bytes, after, state, received_at, finished_at, reason_code, stored_path "
    "FROM arrivals WHERE state = 'quarantined' LIMIT 1"
)


@pytest.mark.parametrize(
    ("statement", "promises", "told"),
    [
        ("DELETE FROM arrivals WHERE id = 3", {"P1"}, "0 rows instead of 1"),
        (DOUBLE, {"P2"}, "2 rows instead of 1"),
        ("UPDATE screenings SET model_sha256 = 'other'", {"P16"}, "name another model"),
        ("UPDATE arrivals SET source_sha256 = 'other' WHERE state = 'done'", {"P1"}, "other bytes"),
    ],
)
def test_a_doctored_ledger_breaks_a_promise(calm: Calm, statement: str, promises: set[str], told: str) -> None:
    with doctored(calm, statement):
        book = calm.prove()
    assert broken(book) >= promises
    assert any(told in fault for promise in promises for fault in book.findings[promise].faults)


def find_film(calm: Calm) -> Path:
    return min((calm.site.home / "processed").rglob("*.dcm"))


def test_a_file_that_is_gone_is_lost(calm: Calm) -> None:
    film = find_film(calm)
    content = film.read_bytes()
    film.unlink()
    book = calm.prove()
    film.write_bytes(content)
    assert broken(book) == {"P1"}
    assert book.findings["P1"].figures["lost"] > 0
    assert broken(calm.prove()) == set()


@pytest.mark.parametrize("place", ["tmp/left", "left"])
def test_a_file_beside_the_folders_is_seen(calm: Calm, place: str) -> None:
    stray = calm.site.root / place
    stray.touch()
    book = calm.prove()
    stray.unlink()
    assert broken(book) == {"P13"}


def test_another_answer_than_without_kills_is_seen(calm: Calm) -> None:
    name = min(calm.answers)
    others = {**calm.answers, name: replace(calm.answers[name], outcome="other")}
    calm.stand.book = Notebook()
    compare(calm.stand, others, calm.answers)
    assert broken(calm.stand.book) == {"P5"}


@pytest.mark.parametrize("leak", ["log", "name", "reason"])
def test_a_trace_of_the_patient_is_seen(calm: Calm, leak: str) -> None:
    paths: dict[str, Callable[[], Path]] = {
        "log": lambda: calm.site.log,
        "name": lambda: calm.site.home / "processed" / PATIENT_ID,
        "reason": lambda: calm.site.home / "quarantine" / "1.reason.json",
    }
    path = paths[leak]()
    before = path.read_bytes() if path.exists() else None
    path.write_bytes((before or b"") + PATIENT_ID.encode())
    calm.stand.book = Notebook()
    look_for_traces(calm.stand, Run(calm.site, calm.stand.films), b"")
    path.unlink() if before is None else path.write_bytes(before)
    assert broken(calm.stand.book) == {"P12"}
