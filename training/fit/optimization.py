"""Optimizer, loss, precision and the moving average of the weights, all through the Keras API alone."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from inference.engines.keras import FLOAT32, MIXED, has_gpu
from training.fit.settings import FitSettings

WARMUP_SHARE = 0.1


def find_precision(chosen: str) -> str:
    """Return the precision to train in: float16 pays on a GPU only, on a CPU it is emulated."""
    if chosen != "auto":
        return chosen
    return MIXED if has_gpu() else FLOAT32


def build_optimizer(settings: FitSettings, steps: int) -> Any:
    """Build AdamW with warm-up, half cosine, clipping and, if set, a moving average of the weights.

    Parameters
    ----------
    settings : FitSettings
        Learning rate, weight decay, average, precision.
    steps : int
        Of an epoch.
    """
    import keras

    total = settings.epochs * steps
    warmup = max(int(total * WARMUP_SHARE), 1)
    schedule = keras.optimizers.schedules.CosineDecay(
        settings.learning_rate / 100, max(total - warmup, 1), warmup_target=settings.learning_rate, warmup_steps=warmup
    )
    momentum = 1.0 - 1.0 / (1.0 + settings.ema_epochs * steps)
    average = {"use_ema": True, "ema_momentum": momentum} if settings.ema_epochs else {}
    optimizer = keras.optimizers.AdamW(schedule, weight_decay=settings.weight_decay, clipnorm=1.0, **average)
    # float16 gradients underflow unless the loss is scaled (Micikevicius et al., ICLR 2018).
    return keras.optimizers.LossScaleOptimizer(optimizer) if find_precision(settings.precision) == MIXED else optimizer


def compile_model(model: Any, optimizer: Any, label_smoothing: float) -> None:
    """Compile a network of logits for one-hot targets."""
    import keras

    loss = keras.losses.CategoricalCrossentropy(from_logits=True, label_smoothing=label_smoothing)
    # TensorFlow's XLA makes depthwise convolutions eight times slower on CPUs (measured), and Keras turns it on by
    # itself. JAX would run every operation alone without its compiler.
    on_tensorflow = keras.backend.backend() == "tensorflow"
    model.compile(optimizer, loss, metrics=["accuracy"], jit_compile=False if on_tensorflow else "auto")


@contextmanager
def swap_averages(trained: Any) -> Iterator[None]:
    """Put the moving averages of the weights into a compiled model for a while."""
    import keras

    swap = keras.callbacks.SwapEMAWeights()
    swap.set_model(trained)
    swap.on_test_begin()
    try:
        yield
    finally:
        swap.on_test_end()
