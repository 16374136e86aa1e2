"""The curve of loss and accuracy by epoch."""

from collections.abc import Sequence
from pathlib import Path

from training.fit.history import Epoch


def write_plot(history: Sequence[Epoch], path: Path) -> None:
    """Write loss and accuracy, in training and in validation, by epoch.

    Parameters
    ----------
    history : sequence of Epoch
        Epoch 0 is the head alone.
    path : Path
        The picture; its suffix names the format.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(8, 4.5), layout="constrained")
    FigureCanvasAgg(figure)
    loss, accuracy = figure.subplots(1, 2)
    epochs = [epoch.epoch for epoch in history]
    loss.plot(epochs, [_to_number(epoch.loss) for epoch in history], "o-", label="training, augmented")
    loss.plot(epochs, [epoch.validation_loss for epoch in history], "o-", label="validation")
    accuracy.plot(epochs, [_to_number(epoch.accuracy) for epoch in history], "o-", label="training, augmented")
    accuracy.plot(epochs, [epoch.validation_accuracy for epoch in history], "o-", label="validation")
    for axes, name in ((loss, "loss"), (accuracy, "accuracy, balanced")):
        axes.set(xlabel="epoch", ylabel=name)
        axes.grid(alpha=0.3)
        axes.legend()
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path)


def _to_number(measured: float | None) -> float:
    return float("nan") if measured is None else measured
