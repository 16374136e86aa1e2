"""One run of the benchmark, from files to figures and goals."""

import importlib.util
import json
import os
import platform
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psutil

from bench.films import KINDS, RAW, FileKind
from bench.others import TORCHXRAYVISION, VGG16
from bench.product import measure_crowd, measure_flood, measure_idle, measure_scan, measure_start, measure_trickle
from bench.received import measure_received
from bench.steps import measure_steps, measure_steps_together
from documents.figures import say_duration, say_number, say_percent
from inference.bundle import read_bundle
from inference.labels import NOTICE
from installation.errors import HomeError
from store.location import find_filesystem_type

SCHEMA = 2
STEP_FILES = 40
OTHERS_FILES = 9
RECEIVED_FILES = 200
FILM_BYTES = 12 << 20  # a raw film, and its share of what else lies there
OURS = "this model"
CPU_FACTS = Path("/proc/cpuinfo")
Figures = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Size:
    """How much is measured: files of a flood and a scan, of the trickle, in ``processed``, and of the crowd."""

    files: int
    trickle: int
    processed: int
    crowd: int


SIZES = {
    "quick": Size(files=200, trickle=12, processed=5_000, crowd=2_000),
    "standard": Size(files=500, trickle=40, processed=20_000, crowd=10_000),
    "full": Size(files=1_000, trickle=60, processed=100_000, crowd=50_000),
}


def run_benchmark(size: Size, model: Path, folder: Path, announce: Callable[[str], None]) -> Figures:
    """Measure everything once, in one run on one machine.

    Parameters
    ----------
    size : Size
        How much.
    model : Path
        The bundle that answers.
    folder : Path
        Where films, ledgers and homes may lie for the time; a flood of 1,000 raw films takes 10 GB.
    announce : Callable
        Called with what is measured now; what others do only where TensorFlow or
        torchxrayvision is installed.

    Returns
    -------
    dict
        ``schema``, ``notice``, ``at``, ``machine``, ``model_version``, ``files``, ``kinds``, ``naive_rates``,
        ``peer_seconds``, ``service``; JSON types, seconds and bytes.

    Raises
    ------
    HomeError
        There is too little room in the folder.
    """
    if shutil.disk_usage(folder).free < size.files * FILM_BYTES:
        needed = size.files * FILM_BYTES >> 20
        raise HomeError(f"the benchmark needs {needed:,} MiB in {folder}: make room, or give another --folder")
    figures: Figures = {
        "schema": SCHEMA,
        "notice": NOTICE,
        "at": datetime.now(tz=UTC).isoformat(timespec="seconds"),
        "machine": describe_machine(folder),
        "model_version": read_bundle(model).model_version,
        "files": size.files,
        "kinds": [],
    }
    for kind in KINDS:
        announce(f"{kind.name}: steps, flood and scan of {size.files} files")
        figures["kinds"].append(_measure_kind(kind, size, model, folder, figures["machine"]["cores"]))
    announce("what others do")
    figures["naive_rates"], figures["peer_seconds"] = {}, None
    if importlib.util.find_spec("tensorflow") is not None:
        ways = {VGG16: VGG16, OURS: str(model)}
        figures["naive_rates"] = {name: 1.0 / measure_other(way, folder) for name, way in ways.items()}
    if importlib.util.find_spec(TORCHXRAYVISION) is not None:
        figures["peer_seconds"] = measure_other(TORCHXRAYVISION, folder)
    figures["service"] = dict(_measure_service(size, model, folder, announce))
    return figures


def _measure_kind(kind: FileKind, size: Size, model: Path, folder: Path, cores: int) -> Figures:
    with tempfile.TemporaryDirectory(prefix="flood-", dir=folder) as name:
        root = Path(name)
        steps = _measure_steps_alone(kind, model, root)
        together = _measure_steps_together(kind, model, root, cores)
        paths = kind.write_copies(root / "films", size.files, first=STEP_FILES)
        scanned = measure_scan(paths, root / "scan", model)
        flood = measure_flood(paths, root / "flood", model)
    ideal = cores / sum(steps.values())
    return {
        "kind": kind.name,
        "steps": steps,
        "together_seconds": together,
        "ideal_rate": ideal,
        "product_rate": flood.rate,
        "efficiency": flood.rate / ideal,
        "first_seconds": flood.first_seconds,
        "scan_rate": scanned,
        "memory": flood.memory,
        "beside_seconds": flood.beside_seconds,
    }


def _measure_steps_alone(kind: FileKind, model: Path, root: Path) -> dict[str, float]:
    paths = kind.write_copies(root / "alone", STEP_FILES)
    return measure_steps(paths, root, model)


def _measure_steps_together(kind: FileKind, model: Path, root: Path, cores: int) -> float:
    shares = [
        kind.write_copies(root / f"together-{core}", STEP_FILES, first=core * STEP_FILES) for core in range(cores)
    ]
    return measure_steps_together(shares, root, model)


def measure_other(way: str, folder: Path) -> float:
    """Return the seconds that a raw DICOM file takes one of the ways of `bench.others`."""
    with tempfile.TemporaryDirectory(prefix="others-", dir=folder) as name:
        paths = RAW.write_copies(Path(name, "films"), OTHERS_FILES)
        command = [sys.executable, "-m", "bench.others", way, *map(str, paths)]
        done = subprocess.run(command, capture_output=True, check=True, timeout=600)
    return float(json.loads(done.stdout.splitlines()[-1]))


def _measure_service(
    size: Size, model: Path, folder: Path, announce: Callable[[str], None]
) -> Iterator[tuple[str, float | int | None]]:
    with tempfile.TemporaryDirectory(prefix="service-", dir=folder) as name:
        root = Path(name)
        announce("start to first row")
        yield "start_seconds", measure_start(RAW.write_copies(root / "one", 1), root / "start", model)
        announce("films by DICOM over four associations")
        yield "received_rate", measure_received(min(size.files, RECEIVED_FILES), root / "received", model)
        announce(f"drop to row, {size.trickle} files at one a second")
        films = RAW.write_copies(root / "trickle-films", size.trickle)
        yield from zip(("latency_median", "latency_p95"), measure_trickle(films, root / "trickle", model), strict=True)
        announce(f"a service with nothing to do and {size.processed:,} processed files")
        yield "processed", size.processed
        yield "idle_share", measure_idle(size.processed, root / "idle", model)
        announce(f"{size.crowd:,} small files at once")
        yield "crowd", size.crowd
        yield from zip(("crowd_memory", "crowd_seconds"), measure_crowd(size.crowd, root / "crowd", model), strict=True)


def list_goals(figures: Figures) -> Sequence[tuple[str, str, bool]]:
    """Return goal, figure and whether it is reached, for the machine of these figures."""
    kinds = {each["kind"]: each for each in figures["kinds"]}
    goals = []
    for name in ("DICOM, raw", "DICOM, JPEG lossless", "JPEG, quality 95"):
        share = kinds[name]["efficiency"]
        goals.append((f"{name}: 85 % of the sum of the single steps on all cores", say_percent(share), share >= 0.85))
    for network, naive in figures["naive_rates"].items():
        times = kinds["DICOM, raw"]["product_rate"] / naive
        goals.append(
            (f"DICOM, raw: 10 times the notebooks' way, {network}", f"{say_number(times, 1)} times", times >= 10)
        )
    service = figures["service"]
    p95, start = service["latency_p95"], service["start_seconds"]
    idle, memory = service["idle_share"], service["crowd_memory"] / 2**20
    goals += [
        ("drop to row beyond the stability wait, 95th percentile: 150 ms", f"{1000 * p95:.0f} ms", p95 <= 0.15),
        ("start to first row: 3 s", say_duration(start), start <= 3),
        (
            f"idle with {service['processed']:,} processed files: 1 % of a core",
            f"{say_number(100 * idle, 1)} %",
            idle < 0.01,
        ),
        (f"watcher, {service['crowd']:,} files at once: 300 MiB", f"{memory:.0f} MiB", memory < 300),
    ]
    return goals


def describe_machine(folder: Path) -> dict[str, str | int]:
    """Return processor, cores, memory, file system of the folder, and Python; nothing that names the host."""
    return {
        "processor": _find_processor(),
        "cores": len(os.sched_getaffinity(0)),
        "memory_gib": round(psutil.virtual_memory().total / 2**30),
        "file_system": find_filesystem_type(folder) or "unknown",
        "system": f"{platform.system()} {platform.release().split('-')[0]}",
        "python": platform.python_version(),
    }


def _find_processor() -> str:
    facts = CPU_FACTS.read_text() if CPU_FACTS.exists() else ""
    names = [line.partition(":")[2].strip() for line in facts.splitlines() if line.startswith("model name")]
    return names[0] if names else platform.processor() or "unknown"
