import multiprocessing
import os
import signal
import stat
import time
from pathlib import Path

import pytest

from reports.delivery.outbox import NOTES_DAYS, PAUSES, Outbox, Way
from reports.errors import DeliveryError


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "reports" / "outbox"


class Receiver:
    """Takes parcels, after as many failures as it is told."""

    def __init__(self, failures: int = 0, *, is_final: bool = False) -> None:
        self.taken: list[bytes] = []
        self.tries = 0
        self._failures, self._is_final = failures, is_final

    def __call__(self, content: bytes) -> None:
        self.tries += 1
        if self.tries <= self._failures:
            raise DeliveryError("away", is_final=self._is_final)
        self.taken.append(content)


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir() if not path.name.startswith("."))


def test_what_is_sent_leaves_the_outbox_and_is_not_sent_again_under_its_name(folder: Path) -> None:
    outbox, receiver = Outbox(folder), Receiver()
    outbox.put("day-1", Way.MAIL, b"first")
    delivered, failures = outbox.send({Way.MAIL: receiver})
    assert ([parcel.id for parcel in delivered], failures) == (["day-1"], [])
    outbox.put("day-1", Way.MAIL, b"made anew")
    assert outbox.send({Way.MAIL: receiver}) == ([], [])
    assert receiver.taken == [b"first"]
    assert names(folder) == ["sent"]


def test_what_is_made_anew_before_it_was_sent_is_sent_as_it_is_now(folder: Path) -> None:
    outbox, receiver = Outbox(folder), Receiver()
    outbox.put("day-1", Way.MAIL, b"first")
    outbox.put("day-1", Way.MAIL, b"made anew")
    outbox.send({Way.MAIL: receiver})
    assert receiver.taken == [b"made anew"]


def test_a_failure_that_passes_is_tried_again_with_growing_pauses(folder: Path) -> None:
    outbox, receiver, pauses = Outbox(folder), Receiver(failures=2), list[float]()
    outbox.put("day-1", Way.WEBHOOK, b"body")
    delivered, _ = outbox.send({Way.WEBHOOK: receiver}, pauses.append)
    assert len(delivered) == 1
    assert pauses == list(PAUSES)
    assert pauses == sorted(set(pauses))


def test_what_cannot_be_sent_stays_and_goes_with_the_next_run(folder: Path) -> None:
    outbox, receiver = Outbox(folder), Receiver(failures=3)
    outbox.put("day-1", Way.MAIL, b"one")
    outbox.put("day-2", Way.MAIL, b"two")
    delivered, failures = outbox.send({Way.MAIL: receiver}, lambda _: None)
    assert delivered == []
    assert [failure.reason for failure in failures] == ["away", "away"]
    assert receiver.tries == 3  # the second parcel did not ask a server that is away
    assert names(folder) == ["day-1.eml", "day-2.eml", "sent"]
    outbox.send({Way.MAIL: receiver}, lambda _: None)
    assert receiver.taken == [b"one", b"two"]


def test_a_final_failure_is_not_tried_again_at_once_and_holds_up_nobody(folder: Path) -> None:
    outbox, receiver = Outbox(folder), Receiver(failures=1, is_final=True)
    outbox.put("day-1", Way.MAIL, b"one")
    outbox.put("day-2", Way.MAIL, b"two")
    delivered, failures = outbox.send({Way.MAIL: receiver})
    assert ([parcel.id for parcel in delivered], [failure.parcel.id for failure in failures]) == (["day-2"], ["day-1"])
    assert outbox.discard("day-1")
    assert not outbox.discard("day-1")
    assert outbox.list_waiting() == []


def test_a_parcel_whose_settings_were_taken_away_stays(folder: Path) -> None:
    outbox = Outbox(folder)
    outbox.put("day-1", Way.MAIL, b"one")
    _, failures = outbox.send({})
    assert "nothing is set" in failures[0].reason
    assert len(outbox.list_waiting()) == 1


def test_nobody_else_may_read_what_waits(folder: Path) -> None:
    Outbox(folder).put("day-1", Way.MAIL, b"one")
    assert stat.S_IMODE((folder / "day-1.eml").stat().st_mode) == 0o600
    assert stat.S_IMODE((folder / "sent").stat().st_mode) == 0o700


def test_an_empty_outbox_sends_nothing_and_makes_no_folder(folder: Path) -> None:
    assert Outbox(folder).send({}) == ([], [])
    assert not folder.exists()


def test_notes_are_forgotten_after_a_season(folder: Path) -> None:
    outbox = Outbox(folder)
    outbox.put("day-1", Way.MAIL, b"one")
    outbox.send({Way.MAIL: Receiver()})
    long_ago = time.time() - (NOTES_DAYS + 1) * 86_400
    os.utime(folder / "sent" / "day-1", (long_ago, long_ago))
    outbox.send({})
    assert names(folder / "sent") == []


def _send_and_die(folder: Path, received: Path, when: str) -> None:
    def carry(content: bytes) -> None:
        if when == "before":
            os.kill(os.getpid(), signal.SIGKILL)
        with received.open("ab") as file:
            file.write(content)
        os.kill(os.getpid(), signal.SIGKILL)

    Outbox(folder).send({Way.MAIL: carry})


@pytest.mark.parametrize(("when", "times"), [("before", 1), ("after", 2)])
def test_a_sender_that_is_killed_loses_nothing(folder: Path, tmp_path: Path, when: str, times: int) -> None:
    """Killed before the server has it, it is sent once; between the server's answer and the note, it comes twice."""
    received = tmp_path / "received"
    outbox = Outbox(folder)
    outbox.put("day-1", Way.MAIL, b"x")
    process = multiprocessing.get_context("spawn").Process(target=_send_and_die, args=(folder, received, when))
    process.start()
    process.join(60)
    assert process.exitcode == -signal.SIGKILL
    assert len(outbox.list_waiting()) == 1
    receiver = Receiver()
    outbox.send({Way.MAIL: receiver})
    before = received.read_bytes() if received.exists() else b""
    assert len(before) + len(receiver.taken) == times
    assert outbox.list_waiting() == []
