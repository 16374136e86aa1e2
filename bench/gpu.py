"""What a GPU is worth: ten minutes at most, to be run once on a machine that has one.

    KERAS_BACKEND=jax python -m bench.gpu                (needs Keras, and JAX or TensorFlow with CUDA)
    KERAS_BACKEND=tensorflow python -m bench.gpu --device cpu --films 64 --flood 24      (tries the script itself)

Prints, each as one line of JSON as soon as it is known: whether the engine agrees with LiteRT and in which precision;
films a second from arrays in batches of 1, 8, 32 and 128, beside LiteRT on one core; what is left of a batch after the
device has said that its memory is full; and films a second of the whole service with one engine and 16 screening
processes, beside the same service without one. Research use only. Not for diagnosis.
"""

import argparse
import json
import multiprocessing
import statistics
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from bench.films import RAW
from bench.product import Flood, installed, measure_flood, start_warm
from inference.bundle import SHIPPED_BUNDLE, read_bundle
from inference.engines.loading import load_engine
from inference.engines.protocol import Engine
from inference.serving.batches import BatchRunner
from inference.serving.parity import draw_probe, load_engine_in_parity

BATCHES = (1, 8, 32, 128)
ROUNDS = 5
FITTING = 20  # films that the device is made to say it holds
SCREENING_PROCESSES = 16
Floats = npt.NDArray[np.float32]


class ScarceEngine:
    """An engine whose device holds so many films and no more, and says so as JAX does."""

    def __init__(self, runner: BatchRunner, like: Engine, most: int) -> None:
        self._runner, self._most = runner, most
        self.input_size, self.output_count = like.input_size, like.output_count

    def run(self, batch: Floats) -> tuple[Floats, Floats]:
        """Run a batch that fits."""
        if len(batch) > self._most:
            raise RuntimeError("RESOURCE_EXHAUSTED: out of memory while trying to allocate")
        return self._runner.run(batch)


def measure_rate(run: Callable[[Floats], object], batch: Floats, films: int) -> float:
    """Return films a second, the median of some rounds, the first one before them not counted."""
    times = max(1, films // len(batch))
    run(batch)
    seconds = []
    for _ in range(ROUNDS):
        began = time.perf_counter()
        for _ in range(times):
            run(batch)
        seconds.append((time.perf_counter() - began) / times)
    return len(batch) / statistics.median(seconds)


def measure_engine(model: Path, device: str, films: int) -> dict[str, Any]:
    """Measure the engine from arrays; in a process of its own, since a device's memory is given back at its end."""
    bundle = read_bundle(model)
    probe = draw_probe(bundle.input_size)
    runner, precision = load_engine_in_parity(bundle, max(BATCHES), on_gpu=device != "cpu")
    litert = load_engine(bundle, "litert")
    apart = float(np.abs(runner.run(probe)[0] - litert.run(probe)[0]).max())
    noise = np.random.default_rng(1).random((max(BATCHES), *probe.shape[1:]), np.float32)
    rates = {size: measure_rate(runner.run, noise[:size], films) for size in BATCHES}
    scarce = BatchRunner(ScarceEngine(runner, litert, FITTING), max(BATCHES))
    logits, _ = scarce.run(noise)
    return {
        "precision": precision,
        "logits_apart_from_litert": apart,
        "films_a_second_by_batch": rates,
        "films_a_second_litert_one_core": measure_rate(litert.run, noise[:8], films),
        f"batch_left_where_{FITTING}_fit": scarce.batch_size,
        "answers_after_halving": len(logits),
    }


def measure_service(root: Path, model: Path, devices: str, processes: int, films: int) -> dict[str, Any]:
    """Drop a flood of raw films on a service; the first flood, which is not counted, warms it up."""
    with installed(root / "site", model) as site:
        site.settings |= {"XRAY_DEVICES": devices, "XRAY_WORKERS": str(processes)}
        start_warm(site)
        measure_flood(RAW.write_copies(root / "warm", processes, first=10**6), site)
        flood: Flood = measure_flood(RAW.write_copies(root / "films", films), site)
        engine_runs = "engine" in site.log.read_text()
    spent = (flood.reader_seconds + flood.beside_seconds) / flood.files
    rate = flood.files / flood.seconds
    return {"devices": devices, "processes": processes, "films_a_second": rate, "cpu_seconds_a_film": spent} | {
        "engine_in_log": engine_runs
    }


def main() -> None:
    """Measure, and print each figure as soon as it is known."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--device", default="gpu:0", help="gpu:0, or cpu to try the script")
    parser.add_argument("--model", type=Path, default=SHIPPED_BUNDLE)
    parser.add_argument("--films", type=int, default=2048, help="films from arrays for each figure")
    parser.add_argument("--flood", type=int, default=400, help="films dropped on the service")
    given = parser.parse_args()
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
        _say("engine", pool.submit(measure_engine, given.model, given.device, given.films).result())
    engine = "cpu,cpu" if given.device == "cpu" else given.device
    for devices in (engine, "cpu"):
        with tempfile.TemporaryDirectory(prefix="xray-gpu-", dir=Path.cwd()) as folder:
            processes = SCREENING_PROCESSES if given.device != "cpu" else 2
            _say("service", measure_service(Path(folder), given.model, devices, processes, given.flood))


def _say(name: str, figures: dict[str, Any]) -> None:
    print(json.dumps({name: figures}), flush=True)


if __name__ == "__main__":
    main()
