"""How a large ledger answers: fills an empty PostgreSQL with synthetic rows, then times reports, status and sweep.

    XRAY_DATABASE_URL=postgresql+psycopg://... python -m bench.ledger_size --rows 5000000

Rows are spread evenly over ``--days``; of all, 94 % are done, the others duplicates, quarantined and vanished, and a
few hundred wait. The database must be empty: nothing is deleted, drop it afterwards.
"""

import argparse
import os
import resource
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

from sqlalchemy import Engine, func, select, text

from reports.figures.reading import read_report
from reports.formats import write_report_to
from reports.question.periods import Period
from reports.question.question import Question
from store.database import open_database, reading
from store.ledger.arrivals import queue_arrivals
from store.ledger.counts import count_pending, count_screening, find_last_finished
from store.ledger.fates import REASONS
from store.ledger.sweeps import list_unsettled, release_expired, release_lost
from store.questions.queries import find_oldest_pending
from store.questions.tallies import read_backlog, tally
from store.schema import upgrade_schema
from store.states import Priority
from store.tables import arrivals
from worker.health.queue_facts import read_queue

BATCH = 250_000
PENDING = 500
MODEL = "f" * 64

# as the migrations made them, but for those of keys
INDEXES = (
    "SELECT indexname, indexdef FROM pg_indexes WHERE tablename IN ('arrivals', 'screenings') AND indexname LIKE 'ix%'"
)
# written out as SQL: rows through the store's own functions would take days
SCREENINGS = """
INSERT INTO screenings (id, arrival_id, source_sha256, model_sha256, outcome, label, probability_covid19,
    probability_viral_pneumonia, probability_normal, source_format, sop_instance_uid, accession_number, modality,
    view_position, patient_age_years, patient_sex, station_name, body_part_examined, screened_at)
SELECT n, n, lpad(to_hex(n), 64, '0'), :model, 'predicted',
    (ARRAY['normal', 'covid19', 'viral_pneumonia'])[1 + (n % 20 = 0)::int + 2 * (n % 31 = 7)::int * (n % 20 <> 0)::int],
    0.1, 0.2, 0.7, 'dicom', '2.25.' || n, lpad(to_hex(n), 40, '0'), 'DX', 'PA', 20 + n % 70,
    (ARRAY['M', 'F'])[1 + n % 2], 'ROOM' || n % 7, 'CHEST',
    now() - make_interval(secs => :seconds * (:rows - n)::float / :rows)
FROM generate_series(CAST(:first AS bigint), CAST(:last AS bigint)) AS series(n) WHERE n % 50 > 2
"""
ARRIVALS = """
INSERT INTO arrivals (id, inbox, path, stored_path, size_bytes, after, state, received_at, queued_at, finished_at,
    source_sha256, screening_id, reason_code, priority)
SELECT n, '/inbox', '/inbox/' || n || '.dcm', '/home/processed/' || n || '.dcm', 10485760, 'move',
    CASE n % 50 WHEN 0 THEN 'duplicate' WHEN 1 THEN 'quarantined' WHEN 2 THEN 'vanished' ELSE 'done' END,
    at - interval '3 seconds', at - interval '2 seconds', at, lpad(to_hex(n), 64, '0'),
    CASE WHEN n % 50 > 2 THEN n END, CASE n % 50 WHEN 1 THEN 'truncated_file' WHEN 2 THEN 'vanished' END,
    CASE WHEN n % 100 = 0 THEN 'stat' ELSE 'routine' END
FROM (SELECT n, now() - make_interval(secs => :seconds * (:rows - n)::float / :rows) AS at
    FROM generate_series(CAST(:first AS bigint), CAST(:last AS bigint)) AS series(n)) AS moments
"""
REFERENCES = """
INSERT INTO reference_labels (source_sha256, source, reference, recorded_at)
SELECT lpad(to_hex(n), 64, '0'), 'pcr', CASE WHEN n % 40 = 20 THEN 'covid19' ELSE 'not_covid19' END, now()
FROM generate_series(CAST(:first AS bigint), CAST(:last AS bigint), 20) AS series(n) WHERE n % 50 > 2
"""
WAITING = """
INSERT INTO arrivals (fingerprint, inbox, path, size_bytes, after, state, received_at, queued_at, lease_owner,
    lease_until, priority)
SELECT 'waiting' || n, '/inbox', '/inbox/w' || n || '.dcm', 10485760, 'move',
    CASE WHEN n <= 8 THEN 'screening' WHEN n <= 200 THEN 'queued' WHEN n <= 210 THEN 'failed' ELSE 'waiting' END,
    now(), now(), CASE WHEN n <= 8 THEN 'host:1:' || n END, CASE WHEN n <= 8 THEN now() + interval '1 hour' END,
    CASE WHEN n % 50 = 0 THEN 'stat' ELSE 'routine' END
FROM generate_series(1, :pending) AS series(n)
"""


def fill(engine: Engine, rows: int, days: float, pending: int = PENDING) -> None:
    """Fill an empty PostgreSQL ledger with so many finished arrivals over so many days until now, and some pending.

    By a superuser, who may leave out the foreign keys' checks; the indexes are made at the end.
    """
    with engine.begin() as connection:
        indexes = connection.execute(text(INDEXES)).all()
        for name, _ in indexes:
            connection.execute(text(f"DROP INDEX {name}"))
        sql = "INSERT INTO models VALUES (:model, 'synthetic', '/bundle', now(), true)"
        connection.execute(text(sql), {"model": MODEL})
    for first in range(1, rows + 1, BATCH):
        with engine.begin() as connection:
            connection.execute(text("SET LOCAL synchronous_commit = off; SET LOCAL session_replication_role = replica"))
            place = {"first": first, "last": min(rows, first + BATCH - 1), "rows": rows, "seconds": days * 86400}
            connection.execute(text(SCREENINGS), place | {"model": MODEL})
            connection.execute(text(ARRIVALS), place)
            connection.execute(text(REFERENCES), place)
    with engine.begin() as connection:
        for table in ("arrivals", "screenings"):
            connection.execute(text(f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), :last)"), {"last": rows})
        connection.execute(text(WAITING), {"pending": pending})
        for _, definition in indexes:
            connection.execute(text(definition))
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("VACUUM (ANALYZE)"))  # as autovacuum has done where rows came in over months


def report_of(engine: Engine, until: datetime, days: float = 1) -> None:
    """Compute the report of the day that ends at a moment."""
    read_report(engine, Question(Period(until - timedelta(days=days), until)), REASONS)


def stream_all(engine: Engine, until: datetime, days: float, output_format: str) -> None:
    """Write every result of so many days, and throw it away."""
    question = Question(Period(until - timedelta(days=days), until))
    write_report_to(engine, question, output_format, Path(os.devnull), REASONS)


def look_as_status(engine: Engine) -> None:
    """Ask what ``status`` asks."""
    read_queue(engine)


def look_as_metrics(engine: Engine) -> None:
    """Ask what a scrape of the metrics asks."""
    now = datetime.now(tz=UTC)
    with reading(engine) as connection:
        tally(connection, now - timedelta(seconds=5), now)
        read_backlog(connection)


def sweep(engine: Engine) -> None:
    """Do what a dispatcher does at each sweep, and what it does four times a second."""
    with engine.begin() as connection:
        release_expired(connection)
        for priority in Priority:
            release_lost(connection, 10.0, priority)
            queue_arrivals(connection, 200, priority)
        connection.rollback()
    with reading(engine) as connection:
        list_unsettled(connection, 10.0)
        count_screening(connection)
        count_pending(connection)
        find_oldest_pending(connection)
        find_last_finished(connection)


def main() -> None:
    """Fill and measure; prints one line a figure."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--rows", type=int, default=5_000_000)
    parser.add_argument("--days", type=float, default=365)
    given = parser.parse_args()
    engine = open_database(os.environ["XRAY_DATABASE_URL"])
    upgrade_schema(engine)
    with reading(engine) as connection:
        if connection.scalar(select(func.count()).select_from(arrivals)):
            sys.exit("the database is not empty: name an empty one")
    _measure("fill", lambda: fill(engine, given.rows, given.days), times=1)
    with engine.connect() as connection:
        size = connection.scalar(text("SELECT pg_size_pretty(pg_database_size(current_database()))"))
    print(f"{given.rows} rows over {given.days:.0f} days, {size} on disk")
    now = datetime.now(tz=UTC)
    _measure("report of the last day", lambda: report_of(engine, now))
    _measure("report of a day half-way back", lambda: report_of(engine, now - timedelta(days=given.days / 2)))
    _measure("report of 30 days", lambda: report_of(engine, now, 30))
    for output_format in ("csv", "json"):
        _measure(f"all as {output_format}", partial(stream_all, engine, now, given.days, output_format), times=1)
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        print(f"most memory so far             {peak:9.0f} MiB")
    _measure("status", lambda: look_as_status(engine))
    _measure("metrics", lambda: look_as_metrics(engine))
    _measure("sweep and dispatch", lambda: sweep(engine))


def _measure(name: str, run: Callable[[], None], times: int = 5) -> None:
    seconds = []
    for _ in range(times):
        began = time.perf_counter()
        run()
        seconds.append(time.perf_counter() - began)
    print(f"{name:30} {sorted(seconds)[len(seconds) // 2]:9.3f} s  (first {seconds[0]:.3f})", flush=True)


if __name__ == "__main__":
    main()
