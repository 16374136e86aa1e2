from typing import Any

import numpy as np

from inference.labels import LABELS
from training.data.batches import NO_OUTPUT
from training.fit.fitting import Fitting
from training.fit.settings import FitSettings


def test_the_target_of_an_empty_view_is_spread_over_all_outputs():
    nothing: Any = None
    fitting = Fitting(nothing, (*LABELS, "other_finding"), nothing, nothing, FitSettings(), nothing)
    targets = fitting.to_targets(np.array([2, NO_OUTPUT]))
    assert targets.tolist() == [[0.0, 0.0, 1.0, 0.0], [0.25] * 4]
