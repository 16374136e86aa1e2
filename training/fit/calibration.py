"""Calibration and operating points, chosen on patients only whom the model has not seen.

Few films fit any temperature and any threshold: of three films a class a temperature of 0.2 and an operating point of
99.9 % came out. So with fewer than ten patients of a class nothing is fitted, and the calibration says so. With more
a temperature below 1, which makes a model surer than it is, has to be paid for by films; and an operating point is
chosen only where twenty films or more are answered, else it is 0.5.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt

from inference.labels import OTHER_FINDING, Label, order_labels
from inference.prediction import calibrate, renormalize
from training.data.dataset import Case
from training.fit.validation import to_indices

TARGET_PRECISION = 0.95
MAX_LOST_TO_OTHER_FINDING = 0.05
MAX_OTHERS_CALLED_IT = 0.05
MIN_OPERATING_POINT = 0.5

FEWEST_PATIENTS = 10
"""Of each class, below which nothing is fitted."""

FEWEST_ANSWERED = 20
"""Films of which an operating point can be chosen."""

TEMPERATURES = (0.5, 20.0)
SHARPENING_SD = 0.25
"""How far ln(temperature) may be expected to lie below 0, as a standard deviation: a prior that many films outvote."""


@dataclass(frozen=True, slots=True)
class Calibration:
    """How logits become an answer.

    Attributes
    ----------
    temperature : float
        What logits are divided by.
    operating_points : mapping
        A threshold for every output.
    patients : mapping
        How many there were of each class.
    is_fitted : bool
        Whether there were enough; else the temperature is 1 and every threshold 0.5.
    chosen : tuple of str
        Outputs whose threshold was chosen on films; that of each other is 0.5.
    """

    temperature: float
    operating_points: Mapping[str, float]
    patients: Mapping[str, int] = field(default_factory=dict)
    is_fitted: bool = True
    chosen: tuple[str, ...] = ()


def choose_calibration(logits: npt.NDArray[np.float32], cases: Sequence[Case], outputs: Sequence[str]) -> Calibration:
    """Choose temperature and operating points on films whose patients the model has not seen.

    Parameters
    ----------
    logits : numpy.ndarray
        float32 (radiographs, outputs).
    cases : sequence of Case
        With the true outputs.
    outputs : sequence of str
        Their order.
    """
    patients = {
        str(label): len({case.patient_id for case in cases if case.reference_label == label})
        for label in order_labels(outputs)
    }
    if min(patients.values()) < FEWEST_PATIENTS:
        return Calibration(1.0, dict.fromkeys(outputs, MIN_OPERATING_POINT), patients, is_fitted=False)
    temperature = fit_temperature(logits, to_indices(cases, outputs))
    reference = [case.reference_label for case in cases]
    points = choose_operating_points(calibrate(logits, temperature), reference, outputs)
    operating_points = {output: points.get(output, MIN_OPERATING_POINT) for output in outputs}
    return Calibration(temperature, operating_points, patients, chosen=tuple(points))


def hold_at_known_hospitals(
    calibration: Calibration, logits: npt.NDArray[np.float32], cases: Sequence[Case], outputs: Sequence[str]
) -> Calibration:
    """Raise operating points, the lowest ones first, until 95 % of all labels given to these films are right.

    Films of sources that a training went without may know no threshold of a label that is precise enough. Of `normal`
    they do not: some films of patients with COVID-19 look clear, and the surest answers err as often as others. Then
    those of patients held out of known hospitals decide, over all labels together, since of one label they are few.

    Parameters
    ----------
    calibration : Calibration
        Chosen on other films.
    logits : numpy.ndarray
        float32 (radiographs, outputs) of the model that ships, whose patients it has not seen.
    cases : sequence of Case
        With the true outputs.
    outputs : sequence of str
        Their order.
    """
    if not calibration.is_fitted or not len(cases):
        return calibration
    labels, points = order_labels(outputs), dict(calibration.operating_points)
    probabilities, names = (
        calibrate(logits, calibration.temperature),
        np.array([case.reference_label for case in cases]),
    )
    shares = renormalize(probabilities, labels)
    sure, answered = shares.max(axis=1), np.array(labels)[shares.argmax(axis=1)]
    asked = names != OTHER_FINDING
    if OTHER_FINDING in outputs:
        asked &= probabilities[:, outputs.index(OTHER_FINDING)] < points[OTHER_FINDING]
    for floor in (MIN_OPERATING_POINT, *np.unique(sure[asked])):
        raised = points | {label: max(points[label], float(floor)) for label in labels}
        given = asked & (sure >= np.array([raised[label] for label in answered]))
        if np.count_nonzero(given) < FEWEST_ANSWERED:
            break
        if np.mean(answered[given] == names[given]) >= TARGET_PRECISION:
            return replace(calibration, operating_points=raised)
    return calibration


def fit_temperature(logits: npt.NDArray[np.float32], reference: npt.NDArray[np.intp]) -> float:
    """Return the temperature with the least mean negative log likelihood (Guo et al., ICML 2017).

    A temperature below 1 pays for its distance from 1, the less the more films there are.

    Parameters
    ----------
    logits : numpy.ndarray
        float32 (radiographs, outputs).
    reference : numpy.ndarray
        int (radiographs,), the index of the true output.

    Returns
    -------
    float
        Within 0.5 to 20, to about 0.1 %.
    """
    low, high = TEMPERATURES
    for _ in range(3):
        grid = np.geomspace(low, high, 61)
        losses = [
            _mean_log_loss(logits, reference, float(temperature))
            + _charge_sharpening(float(temperature), len(reference))
            for temperature in grid
        ]
        best = int(np.argmin(losses))
        low, high = grid[max(best - 1, 0)], grid[min(best + 1, len(grid) - 1)]
    return float(grid[best])


def _mean_log_loss(logits: npt.NDArray[np.float32], reference: npt.NDArray[np.intp], temperature: float) -> float:
    chosen = calibrate(logits, temperature)[np.arange(len(reference)), reference]
    return float(-np.log(np.maximum(chosen, 1e-12)).mean())


def _charge_sharpening(temperature: float, films: int) -> float:
    """Return the penalty of a temperature, a mean over the films as the loss is."""
    return float(min(np.log(temperature), 0.0) ** 2 / (2 * SHARPENING_SD**2 * films))


def choose_operating_points(
    probabilities: npt.NDArray[np.float64], reference: Sequence[str], outputs: Sequence[str]
) -> Mapping[str, float]:
    """Choose a threshold for every output that enough films are answered with, by two written rules.

    `other_finding`: the smallest at which at most 5 % of the films of each label are lost to it (and not below
    chance). A label: the smallest, 0.5 at least, at which 95 % or more of the labels' films answered with it are truly
    of it; where no threshold reaches that, the most precise one. For the two diseases it is also so high that at most
    5 % of the films of other findings get that answer, since naming a disease on a film of another one is this field's
    known failure. For `normal` they do not count: text-mined labels of slight findings would leave hardly a normal
    film answered. (Counting them as wrong answers among the 95 % was tried: 1 % of COVID-19 films got a label.)

    Parameters
    ----------
    probabilities : numpy.ndarray
        float64 (radiographs, outputs), calibrated.
    reference : sequence of str
        The true output of each.
    outputs : sequence of str
        Their order.

    Returns
    -------
    mapping
        From output to threshold; an output that fewer than 20 films are answered with is left out.
    """
    names = np.asarray(reference)
    points: dict[str, float] = {}
    passed = np.ones(len(names), dtype=bool)
    if OTHER_FINDING in outputs:
        other = probabilities[:, outputs.index(OTHER_FINDING)]
        if min(np.count_nonzero(names == label) for label in order_labels(outputs)) >= FEWEST_ANSWERED:
            points[OTHER_FINDING] = _choose_other_finding(other, names, 1.0 / len(outputs))
        passed = other < points.get(OTHER_FINDING, MIN_OPERATING_POINT)
    known_labels = order_labels(outputs)
    labels = renormalize(probabilities, known_labels)
    answered = labels.argmax(axis=1)
    for place, label in enumerate(known_labels):
        chosen = passed & (answered == place)
        if np.count_nonzero(chosen & (names != OTHER_FINDING)) < FEWEST_ANSWERED:
            continue
        known, other = chosen & (names != OTHER_FINDING), chosen & (names == OTHER_FINDING)
        points[label] = _choose_label(labels[known, place], names[known] == label)
        if label is not Label.NORMAL:
            allowed = int(MAX_OTHERS_CALLED_IT * np.count_nonzero(names == OTHER_FINDING))
            points[label] = max(points[label], _leave_out(labels[other, place], allowed))
    return points


def _choose_other_finding(other: npt.NDArray[np.float64], names: npt.NDArray[np.str_], chance: float) -> float:
    limits = [
        np.quantile(other[names == label], 1.0 - MAX_LOST_TO_OTHER_FINDING, method="higher")
        for label in np.unique(names)
        if label != OTHER_FINDING
    ]
    # The next number above, since a probability at the operating point is already lost to it.
    highest = float(np.nextafter(max(limits), 2.0)) if limits else 1.0
    return min(max(highest, chance), 1.0)


def _leave_out(shares: npt.NDArray[np.float64], allowed: int) -> float:
    """Return the smallest threshold that no more than so many reach."""
    if len(shares) <= allowed:
        return 0.0
    return min(float(np.nextafter(np.sort(shares)[::-1][allowed], 2.0)), 1.0)


def _choose_label(probability: npt.NDArray[np.float64], correct: npt.NDArray[np.bool_]) -> float:
    candidates = np.unique(np.maximum(probability, MIN_OPERATING_POINT))
    precisions = [
        float(correct[probability >= point].mean()) if np.any(probability >= point) else 0.0 for point in candidates
    ]
    reached = [point for point, precision in zip(candidates, precisions, strict=True) if precision >= TARGET_PRECISION]
    return float(reached[0] if reached else candidates[int(np.argmax(precisions))])
