"""What a caller may cost, counted without a network or a clock."""

import pytest

from pacs.receiving.bounds import LEAST_BYTES_A_SECOND, LONGEST_BYTES, Bounds, CallerError, Seats

REQUEST, DATA = 0x01, 0x04


def header(kind: int, length: int) -> bytes:
    return bytes((kind, 0)) + length.to_bytes(4, "big")


@pytest.fixture
def bounds() -> Bounds:
    return Bounds(seconds=15, message_bytes=1_000_000)


@pytest.mark.parametrize("kind", [REQUEST, DATA, 0xFF])
def test_a_pdu_that_is_announced_too_long_is_refused_before_a_byte_of_it_is_read(bounds: Bounds, kind: int) -> None:
    with pytest.raises(CallerError, match="4,294,967,295 bytes"):
        bounds.count(header(kind, 0xFFFFFFFF), 0)
    Bounds(15, 1_000_000).count(header(kind, LONGEST_BYTES), 0)


def test_a_header_may_come_byte_by_byte_and_its_time_begins_with_the_first(bounds: Bounds) -> None:
    assert bounds.seconds_left(100.0) == 15
    for second, byte in enumerate(header(REQUEST, 10)):
        bounds.count(bytes([byte]), 100.0 + second)
    assert bounds.seconds_left(105.0) == pytest.approx(10, abs=0.01)
    with pytest.raises(CallerError, match="too slow: 6 bytes"):
        bounds.seconds_left(115.1)


def test_after_a_request_time_begins_anew_and_after_a_piece_of_a_message_it_does_not(bounds: Bounds) -> None:
    bounds.count(header(REQUEST, 4), 0)
    bounds.count(b"1234", 1)
    assert bounds.seconds_left(1000) == 15
    bounds.count(header(DATA, 4), 1000)
    bounds.count(b"1234", 1001)
    with pytest.raises(CallerError, match="too slow"):
        bounds.seconds_left(1016)
    bounds.end_message()
    assert bounds.seconds_left(1016) == 15


def test_who_sends_steadily_has_time_and_pieces_without_end_come_to_an_end(bounds: Bounds) -> None:
    piece = LEAST_BYTES_A_SECOND * 2
    for second in range(61):
        assert bounds.seconds_left(second) > 0
        bounds.count(header(DATA, piece), second)
        bounds.count(bytes(piece), second)
    bounds.count(header(DATA, piece), 61)
    with pytest.raises(CallerError, match=r"more than 1,000,000 bytes"):
        bounds.count(bytes(piece), 61)


def test_what_is_kept_in_memory_is_bounded_apart(bounds: Bounds) -> None:
    bounds.count_memory(LONGEST_BYTES)
    with pytest.raises(CallerError, match="a command of more"):
        bounds.count_memory(1)
    bounds.end_message()
    bounds.count_memory(LONGEST_BYTES)


def test_connections_have_more_seats_than_associations_and_a_silent_crowd_takes_no_association() -> None:
    seats = Seats(in_all=3, of_one=2)
    crowd = [seats.take("a") for _ in range(10)]
    assert [seat is not None for seat in crowd] == [True] * 6 + [False] * 4
    ours = seats.take("b")
    assert ours is not None
    assert seats.admit(ours)
    assert [seats.admit(seat) for seat in crowd if seat] == [True, True, False, False, False, False]
    other = seats.take("c")
    assert other is not None
    assert not seats.admit(other)
    seats.leave(ours)
    assert seats.admit(other)
    for seat in filter(None, crowd):
        seats.leave(seat)
    assert seats.take("a") is not None


def test_connections_are_bounded_in_all() -> None:
    seats = Seats(in_all=2, of_one=1)
    assert [seats.take(str(number)) is not None for number in range(9)] == [True] * 8 + [False]
