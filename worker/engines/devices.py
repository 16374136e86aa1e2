"""Where the network runs: in each screening process (LiteRT on the CPU), or in an engine process for each device.

``XRAY_DEVICES``:

===============  =======================================================================================
``auto``         an engine for each GPU, if there are any and Keras is installed; else as ``cpu``
``cpu``          no engine: LiteRT in each screening process, the fastest way without a GPU
``gpu:0,gpu:1``  an engine for each GPU that is named, numbered as ``nvidia-smi`` does
``cpu,cpu``      as many Keras engines on the CPU, for trying out and testing engines without a GPU
===============  =======================================================================================

Looking for GPUs costs nothing: it reads names in ``/dev``, and imports neither TensorFlow nor CUDA.
"""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from installation.settings import AUTO, CPU, parse_devices
from worker.errors import DeviceError

INSTALL = "pip install --require-hashes -r requirements/gpu.txt"
_NODE = re.compile(r"nvidia[0-9]+")


@dataclass(frozen=True, slots=True)
class Device:
    """A device that gets an engine process.

    Attributes
    ----------
    name : str
        ``gpu:0`` or ``cpu:0``, counted from 0.
    cuda_name : str
        What CUDA calls it; empty for a CPU.
    """

    name: str
    cuda_name: str = ""

    @property
    def is_gpu(self) -> bool:
        """Whether it is a GPU."""
        return bool(self.cuda_name)

    @property
    def slug(self) -> str:
        """Its name in file names."""
        return self.name.replace(":", "-")

    def environment(self) -> dict[str, str]:
        """Return what makes it the only device that TensorFlow or JAX sees, and its memory taken as it is needed."""
        quiet = {"TF_CPP_MIN_LOG_LEVEL": "2"}
        if not self.is_gpu:
            return quiet | {"CUDA_VISIBLE_DEVICES": "-1", "JAX_PLATFORMS": "cpu"}
        return quiet | {
            "CUDA_DEVICE_ORDER": "PCI_BUS_ID",
            "CUDA_VISIBLE_DEVICES": self.cuda_name,
            "TF_FORCE_GPU_ALLOW_GROWTH": "true",
            "XLA_PYTHON_CLIENT_PREALLOCATE": "false",
            "NVIDIA_TF32_OVERRIDE": "0",  # float32 is float32: its products are not rounded to 10 bits
            "JAX_DEFAULT_MATMUL_PRECISION": "highest",
        }


@dataclass(frozen=True, slots=True)
class Devices:
    """The devices that get an engine, none for LiteRT alone; ``note`` says what was found and is not used."""

    engines: tuple[Device, ...] = ()
    note: str = ""

    def describe(self) -> str:
        """Say where the network runs."""
        names = ", ".join(device.name for device in self.engines)
        return f"an engine process for each of {names}" if names else "LiteRT on the CPU, in each screening process"


def choose_devices(text: str, root: Path = Path("/"), environment: Mapping[str, str] = os.environ) -> Devices:
    """Choose the devices that get an engine.

    Parameters
    ----------
    text : str
        The setting.
    root : Path
        Where ``dev`` is; another one stands in for another machine.
    environment : mapping
        ``CUDA_VISIBLE_DEVICES`` and ``KERAS_BACKEND`` are respected.

    Raises
    ------
    DeviceError
        A GPU that is named is not there, or an engine is asked for and Keras is not installed.
    """
    names = parse_devices(text)
    gpus = find_gpus(root, environment)
    missing = find_missing_package(environment)
    if names == (CPU,) or (names == (AUTO,) and not gpus):
        return Devices()
    if names == (AUTO,) and missing:
        return Devices(note=f"{len(gpus)} GPUs are not used, because {missing} is not installed: {INSTALL}")
    if missing:
        raise DeviceError(f"XRAY_DEVICES={text} needs Keras, and {missing} is not installed: {INSTALL}")
    if set(names) == {CPU}:
        return Devices(tuple(Device(f"cpu:{number}") for number in range(len(names))))
    wanted = sorted(gpus) if names == (AUTO,) else names
    return Devices(tuple(_take_gpu(name, gpus) for name in wanted))


def find_gpus(root: Path = Path("/"), environment: Mapping[str, str] = os.environ) -> dict[str, str]:
    """Return what CUDA calls each NVIDIA GPU here, by our name: device nodes, unless CUDA_VISIBLE_DEVICES says more."""
    try:
        nodes = [entry.name for entry in (root / "dev").iterdir() if _NODE.fullmatch(entry.name)]
    except OSError:
        nodes = []
    visible = environment.get("CUDA_VISIBLE_DEVICES")
    found = [str(number) for number in range(len(nodes))]
    if nodes and visible is not None:
        found = [name.strip() for name in visible.split(",") if name.strip() not in ("", "-1")]
    return {f"gpu:{number}": cuda_name for number, cuda_name in enumerate(found)}


def find_missing_package(environment: Mapping[str, str] = os.environ) -> str | None:
    """Return the package that an engine needs and that is not installed, without importing any."""
    backend = environment.get("KERAS_BACKEND") or "tensorflow"
    return next((name for name in ("keras", backend) if find_spec(name) is None), None)


def _take_gpu(name: str, gpus: Mapping[str, str]) -> Device:
    if name not in gpus:
        found = ", ".join(gpus) or "no GPU (no /dev/nvidia0, or CUDA_VISIBLE_DEVICES hides it)"
        raise DeviceError(f"XRAY_DEVICES names {name}: found is {found}")
    return Device(name, gpus[name])
