import io
import os
import pickle
import struct
from collections import OrderedDict
from typing import Any

import numpy as np
import pytest

from training.weights.checkpoint import MAGIC_NUMBER, CheckpointFormatError, read_tensors


class _Storage:
    """Stands for a storage when it is pickled."""

    def __init__(self, key: str) -> None:
        self.key = key


class _Named:
    """Pickles as a call of a function of PyTorch, which is not installed here."""

    def __init__(self, module: str, name: str, *arguments: Any) -> None:
        self.call = module, name, arguments


class _Writer(pickle._Pickler):  # the pickler in Python: the one in C writes no name that it cannot import
    def persistent_id(self, obj: Any) -> Any:
        return ("storage", _Global("torch", "FloatStorage"), obj.key, "cpu", 1) if isinstance(obj, _Storage) else None

    def save(self, obj: Any, save_persistent_id: bool = True) -> None:
        if isinstance(obj, _Global):
            self.write(pickle.GLOBAL + f"{obj.module}\n{obj.name}\n".encode())
        elif isinstance(obj, _Named):
            module, name, arguments = obj.call
            self.save(_Global(module, name))
            self.save(arguments)
            self.write(pickle.REDUCE)
        else:
            super().save(obj, save_persistent_id)


class _Global:
    def __init__(self, module: str, name: str) -> None:
        self.module, self.name = module, name


def write_checkpoint(tensors: Any, storages: dict[str, np.ndarray], magic: int = MAGIC_NUMBER) -> bytes:
    stream = io.BytesIO()
    for part in (magic, 1001, {"little_endian": True}, tensors, sorted(storages)):
        _Writer(stream, 2).dump(part)
    for key in sorted(storages):
        stream.write(struct.pack("<q", storages[key].size) + storages[key].astype("<f4").tobytes())
    return stream.getvalue()


def make_tensor(key: str, offset: int, shape: tuple[int, ...], strides: tuple[int, ...]) -> _Named:
    return _Named("torch._utils", "_rebuild_tensor_v2", _Storage(key), offset, shape, strides, False, OrderedDict())


def test_tensors_are_read_by_name_offset_and_strides():
    numbers = np.arange(12, dtype=np.float32)
    tensors = OrderedDict(plain=make_tensor("a", 6, (2, 3), (3, 1)), turned=make_tensor("a", 0, (3, 2), (1, 3)))
    found = read_tensors(write_checkpoint(tensors, {"a": numbers}))
    assert found["plain"].tolist() == [[6, 7, 8], [9, 10, 11]]
    assert found["turned"].tolist() == [[0, 3], [1, 4], [2, 5]]


def test_a_tensor_beyond_its_storage_is_refused():
    tensors = OrderedDict(far=make_tensor("a", 6, (3, 3), (3, 1)))
    with pytest.raises(CheckpointFormatError, match="beyond its storage"):
        read_tensors(write_checkpoint(tensors, {"a": np.zeros(12)}))


def test_what_would_be_run_is_refused():
    with pytest.raises(CheckpointFormatError, match=f"{os.name}.system is not read"):
        read_tensors(write_checkpoint(_Named(os.name, "system", "touch /tmp/pwned"), {}))


@pytest.mark.parametrize("content", [b"", b"no pickle", write_checkpoint(OrderedDict(), {}, magic=1)])
def test_another_file_is_refused(content: bytes):
    with pytest.raises(CheckpointFormatError, match="no checkpoint"):
        read_tensors(content)
