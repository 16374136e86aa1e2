import pytest

from bench import gpu
from inference.bundle import SHIPPED_BUNDLE


def test_an_engine_is_measured_against_litert_and_halves_its_batches(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(gpu, "BATCHES", (1, 4))
    monkeypatch.setattr(gpu, "ROUNDS", 1)
    monkeypatch.setattr(gpu, "FITTING", 3)
    found = gpu.measure_engine(SHIPPED_BUNDLE, "cpu", films=1)
    assert found["precision"] == "float32"
    assert found["logits_apart_from_litert"] < 1e-3
    assert set(found["films_a_second_by_batch"]) == {1, 4}
    assert min(found["films_a_second_by_batch"].values()) > 0
    assert (found["batch_left_where_3_fit"], found["answers_after_halving"]) == (2, 4)
