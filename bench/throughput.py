"""Measure the whole product against the sum of its single steps, in one run on one machine.

    make bench            (or: python -m bench.throughput --files 1000)

Every figure is a ratio to steps measured in the same minutes, because machines are noisy. The steps of one
file are timed in one process without queue, ledger or watcher, and then all files are dropped into a watched folder
at once: the share of the ideal rate (cores / sum of steps) that the product reaches is its efficiency.
"""

import argparse
import os
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import psutil
from sqlalchemy import Engine

from imaging import decode_radiograph, read_source
from imaging.phantom import write_dicom_phantom
from inference.bundle import SHIPPED_BUNDLE
from inference.classifier import Classifier
from store.arrivals import NewArrival, claim_arrival, queue_arrivals, record_arrivals
from store.database import open_database, reading
from store.models import record_model
from store.outcomes import NewScreening, record_screening
from store.queries import find_last_finished, stream_results
from store.schema import upgrade_schema
from store.states import AfterScreening
from store.sweeps import settle_arrival

MODEL_SHA256 = "0" * 64
STEP_FILES = 60
TRICKLE_FILES = 40
STABLE_SECONDS = 0.5


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--files", type=int, default=1000)
    parser.add_argument("--model", type=Path, default=SHIPPED_BUNDLE)
    options = parser.parse_args()
    cores = len(os.sched_getaffinity(0))
    with tempfile.TemporaryDirectory(prefix="xray-bench-") as folder:
        for compression in ("none", "jpeg_lossless"):
            root = Path(folder, compression)
            root.mkdir()
            print(f"\n## {options.files} DICOM radiographs of 2500 x 2048, compression {compression}, {cores} cores")
            pool = make_pool(root / "pool", compression)
            steps = measure_steps(pool, root, options.model)
            print_steps(steps)
            rate, memory = measure_product(pool, root, options.files, options.model)
            ideal = cores / sum(steps.values())
            print(f"product {rate:.1f} files/s, ideal {ideal:.1f} files/s: {rate / ideal:.0%} of the sum of its steps")
            print("memory (USS) " + ", ".join(f"{name} {size >> 20} MiB" for name, size in memory.items()))
        print(f"\n## Drop to row at a trickle, beyond the stability wait of {STABLE_SECONDS} s")
        median, p95 = measure_latency(make_pool(Path(folder, "pool"), "none"), Path(folder, "trickle"), options.model)
        print(f"median {median * 1000:.0f} ms, p95 {p95 * 1000:.0f} ms of {TRICKLE_FILES} files")


def make_pool(folder: Path, compression: str) -> list[Path]:
    """Draw a few different phantoms; copies of them with another UID byte make the flood."""
    folder.mkdir()
    paths = [folder / f"{seed}.dcm" for seed in range(8)]
    for seed, path in enumerate(paths):
        write_dicom_phantom(path, seed=seed, compression=compression)  # type: ignore[arg-type]
    return paths


def vary(source: Path, target: Path, number: int) -> None:
    """Copy a phantom with other bytes and the same cost: the preamble is free for any use (PS3.10 7.1)."""
    content = bytearray(source.read_bytes())
    content[:8] = number.to_bytes(8, "big")
    target.write_bytes(content)


def measure_steps(pool: Sequence[Path], root: Path, model: Path) -> dict[str, float]:
    """Time each step of one file alone; seconds a file, the mean, because a rate is made of means."""
    classifier = Classifier.load(model)
    engine = open_database(f"sqlite:///{root / 'steps.db'}")
    upgrade_schema(engine)
    with engine.begin() as connection:
        record_model(connection, MODEL_SHA256, "bench", model)
    taken: dict[str, list[float]] = {}

    def timed(name: str, step: Callable[..., Any], *arguments: Any) -> Any:
        began = time.perf_counter()
        result = step(*arguments)
        taken.setdefault(name, []).append(time.perf_counter() - began)
        return result

    (root / "moved").mkdir()
    for number in range(STEP_FILES):
        path = root / f"step-{number}.dcm"
        vary(pool[number % len(pool)], path, number)
        source = timed("read and hash", read_source, path)
        radiograph = timed("decode and window", decode_radiograph, source.content)
        answer = timed("find lungs, predict", classifier.predict_radiograph, radiograph)
        timed("ledger", record_one, engine, number, path, source, answer)
        timed("move", path.rename, root / "moved" / path.name)
    engine.dispose()
    shutil.rmtree(root / "moved")
    return {name: statistics.fmean(values) for name, values in taken.items()}


def record_one(engine: Engine, number: int, path: Path, source: Any, answer: Any) -> None:
    """Take one arrival through the ledger's four transactions."""
    with engine.begin() as connection:
        record_arrivals(connection, [NewArrival(f"{number:064}", path.parent, path, 1, AfterScreening.MOVE)])
        (arrival_id,) = queue_arrivals(connection, 10)
    with engine.begin() as connection:
        claim_arrival(connection, arrival_id, "bench", 60)
    found = (answer.outcome, answer.label, answer.probabilities, answer.reason_code)
    with engine.begin() as connection:
        screening = NewScreening(source.sha256, MODEL_SHA256, *found, None, {})
        record_screening(connection, arrival_id, "bench", screening, path)
    with engine.begin() as connection:
        settle_arrival(connection, arrival_id)


def print_steps(steps: dict[str, float]) -> None:
    for name, seconds in steps.items():
        print(f"{name:20} {seconds * 1000:7.2f} ms")
    print(f"{'sum':20} {sum(steps.values()) * 1000:7.2f} ms a file on one core")


class Product:
    """A running ``xray-cli watch`` on its own inbox and home."""

    def __init__(self, root: Path, model: Path) -> None:
        root.mkdir(exist_ok=True)
        self.inbox, self.home = root / "inbox", root / "home"
        self.inbox.mkdir()
        settings = {
            "XRAY_HOME": str(self.home),
            "XRAY_MODEL": str(model),
            "XRAY_STABLE_SECONDS": str(STABLE_SECONDS),
        }
        self._log = (root / "log").open("wb")
        self.process = subprocess.Popen(
            [sys.executable, "-m", "cli", "watch", str(self.inbox)],
            env=os.environ | settings,
            stderr=self._log,
        )
        while b'"started"' not in (root / "log").read_bytes():
            time.sleep(0.1)
        time.sleep(2.0)  # until the worker is warm: its start is measured elsewhere
        self.engine = open_database(f"sqlite:///{self.home / 'xray.db'}")

    def finished(self) -> int:
        from sqlalchemy import func, select

        from store.tables import arrivals

        with reading(self.engine) as connection:
            return connection.scalar(select(func.count()).where(arrivals.c.finished_at.is_not(None))) or 0

    def wait_for(self, count: int) -> None:
        while self.finished() < count:
            time.sleep(0.1)

    def measure_memory(self) -> dict[str, int]:
        """Return the unique set size of each process: what it alone takes."""
        main = psutil.Process(self.process.pid)
        memory = {"watch": main.memory_full_info().uss}
        for child in main.children(recursive=True):
            kind = "broker" if "valkey" in child.name() else "worker" if child.ppid() == main.pid else "reader"
            memory[f"{kind} {child.pid}"] = child.memory_full_info().uss
        return memory

    def stop(self) -> None:
        self.engine.dispose()
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(60)
        self._log.close()


def measure_product(pool: Sequence[Path], root: Path, files: int, model: Path) -> tuple[float, dict[str, int]]:
    """Drop all files at once by renaming a folder in; files a second from then to the last row.

    The files have been quiet for longer than the stability wait, so that there is none in the figure.
    """
    staged = root / "staged"
    staged.mkdir()
    for number in range(files):
        vary(pool[number % len(pool)], staged / f"{number}.dcm", number + STEP_FILES)
    os.sync()  # 10 GB on their way to the disk would slow every commit, which the single steps did not meet
    time.sleep(STABLE_SECONDS)
    product = Product(root / "product", model)
    began = time.time()
    staged.rename(product.inbox / "staged")
    product.wait_for(files // 2)
    memory = product.measure_memory()
    product.wait_for(files)
    with reading(product.engine) as connection:
        last = find_last_finished(connection)
    product.stop()
    assert last is not None
    return files / (last.timestamp() - began), memory


def measure_latency(pool: Sequence[Path], root: Path, model: Path) -> tuple[float, float]:
    """Drop one file at a time; seconds from its last byte to its row, less the stability wait: median, p95."""
    from datetime import UTC, datetime, timedelta

    product = Product(root, model)
    dropped: dict[str, float] = {}
    for number in range(TRICKLE_FILES):
        path = product.inbox / f"{number}.dcm"
        vary(pool[number % len(pool)], path.with_suffix(".part"), number)
        path.with_suffix(".part").rename(path)
        dropped[path.name] = time.time()
        time.sleep(0.6)
    product.wait_for(TRICKLE_FILES)
    now = datetime.now(tz=UTC)
    with reading(product.engine) as connection:
        rows = list(stream_results(connection, now - timedelta(hours=1), now + timedelta(hours=1)))
    product.stop()
    waits = [row.finished_at.timestamp() - dropped[row.path.name] - STABLE_SECONDS for row in rows if row.finished_at]
    return statistics.median(waits), statistics.quantiles(waits, n=20)[-1]


if __name__ == "__main__":
    main()
