import mmap
import os
import socket
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from inference.serving.wire import (
    LONGEST_MESSAGE,
    Shapes,
    Slot,
    WireError,
    create_memory,
    parse_hello,
    parse_request,
    receive_welcome,
    send_hello,
    send_request,
    send_welcome,
)

SHAPES = Shapes(144, 4, 5, 5)


@pytest.fixture
def ends() -> Iterator[tuple[socket.socket, socket.socket]]:
    client, engine = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with client, engine:
        yield client, engine


@pytest.fixture
def memory() -> Iterator[int]:
    descriptor = create_memory(SHAPES)
    yield descriptor
    os.close(descriptor)


def test_both_sides_see_the_same_memory(ends: tuple[socket.socket, socket.socket], memory: int) -> None:
    client, engine = ends
    own = Slot(memory, SHAPES)
    send_welcome(engine, SHAPES, memory)
    other = receive_welcome(client, 144, 4)
    radiograph = np.random.default_rng(0).random((144, 144, 1), dtype=np.float32)
    other.radiograph[:] = radiograph
    own.logits[:], own.maps[:] = np.arange(4), 7
    np.testing.assert_array_equal(own.radiograph, radiograph)
    np.testing.assert_array_equal(other.logits, [0, 1, 2, 3])
    assert other.maps.shape == (5, 5, 4)
    assert (other.maps == 7).all()


def test_nobody_can_pull_the_memory_from_under_the_other_side(memory: int) -> None:
    for size in (0, SHAPES.size_bytes * 2):
        with pytest.raises(PermissionError):
            os.ftruncate(memory, size)


def test_the_memory_has_no_name_that_could_stay_behind(memory: int) -> None:
    assert os.fstat(memory).st_nlink == 0
    assert "memfd:" in str(Path(f"/proc/self/fd/{memory}").readlink())


def test_an_engine_that_gives_less_memory_than_it_says_is_not_trusted(
    ends: tuple[socket.socket, socket.socket],
) -> None:
    client, engine = ends
    small = os.memfd_create("small")
    os.ftruncate(small, mmap.PAGESIZE)
    send_welcome(engine, SHAPES, small)
    os.close(small)
    with pytest.raises(WireError, match="another size"):
        receive_welcome(client, 144, 4)


def test_an_engine_with_another_model_is_not_trusted(ends: tuple[socket.socket, socket.socket], memory: int) -> None:
    client, engine = ends
    send_welcome(engine, SHAPES, memory)
    with pytest.raises(WireError, match="other shapes"):
        receive_welcome(client, 224, 4)


def test_a_greeting_says_which_bundle(ends: tuple[socket.socket, socket.socket]) -> None:
    client, engine = ends
    send_hello(client, "ab" * 32)
    assert parse_hello(engine.recv(LONGEST_MESSAGE)) == "ab" * 32


@pytest.mark.parametrize(
    "message", [b"", b"\0", b"GET / HTTP/1.1\r\n\r\n", b"xray" + b"\xff" * 68, b"x" * LONGEST_MESSAGE]
)
def test_a_greeting_of_something_else_is_refused(message: bytes) -> None:
    with pytest.raises(WireError):
        parse_hello(message)


def test_only_one_radiograph_of_the_models_shape_may_be_asked_for(ends: tuple[socket.socket, socket.socket]) -> None:
    client, engine = ends
    send_request(client, 17, SHAPES)
    assert parse_request(engine.recv(LONGEST_MESSAGE), SHAPES) == 17
    send_request(client, 18, Shapes(145, 4, 5, 5))
    with pytest.raises(WireError, match=r"\(145, 145, 1\)"):
        parse_request(engine.recv(LONGEST_MESSAGE), SHAPES)
    send_request(client, 19, SHAPES)
    other_dtype = engine.recv(LONGEST_MESSAGE).replace(b"f4", b"f8")
    with pytest.raises(WireError, match="f8"):
        parse_request(other_dtype, SHAPES)


@pytest.mark.parametrize("shapes", [Shapes(0, 4, 5, 5), Shapes(1 << 17, 4, 5, 5), Shapes(8192, 4, 5, 5)])
def test_shapes_have_bounds(shapes: Shapes) -> None:
    with pytest.raises(WireError):
        shapes.check()
