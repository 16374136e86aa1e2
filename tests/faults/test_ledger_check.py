"""The checker sees what it is there for: a proof that cannot fail proves nothing."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from selftest.ledger_check import Ledger, find_faults
from store.states import ArrivalState
from tests.faults.conftest import Films

pytestmark = pytest.mark.faults


@pytest.fixture
def ledger(films: Films) -> Ledger:
    return Ledger.read(f"sqlite:///{films.site / 'home' / 'xray.db'}")


def check(films: Films, ledger: Ledger) -> str:
    inbox = (films.site / "inbox").resolve()
    return "\n".join(map(str, find_faults(ledger, inbox, films.site / "home", films.hashes)))


def find_stored(ledger: Ledger, state: ArrivalState) -> Path:
    found: Path = next(row.stored_path for row in ledger.arrivals if row.state == state)
    return found


@pytest.fixture
def film(ledger: Ledger) -> Iterator[Path]:
    path = find_stored(ledger, ArrivalState.DONE)
    content = path.read_bytes()
    yield path
    path.write_bytes(content)


def test_an_undisturbed_run_has_no_faults(films: Films, ledger: Ledger) -> None:
    assert check(films, ledger) == ""


def test_a_row_that_is_missing_is_a_file_that_was_lost(films: Films, ledger: Ledger) -> None:
    lacking = replace(ledger, arrivals=ledger.arrivals[1:])
    assert "0 rows instead of 1" in check(films, lacking)
    assert "no row knows this file" in check(films, lacking)


def test_a_row_that_is_there_twice_is_seen(films: Films, ledger: Ledger) -> None:
    doubled = replace(ledger, arrivals=[*ledger.arrivals, ledger.arrivals[0]])
    assert "2 rows instead of 1" in check(films, doubled)


def test_a_result_without_its_arrival_is_seen(films: Films, ledger: Ledger) -> None:
    lacking = replace(ledger, screenings={})
    assert "but its screening is" in check(films, lacking)
    undone = [row for row in ledger.arrivals if row.state != ArrivalState.DONE]
    assert "0 arrivals are done by it" in check(films, replace(ledger, arrivals=undone))


def test_a_file_that_was_deleted_is_seen(films: Films, ledger: Ledger, film: Path) -> None:
    film.unlink()
    assert "is not where its row says" in check(films, ledger)
    assert "1 files too few" in check(films, ledger)


def test_a_file_with_other_bytes_than_were_judged_is_seen(films: Films, ledger: Ledger, film: Path) -> None:
    film.write_bytes(film.read_bytes()[:-1])
    assert "other bytes than were judged" in check(films, ledger)


def test_a_stray_or_half_copied_file_is_seen(films: Films, ledger: Ledger, film: Path) -> None:
    stray = film.with_name(film.name + ".part")
    stray.write_bytes(b"half")
    assert "no row knows this file" in check(films, ledger)
    stray.unlink()


def test_a_reason_that_is_not_the_rows_is_seen(films: Films, ledger: Ledger) -> None:
    path = find_stored(ledger, ArrivalState.QUARANTINED)
    reason = path.with_name(path.name + ".reason.json")
    said = reason.read_text()
    reason.write_text('{"reason_code": "none of ours"}')
    assert "its reason file says something else" in check(films, ledger)
    reason.unlink()
    assert "without a reason file" in check(films, ledger)
    reason.write_text(said)
