import shutil
import zipfile
from pathlib import Path

import numpy as np
import pytest

from inference.bundle import read_bundle
from training.run.export import EnginesDisagreeError, TargetTakenError, check_agreement, check_target, stage_bundle
from training.run.run import TrainingResult

# TensorFlow hands its tensors to numpy in a way that numpy 2 has deprecated.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")


@pytest.fixture
def batch() -> np.ndarray:
    return np.random.default_rng(0).random((5, 64, 64, 1), dtype=np.float32)


def test_the_exported_files_agree(result: TrainingResult, batch: np.ndarray):
    assert check_agreement(result.model, batch) <= 1e-4


def test_kernels_are_what_float16_can_hold_and_deflate(result: TrainingResult):
    import keras

    network = keras.saving.load_model(result.model / "model.keras", compile=False)
    kernels = [each for each in network.get_weights() if each.ndim > 1]
    assert kernels
    assert all(np.array_equal(each, each.astype(np.float16).astype(np.float32)) for each in kernels)
    with zipfile.ZipFile(result.model / "model.keras") as parts:
        assert {part.compress_type for part in parts.infolist()} == {zipfile.ZIP_DEFLATED}


def test_files_of_two_models_are_found_to_disagree(
    result: TrainingResult, backbone: Path, tmp_path: Path, batch: np.ndarray
):
    from training.fit.network import build_network

    folder = Path(shutil.copytree(result.model, tmp_path / "bundle"))
    build_network(str(backbone), 4, 64).save(folder / "model.keras")
    with pytest.raises(EnginesDisagreeError, match="differ by"):
        check_agreement(folder, batch)


def test_a_new_bundle_replaces_an_old_one_whole(result: TrainingResult, tmp_path: Path):
    target = Path(shutil.copytree(result.model, tmp_path / "bundle"))
    (target / "left over").touch()
    with stage_bundle(target) as staging:
        shutil.copytree(result.model, staging, dirs_exist_ok=True)
    assert read_bundle(target).model_version == "tiny-1"
    assert not (target / "left over").exists()
    assert list(tmp_path.iterdir()) == [target]


def test_a_failed_export_leaves_the_old_bundle_and_nothing_else(result: TrainingResult, tmp_path: Path):
    target = Path(shutil.copytree(result.model, tmp_path / "bundle"))
    with pytest.raises(ZeroDivisionError), stage_bundle(target) as staging:
        (staging / "model.keras").write_text(str(1 / 0))
    assert read_bundle(target).model_version == "tiny-1"
    assert list(tmp_path.iterdir()) == [target]


def test_a_folder_with_something_else_is_never_replaced(tmp_path: Path):
    (tmp_path / "thesis.txt").touch()
    with pytest.raises(TargetTakenError, match="something else"), stage_bundle(tmp_path):
        pass
    assert (tmp_path / "thesis.txt").exists()


@pytest.mark.parametrize("name", ["new", "empty"])
def test_a_new_or_an_empty_folder_is_free(tmp_path: Path, name: str):
    (tmp_path / "empty").mkdir()
    check_target(tmp_path / name)
