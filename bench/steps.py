"""Each single step of one file, alone in one process: no queue, no watcher, no other reader beside it."""

import multiprocessing
import statistics
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import ParamSpec, TypeVar

from sqlalchemy import Engine

from imaging import Radiograph, decode_radiograph, normalize, read_source
from inference.classifier import FILM_SIZE, Classifier
from inference.prediction import Prediction
from installation.fence import keep_freed_memory
from store.database import open_database, undurable
from store.ledger.arrivals import NewArrival, claim_arrival, queue_arrivals, record_arrivals
from store.ledger.models import record_model
from store.ledger.outcomes import NewScreening, record_screening
from store.ledger.sweeps import settle_arrival
from store.schema import upgrade_schema
from store.states import AfterScreening

WARM_UP = 5  # files not counted: libraries load, statements are compiled
STEPS = ("read and hash", "decode and window", "normalize", "find lungs, infer", "ledger", "move")
OWNER = "bench"
Given = ParamSpec("Given")
Result = TypeVar("Result")


@dataclass(slots=True)
class Stopwatch:
    """Seconds that each step has taken, one entry a file."""

    taken: dict[str, list[float]] = field(default_factory=lambda: {name: [] for name in STEPS})

    def time(self, name: str, step: Callable[Given, Result], *given: Given.args, **named: Given.kwargs) -> Result:
        """Run a step and keep how long it took."""
        began = time.perf_counter()
        result = step(*given, **named)
        self.taken[name].append(time.perf_counter() - began)
        return result

    def average(self) -> dict[str, float]:
        """Return the mean seconds of each step: a rate is made of means, not of medians."""
        means = {name: statistics.fmean(values[WARM_UP:]) for name, values in self.taken.items()}
        # predicting normalizes too, and that step has its own line
        means["find lungs, infer"] -= means["normalize"]
        return means


def measure_steps(paths: Sequence[Path], folder: Path, model: Path) -> dict[str, float]:
    """Take files (more than `WARM_UP`) through every step of the product, one by one; they end in a folder ``moved``.

    Returns
    -------
    dict
        Mean seconds a file of each of `STEPS`.
    """
    keep_freed_memory()
    classifier = Classifier.load(model)
    engine = open_database(f"sqlite:///{folder / 'steps.db'}")
    upgrade_schema(engine)
    with engine.begin() as connection:
        record_model(connection, classifier.bundle.model_sha256, classifier.bundle.model_version, model)
    moved = folder / "moved"
    moved.mkdir()
    watch = Stopwatch()
    for number, path in enumerate(paths):
        _take_steps(watch, number, path, engine, classifier)
        watch.time("move", path.rename, moved / path.name)
    engine.dispose()
    return watch.average()


def measure_steps_together(shares: Sequence[Sequence[Path]], folder: Path, model: Path) -> float:
    """Take shares of files through every step, each share in a process of its own, all at once.

    Returns
    -------
    float
        Mean seconds a file of all steps: cores share memory and caches, which one core alone does not show.
    """
    folders = [folder / f"share-{number}" for number, _ in enumerate(shares)]
    for each in folders:
        each.mkdir()
    fresh = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(len(shares), mp_context=fresh) as pool:
        answers = pool.map(measure_steps, shares, folders, [model] * len(shares))
        return statistics.fmean(sum(steps.values()) for steps in answers)


def _take_steps(watch: Stopwatch, number: int, path: Path, engine: Engine, classifier: Classifier) -> None:
    source = watch.time("read and hash", read_source, path)
    radiograph = watch.time("decode and window", decode_radiograph, source.content)
    watch.time("normalize", normalize, radiograph.pixels, FILM_SIZE)
    prediction = watch.time("find lungs, infer", _predict, classifier, radiograph)
    screening = NewScreening(
        source_sha256=source.sha256, model_sha256=classifier.bundle.model_sha256, answer=prediction, identity={}
    )
    watch.time("ledger", _record, engine, number, path, screening)


def _predict(classifier: Classifier, radiograph: Radiograph) -> Prediction:
    return classifier.predict_radiograph(radiograph)


def _record(engine: Engine, number: int, path: Path, screening: NewScreening) -> None:
    """Take one arrival through the ledger's five transactions."""
    with engine.begin() as connection:
        record_arrivals(connection, [NewArrival(f"{number:064}", path.parent, path, 1, AfterScreening.MOVE)])
    with undurable(engine) as connection:
        (arrival_id,) = queue_arrivals(connection, window=1)
    with undurable(engine) as connection:
        claim_arrival(connection, arrival_id, OWNER, 60)
    with engine.begin() as connection:
        record_screening(connection, arrival_id, OWNER, screening, path)
    with undurable(engine) as connection:
        settle_arrival(connection, arrival_id)
