"""Which precision serves. A GPU is stood in for by LiteRT with errors added; on the CPU the real engine is compared."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from inference.bundle import SHIPPED_BUNDLE, read_bundle
from inference.engines.keras import FLOAT32, MIXED, KerasEngine, forbid_tf32
from inference.engines.loading import load_engine
from inference.serving import parity
from inference.serving.parity import ParityError, draw_probe, load_engine_in_parity
from tests.inference.conftest import SIZE


def stand_in(*, half_error: float, single_error: float = 0.0) -> Any:
    litert = load_engine(read_bundle(SHIPPED_BUNDLE), "litert")

    class Gpu:
        def __init__(self, path: Path, *, half: bool, compiled: bool) -> None:
            assert compiled
            self.input_size, self.output_count = litert.input_size, litert.output_count
            self._error = half_error if half else single_error

        def run(self, batch: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
            logits, maps = litert.run(batch)
            return logits + self._error * np.arange(logits.shape[1], dtype=np.float32), maps

    return Gpu


def load(monkeypatch: pytest.MonkeyPatch, **errors: float) -> str:
    monkeypatch.setattr(parity, "KerasEngine", stand_in(**errors))
    return load_engine_in_parity(read_bundle(SHIPPED_BUNDLE), 4, on_gpu=True)[1]


def test_the_probe_is_what_the_network_takes() -> None:
    probe = draw_probe(SIZE)
    assert probe.shape == (8, SIZE, SIZE, 1)
    assert probe.dtype == np.float32
    assert 0.0 <= probe.min() < probe.max() <= 1.0
    np.testing.assert_array_equal(probe, draw_probe(SIZE))


def test_float16_serves_where_it_agrees(monkeypatch: pytest.MonkeyPatch) -> None:
    assert load(monkeypatch, half_error=1e-4) == MIXED


def test_float32_serves_where_float16_differs_and_the_log_says_so(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    assert load(monkeypatch, half_error=0.05) == FLOAT32
    assert "mixed_float16 differs by" in caplog.text


@pytest.mark.parametrize("error", [0.05, float("nan")])
def test_a_device_that_computes_something_else_does_not_serve(monkeypatch: pytest.MonkeyPatch, error: float) -> None:
    with pytest.raises(ParityError, match="see driver and device"):
        load(monkeypatch, half_error=error, single_error=error)


@pytest.mark.timeout(400)  # importing TensorFlow and building a graph anew takes minutes where others compute too
@pytest.mark.filterwarnings("ignore")  # TensorFlow's own imports use what numpy has deprecated
def test_half_precision_keeps_outputs_in_float32_and_float32_is_no_tf32(synthetic_batch: np.ndarray) -> None:
    import tensorflow

    forbid_tf32()
    assert not tensorflow.config.experimental.tensor_float_32_execution_enabled()
    tensorflow.config.experimental.enable_tensor_float_32_execution(True)  # as other tests have it
    engine = KerasEngine(SHIPPED_BUNDLE / "model.keras", half=True)
    logits, maps = engine.run(synthetic_batch[:2])
    expected, _ = load_engine(read_bundle(SHIPPED_BUNDLE), "litert").run(synthetic_batch[:2])
    assert logits.dtype == maps.dtype == np.float32
    assert 0 < np.abs(logits - expected).max() < 0.1  # computed otherwise, and still the same network
