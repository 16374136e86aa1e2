"""Machines with GPUs are stand-ins: a folder with the names that a driver would make in /dev."""

from pathlib import Path

import pytest

from installation.settings import parse_devices
from worker.engines.devices import Device, choose_devices, find_gpus, find_missing_package
from worker.errors import DeviceError

NO_KERAS = {"KERAS_BACKEND": "a_backend_that_is_not_installed"}


@pytest.fixture
def machine(tmp_path: Path) -> Path:
    """Two GPUs and what else a driver leaves in /dev."""
    (tmp_path / "dev").mkdir()
    for name in ("nvidia0", "nvidia1", "nvidiactl", "nvidia-uvm", "null"):
        (tmp_path / "dev" / name).touch()
    return tmp_path


def names(text: str, root: Path, **environment: str) -> list[str]:
    return [device.name for device in choose_devices(text, root, environment).engines]


def test_without_a_gpu_there_is_no_engine(tmp_path: Path) -> None:
    assert names("auto", tmp_path) == []
    assert names("cpu", tmp_path) == []
    assert choose_devices("auto", tmp_path, {}).note == ""


def test_each_gpu_gets_an_engine(machine: Path) -> None:
    assert names("auto", machine) == ["gpu:0", "gpu:1"]
    assert names("gpu:1", machine) == ["gpu:1"]
    assert names("gpu:1, gpu:0", machine) == ["gpu:1", "gpu:0"]
    assert names("cpu", machine) == []


def test_several_cpus_get_engines_for_trying_out(tmp_path: Path) -> None:
    assert names("cpu,cpu", tmp_path) == ["cpu:0", "cpu:1"]


def test_what_cuda_hides_is_not_there(machine: Path) -> None:
    assert find_gpus(machine, {"CUDA_VISIBLE_DEVICES": "GPU-8f2c,1"}) == {"gpu:0": "GPU-8f2c", "gpu:1": "1"}
    assert names("auto", machine, CUDA_VISIBLE_DEVICES="") == []
    assert names("auto", machine, CUDA_VISIBLE_DEVICES="-1") == []
    with pytest.raises(DeviceError, match=r"found is gpu:0$"):
        choose_devices("gpu:1", machine, {"CUDA_VISIBLE_DEVICES": "1"})


def test_a_gpu_that_is_not_there_is_named(machine: Path, tmp_path: Path) -> None:
    with pytest.raises(DeviceError, match="names gpu:2: found is gpu:0, gpu:1"):
        choose_devices("gpu:0,gpu:2", machine, {})
    with pytest.raises(DeviceError, match="no GPU"):
        choose_devices("gpu:0", tmp_path / "elsewhere", {})


def test_without_keras_an_engine_that_is_asked_for_is_refused_and_auto_makes_do(machine: Path) -> None:
    for text in ("gpu:0", "cpu,cpu"):
        with pytest.raises(DeviceError, match=r"not installed: pip install .*gpu.txt"):
            choose_devices(text, machine, NO_KERAS)
    found = choose_devices("auto", machine, NO_KERAS)
    assert found.engines == ()
    assert "2 GPUs are not used" in found.note
    assert choose_devices("cpu", machine, NO_KERAS).note == ""


def test_the_package_that_is_missing_is_named() -> None:
    assert find_missing_package({}) is None
    assert find_missing_package(NO_KERAS) == NO_KERAS["KERAS_BACKEND"]


@pytest.mark.parametrize(
    "text", ["", "tpu", "gpu", "gpu:", "gpu:x", "gpu:01", "cpu:0", "gpu:0,cpu", "auto,cpu", "cpu,"]
)
def test_what_is_no_list_of_devices_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="accepted are auto, cpu"):
        parse_devices(text)


def test_a_gpu_named_twice_is_refused() -> None:
    with pytest.raises(ValueError, match="twice"):
        parse_devices("gpu:0,gpu:0")


def test_an_engine_sees_its_own_device_alone_and_takes_memory_as_it_needs_it() -> None:
    gpu = Device("gpu:1", "1").environment()
    assert gpu["CUDA_VISIBLE_DEVICES"] == "1"
    assert gpu["CUDA_DEVICE_ORDER"] == "PCI_BUS_ID"
    assert gpu["TF_FORCE_GPU_ALLOW_GROWTH"] == "true"
    assert gpu["XLA_PYTHON_CLIENT_PREALLOCATE"] == "false"
    assert (gpu["NVIDIA_TF32_OVERRIDE"], gpu["JAX_DEFAULT_MATMUL_PRECISION"]) == ("0", "highest")
    assert Device("cpu:0").environment()["CUDA_VISIBLE_DEVICES"] == "-1"
