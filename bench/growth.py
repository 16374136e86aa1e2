"""What a film costs as the ledger grows, and as the inbox grows: CPU milliseconds, and milliseconds with all waiting.

    python -m bench.growth --rows 1000,10000,100000,1000000 --files 10,100,1000,10000

SQLite in a temporary folder, filled with finished films; then films go through the ledger's five transactions. Files
of a few bytes lie in an inbox, and one look of the intake finds and records them all; the second one finds them again.
"""

import argparse
import hashlib
import tempfile
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from threading import Event

from sqlalchemy import Engine, text

from bench.steps import record_film
from inference.bundle import SHIPPED_BUNDLE, read_bundle
from inference.labels import Answer, Outcome
from store.database import open_database
from store.ledger.models import record_model
from store.ledger.outcomes import NewScreening
from store.schema import upgrade_schema
from store.states import AfterScreening
from worker.intake.inboxes import Inboxes
from worker.intake.intake import Intake
from worker.intake.priority import StatRule

FILMS = 200
WARM_UP = 20
NUMBERS = "WITH RECURSIVE series(n) AS (SELECT :first UNION ALL SELECT n + 1 FROM series WHERE n < :last)"
# written out as SQL: a million films through the store's own functions would take half an hour
SCREENINGS = f"""
INSERT INTO screenings (id, arrival_id, source_sha256, model_sha256, outcome, label, probability_covid19,
    probability_normal, conflict,
    source_format, sop_instance_uid, station_name, screened_at)
{NUMBERS} SELECT n, n, lower(hex(randomblob(32))), :model, 'predicted', 'normal', 0.1, 0.9, 0, 'dicom', '2.25.' || n,
    'ROOM' || n % 7, datetime('now') FROM series
"""
ARRIVALS = f"""
INSERT INTO arrivals (id, inbox, path, stored_path, size_bytes, after, state, received_at, finished_at, source_sha256,
    screening_id)
{NUMBERS} SELECT n, '/inbox', '/inbox/' || n, '/home/' || n, 10485760, 'move', 'done', datetime('now'), datetime('now'),
    lower(hex(randomblob(32))), n FROM series
"""


def fill(engine: Engine, first: int, last: int, model_sha256: str) -> None:
    """Add finished films of these numbers."""
    for statement in (SCREENINGS, ARRIVALS):
        with engine.begin() as connection:
            connection.execute(text(statement), {"first": first, "last": last, "model": model_sha256})


def measure_ledger(folder: Path, sizes: Sequence[int], model: Path) -> list[tuple[int, float, float]]:
    """Return rows, and what a film costs in the ledger's transactions: CPU seconds, and seconds with all waiting."""
    engine, bundle, found, rows = open_database(f"sqlite:///{folder / 'ledger.db'}"), read_bundle(model), [], 0
    upgrade_schema(engine)
    with engine.begin() as connection:
        record_model(connection, bundle.model_sha256, bundle.model_version, model)
    for size in sorted(sizes):
        fill(engine, rows + 1, size, bundle.model_sha256)
        _take_films(engine, range(size, size + WARM_UP), bundle.model_sha256)
        films = range(size + WARM_UP, size + WARM_UP + FILMS)
        found.append((size, *_time(partial(_take_films, engine, films, bundle.model_sha256), FILMS)))
        rows = size + WARM_UP + FILMS
    engine.dispose()
    return found


def _take_films(engine: Engine, numbers: range, model_sha256: str) -> None:
    for number in numbers:
        sha256 = hashlib.sha256(str(number).encode()).hexdigest()
        screening = NewScreening(sha256, model_sha256, Answer(Outcome.INDETERMINATE), {})
        record_film(engine, Path("/inbox", str(number)), screening)


def measure_inbox(folder: Path, files: int) -> tuple[tuple[float, float], tuple[float, float]]:
    """Return what a file costs that lies in the inbox: until it is recorded, and at each later look at the folder."""
    inbox = folder / f"inbox-{files}"
    inbox.mkdir()
    for number in range(files):
        (inbox / f"{number:06}.dcm").write_text(str(number))
    engine = open_database(f"sqlite:///{folder / f'inbox-{files}.db'}")
    upgrade_schema(engine)
    stat = StatRule(folders="stat", names="")
    intake = Intake(
        engine,
        Inboxes([inbox], folder / "home"),
        after=AfterScreening.MOVE,
        stable_seconds=0.0,
        rescan_seconds=0.0,
        stat=stat,
        wake=Event(),
    )
    first = _time(lambda: _look_until_recorded(intake, files), files)
    later = _time(intake.inboxes.scan, files)
    engine.dispose()
    return first, later


def _look_until_recorded(intake: Intake, files: int) -> None:
    recorded, deadline = 0, time.monotonic() + 600
    while recorded < files and time.monotonic() < deadline:
        recorded += intake.tick()


def _time(run: Callable[[], object], times: int) -> tuple[float, float]:
    began, worked_before = time.perf_counter(), time.process_time()
    run()
    return (time.process_time() - worked_before) / times, (time.perf_counter() - began) / times


def main() -> None:
    """Measure, and print a line for each size."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--rows", default="1000,10000,100000,1000000")
    parser.add_argument("--files", default="10,100,1000,10000,100000")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="xray-growth-", dir=Path.cwd()) as name:
        for files in map(int, given.files.split(",")):
            first, later = measure_inbox(Path(name), files)
            found, again = (f"{1000 * worked:.3f} ms CPU, {1000 * lasted:.3f} ms" for worked, lasted in (first, later))
            print(f"{files:>9,} files in the inbox: {found} until recorded; {again} at each later look", flush=True)
        for rows, worked, lasted in measure_ledger(Path(name), list(map(int, given.rows.split(","))), SHIPPED_BUNDLE):
            print(
                f"{rows:>9,} rows in the ledger: {1000 * worked:.2f} ms CPU, {1000 * lasted:.2f} ms a film", flush=True
            )


if __name__ == "__main__":
    main()
