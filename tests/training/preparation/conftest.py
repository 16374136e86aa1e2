"""The films of these tests are noise, which the gate that ships refuses."""

from pathlib import Path

import pytest


@pytest.fixture(autouse=True)
def _noise_passes_the_gate(open_gate: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("training.preparation.preparation.SHIPPED_BUNDLE", open_gate)


@pytest.fixture
def output(tmp_path: Path) -> Path:
    return tmp_path / "dataset"
