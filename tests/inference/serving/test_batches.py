"""The device is a stand-in: it has room for so many radiographs, and says what the real ones say when it has not."""

import numpy as np
import pytest

from inference.serving.batches import BatchRunner, Gatherer
from inference.serving.wire import Shapes

SIZE = 4
LINGER = 0.5


class ResourceExhaustedError(Exception):
    """Named as TensorFlow's is."""


class Device:
    input_size = SIZE
    output_count = 3

    def __init__(self, room: int = 1000, fault: Exception | None = None) -> None:
        self.room = room
        self.fault = fault or ResourceExhaustedError("OOM when allocating tensor")
        self.sizes: list[int] = []

    def run(self, batch: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        self.sizes.append(len(batch))
        if len(batch) > self.room:
            raise self.fault
        logits = batch.mean(axis=(1, 2)) * np.arange(1, 4, dtype=np.float32)
        return logits, np.zeros((len(batch), 2, 2, 3), np.float32)


def films(count: int) -> np.ndarray:
    return np.random.default_rng(count).random((count, SIZE, SIZE, 1), dtype=np.float32)


@pytest.mark.parametrize("count", [1, 2, 3, 8, 9, 20])
def test_each_film_gets_its_own_answer_whatever_the_batch(count: int) -> None:
    batch = films(count)
    logits, maps = BatchRunner(Device(), 8).run(batch)
    np.testing.assert_array_equal(logits, Device().run(batch)[0])
    assert len(maps) == count


def test_batches_have_few_sizes_and_all_of_them_run_before_serving() -> None:
    device = Device()
    runner = BatchRunner(device, 8)
    assert runner.warm_up() == Shapes(SIZE, 3, 2, 2)
    assert device.sizes == [8, 4, 2, 1]
    for count in range(1, 9):
        runner.run(films(count))
    assert set(device.sizes) == {8, 4, 2, 1}


@pytest.mark.parametrize(
    "fault",
    [
        ResourceExhaustedError("OOM when allocating tensor with shape[32,512,512,32]"),
        RuntimeError("RESOURCE_EXHAUSTED: Out of memory while trying to allocate 1073741824 bytes."),
        MemoryError(),
    ],
    ids=["tensorflow", "jax", "python"],
)
def test_out_of_memory_halves_the_batch_loses_no_film_and_is_remembered(fault: Exception) -> None:
    device = Device(room=3, fault=fault)
    runner = BatchRunner(device, 16)
    batch = films(16)
    logits, _ = runner.run(batch)
    np.testing.assert_array_equal(logits, Device().run(batch)[0])
    assert runner.batch_size == 2
    device.sizes.clear()
    runner.run(batch)
    assert set(device.sizes) == {2}


def test_memory_that_is_too_small_is_found_before_serving() -> None:
    runner = BatchRunner(Device(room=5), 32)
    runner.warm_up()
    assert runner.batch_size == 4


@pytest.mark.parametrize(("room", "fault"), [(0, None), (3, RuntimeError("the driver has gone"))])
def test_what_smaller_batches_do_not_mend_is_raised(room: int, fault: Exception | None) -> None:
    device = Device(room, fault)
    with pytest.raises(type(device.fault)):
        BatchRunner(device, 8).run(films(8))


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
