"""Screening processes report how long each step took, and wait for nobody."""

import socket
import threading
import time
from pathlib import Path

import pytest

from installation.home import Home
from worker.screening.stages import AttemptReport, StageSender, StageTimes, listen


@pytest.fixture
def path(home: Home) -> Path:
    return home.stages_socket


def test_what_is_sent_is_heard(path: Path) -> None:
    heard: list[AttemptReport] = []
    with listen(path, heard.append):
        sender = StageSender(path)
        sender.send(AttemptReport({"read": 0.25, "decode": 1.5}))
        sender.send(AttemptReport(retry=("retry_fault", "enospc")))
        sender.send(AttemptReport(death="reader_crashed"))
    assert heard == [
        AttemptReport({"read": 0.25, "decode": 1.5}),
        AttemptReport(retry=("retry_fault", "enospc")),
        AttemptReport(death="reader_crashed"),
    ]
    assert not path.exists()


def test_nobody_listening_is_no_fault(path: Path) -> None:
    sender = StageSender(path)
    sender.send(AttemptReport({"read": 0.25}))
    heard: list[AttemptReport] = []
    with listen(path, heard.append):
        sender.send(AttemptReport({"read": 0.5}))
    assert heard == [AttemptReport({"read": 0.5})]
    StageSender().send(AttemptReport({"read": 0.25}))


def test_a_listener_that_is_too_slow_is_not_waited_for(path: Path) -> None:
    goes_on = threading.Event()
    heard: list[AttemptReport] = []

    def dawdle(note: AttemptReport) -> None:
        goes_on.wait(60)
        heard.append(note)

    with listen(path, dawdle):
        sender = StageSender(path)
        began = time.monotonic()
        for number in range(2000):
            sender.send(AttemptReport({"read": number}))
        assert time.monotonic() - began < 20
        goes_on.set()
        deadline = time.monotonic() + 30
        while AttemptReport({"read": 1999}) not in heard:
            sender.send(AttemptReport())  # what is left goes with a later message
            time.sleep(0.01)
            assert time.monotonic() < deadline
    assert [note.stages["read"] for note in heard if note.stages][-100:] == list(range(1900, 2000))


@pytest.mark.parametrize("message", [b"{", b"[]", b'{"stages": {"read": "long"}}', b"\xff", b'{"stages": {"x": 1}}'])
def test_what_is_no_message_is_passed_over(path: Path, message: bytes) -> None:
    heard: list[AttemptReport] = []
    with listen(path, heard.append), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sender:
        sender.sendto(message, str(path))
        StageSender(path).send(AttemptReport({"move": 1.0}))
    assert heard == [AttemptReport({"move": 1.0})]


def test_the_socket_that_a_killed_service_left_is_taken_over(path: Path) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as left:
        left.bind(str(path))
    heard: list[AttemptReport] = []
    with listen(path, heard.append):
        StageSender(path).send(AttemptReport(death="reader_timeout"))
    assert heard == [AttemptReport(death="reader_timeout")]


def test_a_stage_is_timed_however_it_ends() -> None:
    times = StageTimes()
    with times.measure("read"):
        time.sleep(0.01)
    with pytest.raises(ValueError, match="no film"), times.measure("decode"):
        raise ValueError("no film")
    assert times.seconds["read"] >= 0.01
    assert 0 <= times.seconds["decode"] < 5
