"""Each single step of one file, with no queue and no watcher: what it takes of a core, and how long it waits beside."""

import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import ParamSpec, TypeVar

from sqlalchemy import Engine

from imaging import Radiograph, decode_radiograph, normalize, read_source
from inference.classifier import FILM_SIZE, Classifier
from inference.prediction import Prediction
from installation.fence import keep_freed_memory
from store.database import open_database, reading, undurable
from store.ledger.arrivals import NewArrival, claim_arrival, queue_arrivals, record_arrivals
from store.ledger.models import record_model
from store.ledger.outcomes import NewScreening, find_screening, record_screening
from store.ledger.sweeps import settle_arrival
from store.schema import upgrade_schema
from store.states import AfterScreening
from worker.screening.finishing import describe_identity

WARM_UP = 2  # files not counted: libraries load, statements are compiled
STEPS = ("read and hash", "decode and window", "normalize", "find lungs, infer", "ledger", "move")
OWNER = "bench"
Given = ParamSpec("Given")
Result = TypeVar("Result")
Steps = dict[str, tuple[float, float]]


@dataclass(slots=True)
class Stopwatch:
    """CPU seconds and seconds of waiting that each step has taken, one entry a file."""

    taken: dict[str, list[tuple[float, float]]] = field(default_factory=lambda: {name: [] for name in STEPS})

    def time(self, name: str, step: Callable[Given, Result], *given: Given.args, **named: Given.kwargs) -> Result:
        """Run a step and keep what it took."""
        began, worked_before = time.perf_counter(), time.process_time()
        result = step(*given, **named)
        worked = time.process_time() - worked_before
        self.taken[name].append((worked, max(0.0, time.perf_counter() - began - worked)))
        return result

    def average(self) -> Steps:
        """Return the means of each step: a rate is made of means, not of medians."""
        means = {
            name: [statistics.fmean(one) for one in zip(*taken, strict=True)] for name, taken in self.taken.items()
        }
        # predicting normalizes too, and that step has its own line
        means["find lungs, infer"][0] -= means["normalize"][0]
        return {name: (worked, waited) for name, (worked, waited) in means.items()}


def take_steps(paths: Sequence[Path], folder: Path, model: Path) -> Steps:
    """Take files (more than `WARM_UP`) through every step of the product, one by one; they end in a folder ``moved``.

    Parameters
    ----------
    folder : Path
        This process's own; what is opened there stays open for the next round.

    Returns
    -------
    dict
        Of each of `STEPS` the mean CPU seconds a file, and the mean seconds of waiting.
    """
    engine, classifier = _open(folder, model)
    for path in paths[:WARM_UP]:
        _take_steps(Stopwatch(), path, engine, classifier, folder / "moved")
    watch = Stopwatch()
    for path in paths[WARM_UP:]:
        _take_steps(watch, path, engine, classifier, folder / "moved")
    return watch.average()


@cache
def _open(folder: Path, model: Path) -> tuple[Engine, Classifier]:
    keep_freed_memory()
    (folder / "moved").mkdir(parents=True)
    classifier = Classifier.load(model)
    engine = open_database(f"sqlite:///{folder / 'steps.db'}")
    upgrade_schema(engine)
    with engine.begin() as connection:
        record_model(connection, classifier.bundle.model_sha256, classifier.bundle.model_version, model)
    return engine, classifier


def _take_steps(watch: Stopwatch, path: Path, engine: Engine, classifier: Classifier, moved: Path) -> None:
    source = watch.time("read and hash", read_source, path)
    radiograph = watch.time("decode and window", decode_radiograph, source.content)
    watch.time("normalize", normalize, radiograph.pixels, FILM_SIZE)
    prediction = watch.time("find lungs, infer", _predict, classifier, radiograph)
    identity = describe_identity(radiograph.identity, lambda identifier: identifier, radiograph.notes)
    screening = NewScreening(source.sha256, classifier.bundle.model_sha256, prediction, identity)
    watch.time("ledger", record_film, engine, path, screening)
    watch.time("move", path.rename, moved / path.name)


def _predict(classifier: Classifier, radiograph: Radiograph) -> Prediction:
    return classifier.predict_radiograph(radiograph)


def record_film(engine: Engine, path: Path, screening: NewScreening) -> None:
    """Take one arrival through the ledger's five transactions, and its look for the same bytes."""
    with engine.begin() as connection:
        record_arrivals(connection, [NewArrival(screening.source_sha256, path.parent, path, 1, AfterScreening.MOVE)])
    with undurable(engine) as connection:
        (arrival_id,) = queue_arrivals(connection, window=1)
    with undurable(engine) as connection:
        claim_arrival(connection, arrival_id, OWNER, 60)
    with reading(engine) as connection:
        find_screening(connection, screening.source_sha256, screening.model_sha256)
    with engine.begin() as connection:
        record_screening(connection, arrival_id, OWNER, screening, path)
    with undurable(engine) as connection:
        settle_arrival(connection, arrival_id)
