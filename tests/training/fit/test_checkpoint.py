from pathlib import Path

import numpy as np
import pytest

from training.fit.checkpoint import Checkpoint, CheckpointError, read_checkpoint, write_checkpoint
from training.fit.resumption import Best


def test_what_is_written_is_read(tmp_path: Path):
    arrays = {"network": [np.arange(3.0), np.float32(2.5).reshape(())], "rest": [np.zeros((2, 0), dtype=np.int64)]}
    write_checkpoint(tmp_path / "a.npz", Checkpoint(arrays, {"epoch": 3, "history": [{"loss": None}]}))
    found = read_checkpoint(tmp_path / "a.npz")
    assert found is not None
    assert found.facts == {"epoch": 3, "history": [{"loss": None}]}
    for name, each in arrays.items():
        for left, right in zip(each, found.arrays[name], strict=True):
            np.testing.assert_array_equal(left, right)
            assert left.dtype == right.dtype
    assert list(tmp_path.iterdir()) == [tmp_path / "a.npz"]


def test_many_arrays_keep_their_order(tmp_path: Path):
    write_checkpoint(tmp_path / "a.npz", Checkpoint({"n": [np.array(place) for place in range(25)]}, {}))
    found = read_checkpoint(tmp_path / "a.npz")
    assert found is not None
    assert [int(array) for array in found.arrays["n"]] == list(range(25))


def test_no_file_is_no_checkpoint(tmp_path: Path):
    assert read_checkpoint(tmp_path / "a.npz") is None


@pytest.mark.parametrize("keep", [0, 10, 300, -1])
def test_a_damaged_file_is_refused_with_advice(tmp_path: Path, keep: int):
    path = tmp_path / "a.npz"
    write_checkpoint(path, Checkpoint({"n": [np.zeros(100)]}, {}))
    path.write_bytes(path.read_bytes()[:keep])
    with pytest.raises(CheckpointError, match=r"a\.npz is no checkpoint: remove it"):
        read_checkpoint(path)


@pytest.mark.parametrize(("epoch", "patience", "old"), [(3, 3, False), (4, 3, True), (9, 0, False)])
def test_patience_counts_epochs_since_the_best_one(epoch: int, patience: int, old: bool):
    assert Best([], 0.5, 1).is_old(epoch, patience) is old
