"""What the classifier answers."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from inference.framing import Box
from inference.labels import Label, Outcome


@dataclass(frozen=True, slots=True)
class Prediction:
    """The classifier's answer for one radiograph.

    Attributes
    ----------
    outcome : Outcome
        `predicted` or `indeterminate`.
    label : Label or None
        The class, None unless predicted.
    probabilities : dict[Label, float]
        Calibrated, of the three labels, in their order; sum 1.
    reason_code : str or None
        `other_finding` or `below_operating_point` when indeterminate; `outside_training_population` may mark a label.
    activation_map : numpy.ndarray
        float32 (rows, columns) in [0, 1], coarse: where the most probable label's evidence lies
        (class activation map, Zhou et al., CVPR 2016; negative evidence is cut off, the maximum is 1).
    box : Box or None
        The part of the radiograph, in its pixels, that the map covers; None where the radiograph is not known.
    """

    outcome: Outcome
    label: Label | None
    probabilities: dict[Label, float]
    reason_code: str | None
    activation_map: npt.NDArray[np.float32]
    box: Box | None = None
