"""What XRAY_DEVICES may say, and what a device is called."""

import re
from dataclasses import dataclass

AUTO, CPU = "auto", "cpu"
ACCEPTED = "accepted are auto, cpu, GPUs such as gpu:0,gpu:1, or cpu,cpu"
_GPU = re.compile(r"gpu:(0|[1-9][0-9]{0,2})")


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


def parse_devices(text: str) -> tuple[str, ...]:
    """Split the setting into names, without looking at the machine.

    Raises
    ------
    ValueError
        It is not one of the forms above, in one line.
    """
    names = tuple(name.strip() for name in text.split(","))
    if names == (AUTO,) or all(name == CPU for name in names):
        return names
    if not all(_GPU.fullmatch(name) for name in names):
        raise ValueError(f"'{text}' is no list of devices: {ACCEPTED}")
    if len(set(names)) < len(names):
        raise ValueError(f"'{text}' names a GPU twice: one engine for each is enough")
    return names
