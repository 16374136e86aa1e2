"""A run that is cut off and resumed ends as an undisturbed one does."""

import csv
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from rich.console import Console

from tests.training.factories import write_film
from training.fit import fitting
from training.fit.settings import FitSettings, TrainingSettings
from training.run.run import TrainingResult, train_and_export
from training.run.run_folder import (
    ResumeMismatchError,
    RunFolderTakenError,
    RunNotFoundError,
    find_run_folder,
    name_run_folder,
    open_run_folder,
)

# TensorFlow's imports and its tensors use what numpy has deprecated.
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")

CUT_OFF_AFTER = 6
"""Checkpoints: the head and three epochs of the first fold, the head and one epoch of the second."""


class CutOffError(BaseException):
    """Stands for kill -9: nothing in the program may catch it and tidy up."""


@pytest.fixture(scope="module")
def folded(settings: TrainingSettings) -> TrainingSettings:
    return replace(settings, folds=2, other_findings=None, fit=replace(settings.fit, epochs=3, patience=0))


@pytest.fixture(scope="module")
def run(folded: TrainingSettings, console: Console) -> Callable[..., TrainingResult]:
    def train(folder: Path, **options: Any) -> TrainingResult:
        named = replace(folded, model=folder / "model", **options.pop("changes", {}))
        return train_and_export(named, console, run_folder=folder / "run", **options)

    return train


@pytest.fixture(scope="module")
def cut_off(run: Callable[..., TrainingResult], tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder, keep, written = tmp_path_factory.mktemp("cut_off"), fitting.keep_state, []

    def keep_and_stop(path: Path, *state: Any) -> None:
        keep(path, *state)
        written.append(path)
        if len(written) == CUT_OFF_AFTER:
            raise CutOffError

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(fitting, "keep_state", keep_and_stop)
        with pytest.raises(CutOffError):
            run(folder)
    return folder


def test_a_run_that_is_cut_off_has_published_nothing_and_keeps_its_checkpoints(cut_off: Path):
    assert not (cut_off / "model").exists()
    assert {path.name for path in (cut_off / "run" / "checkpoint").iterdir()} == {
        "fold-1.result.npz", "fold-2.state.npz"
    }  # fmt: skip


def test_another_setting_is_refused_and_named(cut_off: Path, run: Callable[..., TrainingResult]):
    changes = {"fit": FitSettings(epochs=3, batch_size=8, learning_rate=0.5, patience=0, seed=5)}
    with pytest.raises(ResumeMismatchError, match=r"other settings: fit.learning_rate was 0.03, now 0.5$"):
        run(cut_off, resume=True, changes=changes)


def test_the_folder_is_not_taken_for_a_new_run(cut_off: Path, run: Callable[..., TrainingResult]):
    with pytest.raises(RunFolderTakenError, match="give --resume"):
        run(cut_off)


def test_another_film_is_refused(cut_off: Path, run: Callable[..., TrainingResult], dataset: Path):
    film = dataset / "normal" / "3.png"
    before = film.read_bytes()
    try:
        write_film(film, 2, seed=12345)
        with pytest.raises(ResumeMismatchError, match="not the films or labels"):
            run(cut_off, resume=True)
    finally:
        film.write_bytes(before)


def test_a_resumed_run_ends_as_an_undisturbed_one(cut_off: Path, run: Callable[..., TrainingResult], tmp_path: Path):
    calm, resumed = run(tmp_path), run(cut_off, resume=True)
    for name in ("history.csv", "folds.csv"):
        for left, right in zip(_read(calm.run_folder / name), _read(resumed.run_folder / name), strict=True):
            assert left[:3] == right[:3]
            # Sums over several threads are not made in the same order each time: equal but for rounding.
            np.testing.assert_allclose(_to_numbers(left[3:]), _to_numbers(right[3:]), atol=1e-3)
    states = [np.load(each.run_folder / "checkpoint" / "final.state.npz") for each in (calm, resumed)]
    with states[0] as left, states[1] as right:
        assert left.files == right.files
        for name in left.files[1:]:
            np.testing.assert_allclose(left[name], right[name], rtol=1e-3, atol=1e-4)


def test_there_must_be_a_run_to_resume(settings: TrainingSettings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(RunNotFoundError, match="no run of tiny in runs/ to resume"):
        find_run_folder(settings)
    with pytest.raises(RunNotFoundError, match="to resume"):
        open_run_folder(tmp_path / "nowhere", settings, resume=True)


def test_the_latest_run_of_the_model_is_resumed(
    settings: TrainingSettings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.chdir(tmp_path)
    for name in (
        "20261121T120000Z-tiny",
        "20261121T110000Z-tiny",
        "20261121T130000Z-other",
        "20261121T140000Z-not-tiny",
    ):
        (tmp_path / "runs" / name).mkdir(parents=True)
    assert find_run_folder(settings).name == "20261121T120000Z-tiny"
    assert name_run_folder(settings).name > "20261121T120000Z"


def test_an_unwritable_run_folder_is_an_error_of_the_system(settings: TrainingSettings, tmp_path: Path):
    (tmp_path / "file").touch()
    with pytest.raises(NotADirectoryError):
        open_run_folder(tmp_path / "file" / "run", settings, resume=False)


def _read(path: Path) -> list[list[str]]:
    with path.open() as lines:
        return list(csv.reader(lines))[1:]


def _to_numbers(texts: list[str]) -> list[float]:
    return [float(text) for text in texts]
