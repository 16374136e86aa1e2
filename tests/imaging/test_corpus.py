"""Every malformed, hostile or odd file ends as its manifest says: soon, in bounded memory, with a named reason."""

import csv
import multiprocessing
import resource
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from imaging import REASONS, RadiographError, read_radiograph

SPARE_BYTES = 2 * 1024**3
SECONDS = 30
PROCESSES = 2


@dataclass(frozen=True)
class Ending:
    """How one file ended in its child process."""

    result: str
    seconds: float


def bound_memory() -> None:
    """Allow a child 2 GiB beyond what it has already mapped."""
    # what the child imports before the first file is no part of a file's cost
    import imaging.dicom.decoding
    import imaging.raster  # noqa: F401

    mapped = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (mapped + SPARE_BYTES, mapped + SPARE_BYTES))


def read(path: Path) -> Ending:
    start = time.perf_counter()
    try:
        pixels = read_radiograph(path).pixels
    except RadiographError as refused:
        result = refused.reason_code
    except Exception as raised:  # noqa: BLE001 - whatever else leaves the reader is what this test looks for
        result = f"!{type(raised).__name__}"
    else:
        sound = pixels.dtype == np.float32 and np.isfinite(pixels).all() and 0 <= pixels.min() < pixels.max() <= 1
        result = "accepted" if sound else "!unsound pixels"
    return Ending(result, time.perf_counter() - start)


def read_all(folder: Path, names: list[str]) -> dict[str, Ending]:
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(PROCESSES, context, initializer=bound_memory) as pool:
        running = {name: pool.submit(read, folder / name) for name in names}
        endings = {}
        for name, future in running.items():
            try:
                endings[name] = future.result(timeout=SECONDS)
            except BrokenProcessPool:
                pytest.fail(f"a child died at {name} or a file beside it")
            except TimeoutError:
                for process in multiprocessing.active_children():
                    process.kill()
                pytest.fail(f"{name} took more than {SECONDS} s")
    return endings


def read_manifest(folder: Path) -> list[dict[str, str]]:
    with (folder / "manifest.csv").open(newline="") as file:
        return list(csv.DictReader(file))


def agrees(expected: str, result: str) -> bool:
    if expected == "accept":
        return result == "accepted"
    if expected == "reject":
        return result in REASONS
    return result == "accepted" or result in REASONS


def test_every_bad_input_ends_as_the_manifest_says(
    shared: Path, record_property: Callable[[str, object], None]
) -> None:
    folder = shared / "bad_inputs"
    expected = {row["file"]: row["expect"] for row in read_manifest(folder)}
    endings = read_all(folder, list(expected))
    wrong = {name: ending.result for name, ending in endings.items() if not agrees(expected[name], ending.result)}
    assert wrong == {}
    # the checks shall foresee everything; what they do not is caught, and shall show here
    assert [name for name, ending in endings.items() if ending.result == "undecodable"] == []
    slowest = max(endings, key=lambda name: endings[name].seconds)
    record_property("slowest", f"{slowest} {endings[slowest].seconds:.2f} s")
    assert endings[slowest].seconds < 5


def test_real_dicom_files_end_sensibly(shared: Path) -> None:
    folder = shared / "dicom"
    rows = read_manifest(folder)
    endings = read_all(folder, [row["file"] for row in rows])
    films = {row["file"] for row in rows if row["body_part"] == "CHEST" and row["has_pixels"] == "True"}
    accepted = {name for name, ending in endings.items() if ending.result == "accepted"}
    assert accepted == films
    assert len(films) == 4
    for row in rows:
        if row["body_part"] in ("HIP", "EXTREMITY") and row["modality"] in ("CR", "DX"):
            assert endings[row["file"]].result == "other_body_part"
    assert {ending.result for ending in endings.values()} - {"accepted"} <= set(REASONS) - {"undecodable"}
