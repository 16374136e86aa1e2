from pathlib import Path

import pytest

from bench import growth
from inference.bundle import SHIPPED_BUNDLE


def test_a_film_has_a_cost_in_a_ledger_of_each_size(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(growth, "FILMS", 3)
    monkeypatch.setattr(growth, "WARM_UP", 1)
    found = growth.measure_ledger(tmp_path, [50, 10], SHIPPED_BUNDLE)
    assert [rows for rows, _, _ in found] == [10, 50]
    assert all(0 < worked < 60 and 0 < lasted < 60 for _, worked, lasted in found)


def test_a_file_has_a_cost_in_the_inbox(tmp_path: Path):
    first, later = growth.measure_inbox(tmp_path, 20)
    assert min(*first, *later) > 0
    assert len(list((tmp_path / "inbox-20").iterdir())) == 20
