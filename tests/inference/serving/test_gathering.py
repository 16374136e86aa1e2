from inference.serving.gathering import Gatherer

LINGER = 0.5


def wait(gatherer: Gatherer[str], now: float, *, batch_size: int = 4, senders: int = 9) -> float | None:
    return gatherer.seconds_to_batch(now, batch_size=batch_size, senders=senders)


def test_nothing_is_due_while_nothing_waits() -> None:
    assert wait(Gatherer(LINGER), 0.0) is None


def test_the_first_request_waits_for_others_and_no_longer() -> None:
    gatherer: Gatherer[str] = Gatherer(LINGER)
    gatherer.add("first", 10.0)
    gatherer.add("second", 10.4)
    assert wait(gatherer, 10.25) == 0.25
    assert wait(gatherer, 11.0) == 0.0


def test_a_full_batch_is_due_at_once_and_the_oldest_go_first() -> None:
    gatherer: Gatherer[str] = Gatherer(LINGER)
    for name in "abcde":
        gatherer.add(name, 10.0)
    assert wait(gatherer, 10.0) == 0.0
    assert gatherer.take(4) == ["a", "b", "c", "d"]
    assert "e" in gatherer
    assert wait(gatherer, 10.0) == LINGER


def test_no_time_is_spent_when_nobody_is_left_who_could_add_a_request() -> None:
    gatherer: Gatherer[str] = Gatherer(LINGER)
    gatherer.add("a", 10.0)
    assert wait(gatherer, 10.0, senders=2) == LINGER
    gatherer.add("b", 10.0)
    assert wait(gatherer, 10.0, senders=2) == 0.0


def test_a_sender_that_has_gone_is_forgotten() -> None:
    gatherer: Gatherer[str] = Gatherer(LINGER)
    gatherer.add("a", 10.0)
    gatherer.discard("a")
    gatherer.discard("never there")
    assert wait(gatherer, 11.0) is None
