"""The plot of a training: nothing of its curves is cut."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from matplotlib.figure import Figure

from training.fit.history import Epoch
from training.run.plot import write_plot

CIRCLE = 6.0  # points: how wide a measured point is drawn


def test_the_highest_point_has_room_for_its_circle(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    drawn: list[Figure] = []
    save: Any = Figure.savefig
    monkeypatch.setattr(Figure, "savefig", lambda figure, path: (drawn.append(figure), save(figure, path)))
    flat = [Epoch("fine", epoch, 0.5 - epoch / 1000, 1.0, 0.49, 1.0) for epoch in range(3)]
    write_plot(flat, tmp_path / "plot.png")
    for axes in drawn[0].axes:
        points_per_unit = axes.get_window_extent().height * 72 / drawn[0].dpi / np.ptp(axes.get_ylim())
        assert (axes.get_ylim()[1] - axes.dataLim.y1) * points_per_unit > CIRCLE / 2
