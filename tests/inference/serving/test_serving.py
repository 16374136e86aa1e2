"""Real processes and a real socket; only the device is a stand-in (`stand_in`)."""

import os
import signal
import socket
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest

from inference.bundle import SHIPPED_BUNDLE, read_bundle
from inference.engines.loading import load_engine
from inference.serving.client import ServedEngine, load_served_classifier
from inference.serving.wire import Shapes, receive_welcome, send_hello, send_request
from tests.inference.conftest import SIZE
from tests.inference.serving.stand_in import LOGITS, POISON, build_client, engine_running


@pytest.fixture
def place() -> Iterator[Path]:
    # a socket's path has 107 bytes, and pytest's folders get longer with every run
    with TemporaryDirectory(prefix="xray-") as folder:
        yield Path(folder) / "engine.sock"


@pytest.fixture
def film() -> np.ndarray:
    return np.random.default_rng(3).random((1, SIZE, SIZE, 1), dtype=np.float32) * np.float32(0.4)


def is_from_engine(answer: tuple[np.ndarray, np.ndarray]) -> bool:
    return tuple(answer[0][0]) == LOGITS


def run_together(clients: list[ServedEngine], film: np.ndarray) -> list[tuple[np.ndarray, np.ndarray]]:
    with ThreadPoolExecutor(len(clients)) as threads:
        return list(threads.map(lambda client: client.run(film), clients))


def test_an_engine_answers_and_its_socket_is_private(place: Path, film: np.ndarray) -> None:
    with engine_running(place):
        assert place.stat().st_mode & 0o777 == 0o600
        client = build_client(place)
        assert is_from_engine(client.run(film))
        assert is_from_engine(client.run(film))


def test_requests_of_several_clients_are_answered_in_one_batch(place: Path, film: np.ndarray) -> None:
    with engine_running(place, seconds=0.1, linger=0.5):
        clients = [build_client(place) for _ in range(6)]
        run_together(clients, film)  # all are connected now, so the engine knows for whom to wait
        answers = run_together(clients, film)
    assert all(is_from_engine(answer) for answer in answers)
    assert [int(maps.max()) for _, maps in answers] == [6] * 6


def test_without_an_engine_litert_answers(place: Path, film: np.ndarray) -> None:
    client = build_client(place)
    expected = load_engine(read_bundle(SHIPPED_BUNDLE), "litert").run(film)
    for found, wanted in zip(client.run(film), expected, strict=True):
        np.testing.assert_array_equal(found, wanted)


def test_an_engine_killed_in_the_middle_of_a_batch_costs_no_film(place: Path, film: np.ndarray) -> None:
    clients = [build_client(place, patience_seconds=60.0) for _ in range(4)]
    with engine_running(place, seconds=120.0) as engine, ThreadPoolExecutor(4) as threads:
        answers = [threads.submit(client.run, film) for client in clients]
        time.sleep(1.0)
        assert not any(answer.done() for answer in answers)
        killed_at = time.monotonic()
        engine.kill()
        found = [answer.result(30) for answer in answers]
        assert time.monotonic() - killed_at < 20  # and not their patience
    assert not any(is_from_engine(answer) for answer in found)


def test_an_engine_that_was_started_again_is_used_again(place: Path, film: np.ndarray) -> None:
    client = build_client(place)
    with engine_running(place):
        assert is_from_engine(client.run(film))
    assert place.exists()  # killed, it could not remove it
    assert not is_from_engine(client.run(film))
    place.unlink()  # so that we see when the next one listens
    with engine_running(place):
        time.sleep(1.1)  # after a fault an engine is not tried for a second
        assert is_from_engine(client.run(film))


def test_an_engine_that_hangs_costs_patience_once_and_is_left_alone_for_longer_each_time(
    place: Path, film: np.ndarray
) -> None:
    with engine_running(place) as engine:
        client = build_client(place, patience_seconds=1.0)
        assert is_from_engine(client.run(film))
        os.kill(engine.pid, signal.SIGSTOP)
        began = time.monotonic()
        assert not is_from_engine(client.run(film))
        assert time.monotonic() - began >= 1.0
        began = time.monotonic()
        assert not is_from_engine(client.run(film))
        assert time.monotonic() - began < 0.9


def test_films_are_shared_out_among_engines_and_one_that_dies_is_passed_over(place: Path, film: np.ndarray) -> None:
    other = place.with_name("other.sock")
    client = build_client(place, other)
    with engine_running(place), engine_running(other) as second:
        assert all(is_from_engine(client.run(film)) for _ in range(4))
        second.kill()
        second.wait()
        answers = [is_from_engine(client.run(film)) for _ in range(4)]
    assert answers.count(False) == 1


def test_a_broken_device_costs_no_film(place: Path, film: np.ndarray) -> None:
    client = build_client(place)
    film[0, 0, 0, 0] = POISON
    with engine_running(place) as engine:
        assert not is_from_engine(client.run(film))
        assert engine.wait(30) == 1  # another start may help


@pytest.mark.parametrize("message", [b"hello", b"\0" * 4096, b"xray" + b"\xff" * 68])
def test_a_stranger_is_turned_away_and_disturbs_nobody(place: Path, film: np.ndarray, message: bytes) -> None:
    with engine_running(place), socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as stranger:
        client = build_client(place)
        assert is_from_engine(client.run(film))
        stranger.settimeout(10)
        stranger.connect(str(place))
        stranger.send(message)
        assert stranger.recv(16) == b""
        assert is_from_engine(client.run(film))


def test_a_request_for_another_shape_is_refused_and_disturbs_nobody(place: Path, film: np.ndarray) -> None:
    bundle = read_bundle(SHIPPED_BUNDLE)
    with engine_running(place), socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as stranger:
        client = build_client(place)
        stranger.settimeout(10)
        stranger.connect(str(place))
        send_hello(stranger, bundle.model_sha256)
        receive_welcome(stranger, bundle.input_size, len(bundle.outputs))
        send_request(stranger, 1, Shapes(SIZE + 1, 4, 1, 1))
        assert stranger.recv(16)[4:] == (1).to_bytes(4, "little")
        assert stranger.recv(16) == b""
        assert is_from_engine(client.run(film))


def test_an_engine_with_another_bundle_is_not_asked(place: Path, film: np.ndarray) -> None:
    bundle = replace(read_bundle(SHIPPED_BUNDLE), model_sha256="0" * 64)
    client = ServedEngine(bundle, load_engine(bundle, "litert"), [place], 5.0)
    with engine_running(place):
        assert not is_from_engine(client.run(film))


def test_a_served_classifier_names_the_bundle_and_decides_as_ever(place: Path, film: np.ndarray) -> None:
    classifier = load_served_classifier(SHIPPED_BUNDLE, [place])
    assert classifier.bundle == read_bundle(SHIPPED_BUNDLE)
    with engine_running(place):
        prediction = classifier.predict(film)[0]
    assert prediction.probabilities["covid19"] > 0.99
