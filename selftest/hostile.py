"""The run of bad files and bad habits: poison, damage, slow writers, odd names, and a canary patient in all of it."""

import os
import stat
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from selftest.canaries import (
    PATIENT_ID,
    UID_ROOT,
    WORD,
    Broker,
    describe_processes,
    find_traces,
    list_strays,
    search,
    write_canary,
    write_canary_pictures,
)
from selftest.ledger_check import Ledger
from selftest.run import Run
from selftest.site import wait_until
from selftest.stand import Stand
from store.ledger.fates import READER_CRASHED
from store.states import ArrivalState

SLOPE = b"\x28\x00\x53\x10DS\x02\x001 "  # Rescale Slope (0028,1053), as the phantom says it
NO_NUMBER = b"\x28\x00\x53\x10DS\x04\x00NaN "
HOSTILE_UID = b"../../../tmp/evil".ljust(len(f"{UID_ROOT}.0.1"), b"/")


@dataclass(frozen=True, slots=True)
class HostileFile:
    """A file's name in the inbox, its content, and the reason code with which it has to end."""

    name: str
    content: bytes
    reason_code: str


def build_hostile_files(folder: Path, picture: bytes) -> Iterator[HostileFile]:
    """Build one file for each way of being wrong.

    Parameters
    ----------
    folder : Path
        Where they may be written meanwhile.
    picture : bytes
        A sound PNG file.
    """
    film = folder / "film"

    def canary(seed: int, **attributes: object) -> bytes:
        write_canary(film, seed, **attributes)  # type: ignore[arg-type]  # ``instance`` is a whole number
        return film.read_bytes()

    whole = canary(1)
    contents = {
        "cut short.dcm": (whole[: len(whole) // 2], "truncated_file"),
        "cut short.png": (picture[: len(picture) // 2], "truncated_file"),
        "more rows than pixels.dcm": (canary(2, Rows=700), "pixel_data_length"),
        "a slope that is no number.dcm": (whole.replace(SLOPE, NO_NUMBER), "invalid_attribute"),
        "an UID that is a path.dcm": (whole.replace(f"{UID_ROOT}.0.1".encode(), HOSTILE_UID), "invalid_uid"),
        "too large to be true.dcm": (canary(3, Rows=65535, Columns=65535), "too_many_pixels"),
        "a header and nothing more.dcm": (b"\0" * 128 + b"DICM" + WORD.encode() * 50, "missing_attribute"),
        "a letter.dcm": (f"Dear {WORD}, {PATIENT_ID}".encode(), "format_not_accepted"),
        "empty.dcm": (b"", "empty_file"),
        "from the side.dcm": (canary(4, ViewPosition="LL"), "lateral"),
        "a knee.dcm": (canary(5, BodyPartExamined="KNEE"), "other_body_part"),
        "a slice.dcm": (canary(6, Modality="CT"), "other_modality"),
    }
    film.unlink()
    return (HostileFile(f"{WORD} {name}", *found) for name, found in contents.items())


SLOW_PARTS, PART_SECONDS = 6, 0.2
MISSING_BYTES = 5000
ODD_NAMES = (
    os.fsdecode(b"\xff\xfe-not-utf8.dcm"),
    f"new\nline {WORD}.dcm",
    WORD.ljust(251, "a") + ".dcm",
    f"\u202e{WORD} gnp.mcd",
    f"-rf {WORD} .dcm",
    f"\x1b[31m{WORD}.dcm",
)
SLOW, HALF, INNER = "slow.dcm", "half.dcm", "study/series/1.dcm"
LINK, LOOP, PIPE, SOCKET = "link.dcm", "loop", "pipe.dcm", "socket.dcm"
STAY = frozenset({LINK, LOOP, PIPE, SOCKET, "study"})  # what has no place in the ledger stays where it is


def bring_in_no_files(inbox: Path, outside: Path) -> None:
    """Put links, a pipe and a socket into an inbox; ``outside`` is where a link leads."""
    (inbox / LINK).symlink_to(outside)
    (inbox / LOOP).symlink_to(inbox)
    os.mkfifo(inbox / PIPE)
    os.mknod(inbox / SOCKET, stat.S_IFSOCK | 0o600)


def bring_in_odd_names(run: Run, contents: list[bytes], elsewhere: Path) -> int:
    """Write a file under each odd name, and move a folder in whole; returns how many names this disk does not take."""
    refused = 0
    for name, content in zip(ODD_NAMES, contents, strict=False):
        try:
            (run.site.inbox / name).write_bytes(content)
        except OSError:
            refused += 1
        else:
            run.note(name, content)
    folder = elsewhere / "study" / "series"
    folder.mkdir(parents=True)
    (folder / "1.dcm").write_bytes(run.note(INNER, contents[len(ODD_NAMES)]))
    folder.parent.rename(run.site.inbox / "study")
    return refused


class SlowWriter:
    """Writes as a slow link does, into a file that has its final size from the start; another one it leaves half."""

    def __init__(self, run: Run, content: bytes) -> None:
        self._path = run.site.inbox / SLOW
        self._content = run.note(SLOW, content)
        self._thread = threading.Thread(target=self._write, daemon=True)
        self._thread.start()
        self._half = (run.site.inbox / HALF).open("wb")
        self._half.write(run.note(HALF, content[:-MISSING_BYTES]))
        self._half.flush()

    def _write(self) -> None:
        size = len(self._content) // SLOW_PARTS + 1
        with self._path.open("wb") as writer:
            os.posix_fallocate(writer.fileno(), 0, len(self._content))
            for start in range(0, len(self._content), size):
                writer.write(self._content[start : start + size])
                writer.flush()
                time.sleep(PART_SECONDS)

    def finish(self) -> None:
        """Wait for the end of the slow one; the half-written one stays open."""
        self._thread.join()

    def close(self) -> None:
        """Let go of the half-written one: it stays half."""
        self._half.close()


TRIES = 3
READ_SECONDS = 30.0
MOST_SECONDS = 120.0
POISON, AGAIN = f"{WORD} poison.dcm", f"{WORD} again.dcm"


def run_hostile(stand: Stand) -> None:
    """Bring in what ends its reader first, then all the rest, and look at what it has left behind."""
    marks = stand.root / "marks"
    marks.mkdir()
    # the reader of the first file kills itself: what a codec does that falls over a bad file
    poison = {"XRAY_FAULT_AT": "after_read", "XRAY_FAULT_TIMES": str(TRIES), "XRAY_FAULT_ARRIVAL": "1"}
    armed = poison | {"XRAY_TESTING": "1", "XRAY_FAULT_MARKS": str(marks), "XRAY_MAX_ATTEMPTS": str(TRIES)}
    with stand.open_run("hostile", **armed) as run:
        stand.announce("a file that ends its reader")
        run.site.start()
        broker = Broker(run.site)
        run.drop_content(POISON, _build_canary(stand.root, 11))
        wait_until(lambda: list(marks.iterdir()), what="the first crash", seconds=MOST_SECONDS)
        stand.announce("damaged and hostile files")
        hostile = _bring_in_files(stand, run)
        stand.announce("slow writers, odd names, links and pipes")
        _bring_in_visitors(stand, run)
        stand.announce("looking for traces of the patient")
        run.finish(MOST_SECONDS)
        shown = describe_processes(run.site)
        strays = list_strays(run.site)
        run.site.stop()
        _judge(stand, run, hostile, len(list(marks.iterdir())))
        look_for_traces(stand, run, broker.stop() + shown)
        stand.book.check("P13", not strays, f"files outside the folders are open for writing: {strays[:3]}")


def _build_canary(folder: Path, seed: int, instance: int | None = None) -> bytes:
    path = folder / "canary"
    write_canary(path, seed, instance)
    content = path.read_bytes()
    path.unlink()
    return content


def _bring_in_files(stand: Stand, run: Run) -> list[HostileFile]:
    """Bring in files that must not have a result, and sound ones between them."""
    pictures = stand.root / "pictures"
    pictures.mkdir()
    for name in write_canary_pictures(pictures):
        run.drop_content(name, (pictures / name).read_bytes())
    picture = next(pictures.glob("*.png")).read_bytes()
    sound = _build_canary(stand.root, 12)
    run.drop_content(f"{WORD} sound.dcm", sound)
    run.drop_content(f"{WORD} the same bytes.dcm", sound)
    run.drop_content(f"{WORD} same instance.dcm", _build_canary(stand.root, 13, instance=12))
    hostile = list(build_hostile_files(stand.root, picture))
    for file in hostile:
        run.drop_content(file.name, file.content)
    run.drop_content(AGAIN, _build_canary(stand.root, 14))
    run.finish(MOST_SECONDS)
    run.drop_content(AGAIN, _build_canary(stand.root, 15))  # the same name, another film
    return hostile


def _bring_in_visitors(stand: Stand, run: Run) -> None:
    outside = stand.root / "outside.dcm"
    outside.write_bytes(_build_canary(stand.root, 16))
    bring_in_no_files(run.site.inbox, outside)
    with closing(SlowWriter(run, _build_canary(stand.root, 17))) as writer:
        films = [_build_canary(stand.root, seed) for seed in range(18, 25)]
        if refused := bring_in_odd_names(run, films, stand.root):
            stand.book.leave_out("P13", f"{refused} odd file names, which this disk does not take")
        writer.finish()
        run.site.finish(len(run.dropped) - 1, MOST_SECONDS)
        early = run.read().find(HALF)
        stand.book.check("P3", early is None or early.screening_id is None, "a file had a result before it was whole")
    run.finish(MOST_SECONDS)
    left = {path.name for path in run.site.inbox.iterdir()}
    stand.book.check("P13", left == STAY, f"the inbox holds too much or too little: {sorted(left ^ STAY)!a}")
    stand.book.check("P13", outside.exists(), "a file outside the inbox, to which a link leads, is gone")


def _judge(stand: Stand, run: Run, hostile: list[HostileFile], kills: int) -> None:
    """Hold each file's end against what it has to be."""
    answers, ledger, book = stand.prove(run), run.read(), stand.book
    for file in hostile:
        said = answers[file.name]
        ended = said.quarantined or said.outcome == "rejected"
        fault = f"{file.name!a} ended with {said.reason_code or said.outcome}, not {file.reason_code}"
        book.check("P4", ended and said.reason_code == file.reason_code, fault)
        book.check("P3", not any(said.probabilities), f"{file.name!a} has probabilities")
        row = ledger.find(file.name)
        taken = (row.finished_at - row.received_at).total_seconds() if row else READ_SECONDS + 1
        book.keep_longest("P4", "s at most", taken, READ_SECONDS)
    book.add("P4", "kinds of bad files", len(hostile))
    book.add("P3", "bad and half files", len(hostile) + 2)
    book.check("P3", not answers[SLOW].quarantined, "a slow file was read before it was whole")
    book.check("P3", answers[HALF].quarantined, "a half-written file was not refused")
    _judge_poison(stand, ledger, kills)


def _judge_poison(stand: Stand, ledger: Ledger, kills: int) -> None:
    book, row = stand.book, ledger.find(POISON)
    ended = row is not None and (row.state, row.reason_code) == (ArrivalState.QUARANTINED, READER_CRASHED)
    book.check("P11", ended, "the file that ends its reader was not set aside")
    book.check("P11", kills == TRIES, f"{kills} tries instead of {TRIES}")
    others = [row for row in ledger.arrivals if row.path.name != POISON]
    harmed = sum(row.attempts > 0 for row in others)
    book.check("P11", not harmed, f"{harmed} other files were charged with an attempt")
    book.add("P11", "tries", kills)
    book.add("P11", "others unharmed", len(others) - harmed)


def look_for_traces(stand: Stand, run: Run, heard: bytes) -> None:
    """Look for the canary patient in all that the service has written, named, logged and sent (``heard``)."""
    book, searched = stand.book, search(run.site)
    book.check("P12", not find_traces(heard), "the broker's messages or the processes' titles name the patient")
    book.check("P12", not find_traces(run.site.log.read_bytes()), "the log names the patient")
    for path in searched.found:
        book.check("P12", False, f"{path.relative_to(run.site.root)!a} names the patient")
    book.add("P12", "canary files", len(run.dropped))
    book.add("P12", "places searched", searched.looked_at.total() + 3)
