"""The curve of loss and accuracy by epoch.

The errors:

    PlotError    no plot can be drawn there
"""

import os
from collections.abc import Sequence
from pathlib import Path

from training.fit.history import Epoch


class PlotError(ValueError):
    """No plot can be drawn there."""

    exit_code = os.EX_CANTCREAT


def check_plot(path: Path) -> None:
    """Refuse a place for the plot while nothing is lost: it is drawn after the training.

    Raises
    ------
    PlotError
        It is a folder, no kind of picture that can be drawn, or may not be written.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    accepted = FigureCanvasAgg.get_supported_filetypes()
    if path.suffix and path.suffix[1:].lower() not in accepted:
        raise PlotError(f"no plot can be drawn as {path}: accepted are {', '.join(f'.{each}' for each in accepted)}")
    above = next(folder for folder in path.absolute().parents if folder.exists())
    if path.is_dir() or not (above.is_dir() and os.access(above, os.W_OK)):
        raise PlotError(f"no plot can be written to {path}: name a file in a folder that may be written to")


def write_plot(history: Sequence[Epoch], path: Path, validation: str = "validation") -> None:
    """Write loss and accuracy, in training and in validation, by epoch.

    Parameters
    ----------
    history : sequence of Epoch
        Epoch 0 is the head alone.
    path : Path
        The picture; its suffix names the format.
    validation : str
        What the validation side is called.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure
    from matplotlib.ticker import MaxNLocator

    figure = Figure(figsize=(8, 4.5), layout="constrained")
    FigureCanvasAgg(figure)
    loss, accuracy = figure.subplots(1, 2)
    epochs = [epoch.epoch for epoch in history]
    loss.plot(epochs, [_to_number(epoch.loss) for epoch in history], "o-", label="training, augmented")
    loss.plot(epochs, [epoch.validation_loss for epoch in history], "o-", label=validation)
    accuracy.plot(epochs, [_to_number(epoch.accuracy) for epoch in history], "o-", label="training, augmented")
    accuracy.plot(epochs, [epoch.validation_accuracy for epoch in history], "o-", label=validation)
    for axes, name in ((loss, "loss"), (accuracy, "accuracy, balanced")):
        axes.set(xlabel="epoch (0: the head alone)" if history[0].phase == "head" else "epoch", ylabel=name)
        axes.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
        axes.set_xlim(-0.5, epochs[-1] + 0.5)
        axes.grid(alpha=0.3)
        axes.set_ylim(0.0, 1.05 if axes is accuracy else 1.08 * axes.dataLim.y1)  # room for the highest point's circle
    figure.legend(*loss.get_legend_handles_labels(), loc="outside lower center", ncols=2, frameon=False)
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path)


def _to_number(measured: float | None) -> float:
    return float("nan") if measured is None else measured
