"""Tensors out of a checkpoint of PyTorch before version 1.6, without PyTorch and without running what is pickled in it.

Such a file is four pickles (a magic number, a version, the machine, the tensors' shapes), a list of storages, and then
the storages' bytes. A pickle may name any function to be called; here only those that make up a tensor are known.
"""

import io
import pickle
import struct
from collections import OrderedDict
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

MAGIC_NUMBER = 0x1950A86A20F9469CFC6C
DTYPES: dict[str, np.dtype[Any]] = {"FloatStorage": np.dtype("<f4"), "LongStorage": np.dtype("<i8")}


class CheckpointFormatError(ValueError):
    """The file is no checkpoint of this kind."""


@dataclass(frozen=True, slots=True)
class _Tensor:
    storage: tuple[str, str]
    offset: int
    shape: tuple[int, ...]
    strides: tuple[int, ...]  # in elements


def read_tensors(content: bytes) -> dict[str, npt.NDArray[Any]]:
    """Return the tensors of a checkpoint by name.

    Raises
    ------
    CheckpointFormatError
        It is none, or holds something else than tensors of floats and whole numbers.
    """
    stream = io.BytesIO(content)
    try:
        magic, _, _, tensors, keys = (_Reader(stream).load() for _ in range(5))
        if magic != MAGIC_NUMBER:
            raise CheckpointFormatError("no checkpoint: another magic number")
        storages = _read_storages(stream, keys, {each.storage[1]: each.storage[0] for each in tensors.values()})
        return {name: _shape(each, storages[each.storage[1]]) for name, each in tensors.items()}
    except (AttributeError, EOFError, KeyError, TypeError, pickle.UnpicklingError, struct.error) as error:
        raise CheckpointFormatError(f"no checkpoint of tensors ({error})") from error


class _Reader(pickle.Unpickler):
    """Knows the few names that a tensor is written with, and refuses every other."""

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) == ("collections", "OrderedDict"):
            return OrderedDict
        if (module, name) == ("torch._utils", "_rebuild_tensor_v2"):
            return _rebuild
        if module == "torch" and name in DTYPES:
            return name
        raise pickle.UnpicklingError(f"{module}.{name} is not read")

    def persistent_load(self, pid: Any) -> tuple[str, str]:
        _, kind, key, *_ = pid
        return kind, key


def _rebuild(
    storage: tuple[str, str], offset: int, shape: tuple[int, ...], strides: tuple[int, ...], *_: Any
) -> _Tensor:
    return _Tensor(storage, offset, shape, strides)


def _read_storages(stream: io.BytesIO, keys: list[str], kinds: dict[str, str]) -> dict[str, npt.NDArray[Any]]:
    found = {}
    for key in keys:
        (count,) = struct.unpack("<q", stream.read(8))
        dtype = DTYPES[kinds[key]]
        found[key] = np.frombuffer(stream.read(count * dtype.itemsize), dtype)
    return found


def _shape(tensor: _Tensor, storage: npt.NDArray[Any]) -> npt.NDArray[Any]:
    last = tensor.offset + sum((size - 1) * stride for size, stride in zip(tensor.shape, tensor.strides, strict=True))
    if not 0 <= tensor.offset <= last < len(storage):
        raise CheckpointFormatError("a tensor reaches beyond its storage")
    strides = tuple(storage.itemsize * stride for stride in tensor.strides)
    return np.ascontiguousarray(np.lib.stride_tricks.as_strided(storage[tensor.offset :], tensor.shape, strides))
