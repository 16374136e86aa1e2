"""Which precision may serve: the fastest whose answers agree with LiteRT's, which every other machine gives."""

import logging
from collections.abc import Iterator

import numpy as np

from imaging import normalize
from imaging.phantoms.anatomy import draw_chest, draw_lungs
from inference.bundle import KERAS_NAME, Bundle
from inference.engines.keras import FLOAT32, MIXED, KerasEngine
from inference.engines.loading import load_engine
from inference.engines.protocol import Engine
from inference.framing import frame
from inference.prediction import calibrate
from inference.serving.batches import BatchRunner
from inference.serving.wire import Floats

log = logging.getLogger(__name__)

TOLERANCE = 5e-4
"""Of any probability on the probe. The engines are to agree within 1e-3 on every film, and the probe is only a few."""

PHANTOMS = 6
_ROWS, _COLUMNS = 625, 512


class ParityError(RuntimeError):
    """The device computes other answers than the CPU does."""


def draw_probe(input_size: int) -> Floats:
    """Return pictures to compare answers on: synthetic chests as the model sees them, noise, and a gray wedge.

    Returns
    -------
    numpy.ndarray
        float32 (8, input_size, input_size, 1) in [0, 1].
    """
    noise = np.random.default_rng(0).random((input_size, input_size), np.float32)
    wedge = np.linspace(0, 1, input_size, dtype=np.float32)[np.newaxis].repeat(input_size, axis=0)
    return np.stack([*_draw_chests(input_size), noise, wedge])[..., np.newaxis]


def _draw_chests(input_size: int) -> Iterator[Floats]:
    for seed in range(PHANTOMS):
        film, lungs = (normalize(draw(seed, _ROWS, _COLUMNS), _ROWS) for draw in (draw_chest, draw_lungs))
        yield frame(film, lungs, input_size)


def load_engine_in_parity(bundle: Bundle, batch_size: int, *, on_gpu: bool) -> tuple[BatchRunner, str]:
    """Load the Keras engine in float16 on a GPU, in float32 where that differs too much or there is none.

    Parameters
    ----------
    bundle : Bundle
        A verified one.
    batch_size : int
        The largest batch.
    on_gpu : bool
        Whether the device is one: on a CPU float16 is emulated, and XLA slower than TensorFlow's own kernels.

    Returns
    -------
    runner : BatchRunner
    precision : str
        `mixed_float16` or `float32`.

    Raises
    ------
    ParityError
        Neither agrees with LiteRT (a broken device or driver, say): it must not answer.
    """
    probe = draw_probe(bundle.input_size)
    expected = _ask(load_engine(bundle, "litert"), probe, bundle)
    difference = 0.0
    for precision in (MIXED, FLOAT32) if on_gpu else (FLOAT32,):
        engine = KerasEngine(bundle.folder / KERAS_NAME, half=precision == MIXED, compiled=on_gpu)
        runner = BatchRunner(engine, batch_size)
        difference = float(np.abs(_ask(runner, probe, bundle) - expected).max())
        if difference <= TOLERANCE:
            return runner, precision
        facts = {"action": "precision_refused", "precision": precision}
        log.warning("%s differs by %.2g from LiteRT (at most %.2g)", precision, difference, TOLERANCE, extra=facts)
    raise ParityError(f"its probabilities differ by {difference:.2g} from those of LiteRT: see driver and device")


def _ask(engine: Engine | BatchRunner, probe: Floats, bundle: Bundle) -> Floats:
    logits, _ = engine.run(probe)
    return np.asarray(calibrate(logits, bundle.calibration["temperature"]), np.float32)
