"""Reading many films in several processes: bytes, hash, header and fingerprint of each."""

import multiprocessing
import os
import signal
from collections.abc import Collection, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from imaging import (
    Identity,
    RadiographError,
    UnreadableRadiographError,
    decode_radiograph,
    identify_format,
    read_source,
)
from inference.bundle import SHIPPED_BUNDLE
from training.data.gate import load_gate
from training.preparation.fingerprint import Fingerprint, take_fingerprint

CANNOT_OPEN, CRASHED_READER = "cannot_be_opened", "crashed_reader"

_FEW = 32
"""Films that are read sooner than a process starts."""
_CHUNK = 16

_known: Collection[str] = frozenset()
_lungs: Path = SHIPPED_BUNDLE


@dataclass(frozen=True, slots=True)
class Task:
    """A film to read; `needs_header` decodes it even if its fingerprint is known, `needs_gate` shows it to the gate."""

    path: Path
    needs_header: bool = False
    needs_gate: bool = False


@dataclass(frozen=True, slots=True)
class Reading:
    """What a file gave.

    Attributes
    ----------
    sha256 : str
        Of its bytes, hex; "" if it could not be opened.
    source_format : str
        "dicom", "png", "jpeg" or "".
    fingerprint : Fingerprint or None
        None if it was known before, or the file gave no radiograph.
    identity : Identity or None
        None unless the film was decoded.
    why : str
        Reason code of `imaging`, or one of this module; "" for a sound film.
    failed : bool
        The file is damaged, or no radiograph at all, or could not be opened.
    """

    sha256: str
    source_format: str = ""
    fingerprint: Fingerprint | None = None
    identity: Identity | None = None
    why: str = ""
    failed: bool = False


def read_films(
    tasks: Sequence[Task], known: Collection[str], workers: int = 0, lungs: Path = SHIPPED_BUNDLE
) -> Iterator[Reading]:
    """Read films; the answers come in the order of the tasks.

    Parameters
    ----------
    tasks : sequence of Task
        What to read.
    known : collection of str
        Hashes of files whose fingerprints are known: they are hashed, but not decoded.
    workers : int
        Processes; 0 takes one a core.
    lungs : Path
        The bundle whose gate is asked.
    """
    workers = workers or len(os.sched_getaffinity(0))
    known = frozenset(known)
    if workers == 1 or len(tasks) <= _FEW:
        _begin(known, lungs, in_pool=False)
        yield from map(_read, tasks)
        return
    done = 0
    while done < len(tasks):
        try:
            for reading in _read_in_pool(tasks[done:], known, lungs, workers):
                yield reading
                done += 1
        except BrokenProcessPool:
            # one file of the next few kills its reader: each of them gets a process of its own
            for task in islice(tasks, done, done + workers * _CHUNK):
                yield _read_alone(task, known, lungs)
                done += 1


def _read_in_pool(tasks: Sequence[Task], known: Collection[str], lungs: Path, workers: int) -> Iterator[Reading]:
    with _start_pool(known, lungs, workers) as pool:
        try:
            yield from pool.map(_read, tasks, chunksize=_CHUNK)
        finally:
            pool.shutdown(wait=False, cancel_futures=True)


def _read_alone(task: Task, known: Collection[str], lungs: Path) -> Reading:
    with _start_pool(known, lungs, 1) as pool:
        try:
            return pool.submit(_read, task).result()
        except BrokenProcessPool:
            return Reading("", why=CRASHED_READER, failed=True)


def _start_pool(known: Collection[str], lungs: Path, workers: int) -> ProcessPoolExecutor:
    context = multiprocessing.get_context("forkserver")
    return ProcessPoolExecutor(workers, context, initializer=_begin, initargs=(known, lungs))


def _begin(known: Collection[str], lungs: Path, *, in_pool: bool = True) -> None:
    global _known, _lungs
    _known, _lungs = known, lungs
    if in_pool:
        # Ctrl-C is the parent's to answer
        signal.signal(signal.SIGINT, signal.SIG_IGN)


def _read(task: Task) -> Reading:
    try:
        source = read_source(task.path.resolve())  # a data set may be made of links
    except RadiographError as error:
        return Reading("", why=error.reason_code, failed=True)
    except OSError:
        return Reading("", why=CANNOT_OPEN, failed=True)
    source_format = identify_format(source.content) or ""
    if source.sha256 in _known and not task.needs_header:
        return Reading(source.sha256, source_format)
    try:
        radiograph = decode_radiograph(source.content)
        if task.needs_gate:
            load_gate(_lungs).check_pixels(radiograph.pixels)
    except RadiographError as error:
        failed = isinstance(error, UnreadableRadiographError)
        return Reading(source.sha256, source_format, why=error.reason_code, failed=failed)
    fingerprint = None if source.sha256 in _known else take_fingerprint(radiograph)
    return Reading(source.sha256, source_format, fingerprint, radiograph.identity)
