"""One run of the benchmark, from files to figures and goals.

What is compared is measured side by side: in short rounds, within a round in random order. So a neighbour that comes
or goes meets both sides of a ratio, or shows as a spread over the rounds.
"""

import multiprocessing
import os
import platform
import random
import shutil
import tempfile
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from typing import Any

import psutil

from bench.films import KINDS, RAW, FileKind
from bench.goals import Figures, add_up
from bench.others import list_installed, take_way
from bench.product import (
    measure_crowd,
    measure_flood,
    measure_idle,
    measure_memory,
    measure_start,
    measure_trickle,
    running,
)
from bench.received import measure_received
from bench.steps import WARM_UP, Steps, take_steps
from inference.bundle import read_bundle
from inference.labels import NOTICE
from installation.errors import HomeError
from selftest.site import Site
from store.location import find_filesystem_type

SCHEMA = 3
STEP_FILES = 8
OTHERS_FILES = 4
RECEIVED_FILES = 200
LEAST_FLOOD = 24
FILM_BYTES = 12 << 20  # a raw film, and its share of what else lies there
COMPARED = ("DICOM, raw", "DICOM, JPEG 2000")  # with what others do
SEED = 1
CPU_FACTS = Path("/proc/cpuinfo")


@dataclass(frozen=True, slots=True)
class Size:
    """How much is measured: rounds, seconds of a flood, files of the trickle, in ``processed``, and of the crowd."""

    rounds: int
    flood_seconds: float
    trickle: int
    processed: int
    crowd: int


SIZES = {
    "quick": Size(rounds=3, flood_seconds=5, trickle=12, processed=5_000, crowd=2_000),
    "standard": Size(rounds=5, flood_seconds=8, trickle=40, processed=20_000, crowd=10_000),
    "full": Size(rounds=9, flood_seconds=10, trickle=60, processed=100_000, crowd=50_000),
}


@dataclass
class Stage:
    """Where rounds are played: a service that runs, and processes for the single steps and for what others do."""

    model: Path
    folder: Path
    site: Site
    solo: ProcessPoolExecutor
    cores: list[ProcessPoolExecutor]
    others: dict[str, ProcessPoolExecutor]
    numbers: Iterator[int] = field(default_factory=lambda: count(1))
    chance: random.Random = field(default_factory=lambda: random.Random(SEED))

    def write(self, kind: FileKind, files: int) -> list[Path]:
        """Write films that no round has had."""
        number = next(self.numbers)
        return kind.write_copies(self.folder / f"films-{number}", files, first=100_000 * number)


def run_benchmark(size: Size, model: Path, folder: Path, announce: Callable[[str], None]) -> Figures:
    """Measure everything once, in one run on one machine.

    Parameters
    ----------
    size : Size
        How much.
    model : Path
        The bundle that answers.
    folder : Path
        Where films, ledgers and homes may lie for the time; a flood of raw films takes 5 GB.
    announce : Callable
        Called with what is measured now; what others do only where TensorFlow or
        torchxrayvision is installed.

    Returns
    -------
    dict
        ``schema``, ``notice``, ``at``, ``machine``, ``model_version``, ``rounds``, ``kinds``, ``service``; JSON types,
        seconds and bytes.

    Raises
    ------
    HomeError
        There is too little room in the folder.
    """
    needed = round(size.flood_seconds * 25 * (os.cpu_count() or 1)) * FILM_BYTES
    if shutil.disk_usage(folder).free < needed:
        raise HomeError(f"the benchmark needs {needed >> 20:,} MiB in {folder}: make room, or give another --folder")
    figures: Figures = {
        "schema": SCHEMA,
        "notice": NOTICE,
        "at": datetime.now(tz=UTC).isoformat(timespec="seconds"),
        "machine": describe_machine(folder),
        "model_version": read_bundle(model).model_version,
        "rounds": size.rounds,
        "kinds": [],
    }
    with tempfile.TemporaryDirectory(prefix="rounds-", dir=folder) as name, ExitStack() as stack:
        stage = _set_stage(Path(name), model, figures["machine"]["cores"], stack)
        for kind in KINDS:
            announce(f"{kind.name}: {size.rounds} rounds of single steps, a flood and what others do")
            figures["kinds"].append({"kind": kind.name, "rounds": _play(stage, kind, size)})
        figures["memory"] = measure_memory(stage.site)
    figures["service"] = dict(_measure_service(size, model, folder, announce))
    return figures


def _set_stage(folder: Path, model: Path, cores: int, stack: ExitStack) -> Stage:
    fresh = multiprocessing.get_context("spawn")

    def start() -> ProcessPoolExecutor:
        return stack.enter_context(ProcessPoolExecutor(1, mp_context=fresh))

    site = stack.enter_context(running(folder / "site", model))
    others = {way: start() for way in list_installed()}
    return Stage(model, folder, site, start(), [start() for _ in range(cores)], others)


def _play(stage: Stage, kind: FileKind, size: Size) -> list[Figures]:
    """Play the rounds of one kind of file; one before them warms up and says how long a flood may be."""
    alone = _take_alone(stage, kind)
    cores = len(stage.cores)
    films = max(LEAST_FLOOD, round(size.flood_seconds * cores / sum(map(sum, alone.values()))))
    _take_together(stage, kind)
    rounds = []
    for _ in range(size.rounds):
        parts: dict[str, Callable[[], Any]] = {
            "alone": lambda: _take_alone(stage, kind),
            "together": lambda: _take_together(stage, kind),
            "flood": lambda: asdict(measure_flood(stage.write(kind, films), stage.site)),
        }
        if kind.name in COMPARED:
            parts |= {way: lambda way=way: _take_other(stage, kind, way) for way in stage.others}  # type: ignore[misc]
        order = list(parts)
        stage.chance.shuffle(order)
        rounds.append({part: parts[part]() for part in order})
    return rounds


def _take_alone(stage: Stage, kind: FileKind) -> Steps:
    paths = stage.write(kind, STEP_FILES + WARM_UP)
    return stage.solo.submit(take_steps, paths, stage.folder / "alone", stage.model).result()


def _take_together(stage: Stage, kind: FileKind) -> float:
    """Take files through all steps in a process a core at once; return the mean CPU seconds of one."""
    shares = [stage.write(kind, STEP_FILES + WARM_UP) for _ in stage.cores]
    running = [
        process.submit(take_steps, share, stage.folder / f"core-{number}", stage.model)
        for number, (process, share) in enumerate(zip(stage.cores, shares, strict=True))
    ]
    return sum(add_up(each.result()) for each in running) / len(running)


def _take_other(stage: Stage, kind: FileKind, way: str) -> tuple[float, float]:
    return stage.others[way].submit(take_way, way, stage.write(kind, OTHERS_FILES), stage.model).result()


def _measure_service(
    size: Size, model: Path, folder: Path, announce: Callable[[str], None]
) -> Iterator[tuple[str, float | int | None]]:
    with tempfile.TemporaryDirectory(prefix="service-", dir=folder) as name:
        root = Path(name)
        announce("start to first row")
        yield "start_seconds", measure_start(RAW.write_copies(root / "one", 1), root / "start", model)
        announce("films by DICOM over four associations")
        received = measure_received(RECEIVED_FILES, root / "received", model) or (None, None)
        yield from zip(("received_rate", "dropped_rate"), received, strict=True)
        announce(f"drop to row, {size.trickle} files at one a second")
        films = RAW.write_copies(root / "trickle-films", size.trickle)
        yield from zip(("latency_median", "latency_p95"), measure_trickle(films, root / "trickle", model), strict=True)
        announce(f"a service with nothing to do and {size.processed:,} processed files")
        yield "processed", size.processed
        yield "idle_share", measure_idle(size.processed, root / "idle", model)
        announce(f"{size.crowd:,} small files at once")
        yield "crowd", size.crowd
        yield from zip(("crowd_memory", "crowd_seconds"), measure_crowd(size.crowd, root / "crowd", model), strict=True)


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
