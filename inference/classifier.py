"""The classifier: a batch of normalised radiographs in, one `Prediction` for each out.

How an answer is made: logits / temperature, softmax over all outputs, then

- `other_finding` at or above its operating point: indeterminate, reason `other_finding`;
- else the most probable label, its probability renormalised over the three labels, below that label's operating
  point: indeterminate, reason `below_operating_point`;
- else predicted.

The three probabilities of a `Prediction` are the calibrated softmax renormalised over the labels, so they sum to 1
whatever the internal fourth output says.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import numpy as np
import numpy.typing as npt

from imaging import Radiograph, normalize
from inference.bundle import Bundle, read_bundle
from inference.engines import Engine, EngineName, load_engine
from inference.labels import BELOW_OPERATING_POINT, LABELS, OTHER_FINDING, Label, Outcome


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
        `other_finding` or `below_operating_point` when indeterminate, else None.
    activation_map : numpy.ndarray
        float32 (rows, columns) in [0, 1], coarse: where the most probable label's evidence lies
        (class activation map, Zhou et al., CVPR 2016; negative evidence is cut off, the maximum is 1).
    """

    outcome: Outcome
    label: Label | None
    probabilities: dict[Label, float]
    reason_code: str | None
    activation_map: npt.NDArray[np.float32]


class Classifier:
    """A verified bundle with a loaded engine. Load it in the process that uses it; it is not for several threads."""

    def __init__(self, bundle: Bundle, engine: Engine) -> None:
        self.bundle = bundle
        self._engine = engine

    @classmethod
    def load(cls, folder: Path, *, engine: EngineName = "litert", threads: int = 1) -> Self:
        """Read a bundle, verify it and load its graph.

        Parameters
        ----------
        folder : Path
            The bundle's folder.
        engine : {"litert", "keras"}
            Which of the two graphs runs.
        threads : int
            Threads for LiteRT.

        Raises
        ------
        BundleError
            Not found, corrupt or made for something else (`inference.bundle`).
        EngineUnavailableError
            The engine is not installed.
        """
        bundle = read_bundle(folder)
        return cls(bundle, load_engine(bundle, engine, threads=threads))

    def predict(self, batch: npt.NDArray[np.float32]) -> list[Prediction]:
        """Classify radiographs.

        Parameters
        ----------
        batch : numpy.ndarray
            float32 (batch, input_size, input_size, 1) in [0, 1]: the output of `imaging.normalize`.

        Returns
        -------
        list of Prediction
            One for each radiograph, in order.

        Raises
        ------
        ValueError
            Another shape, dtype or range, or a value that is not finite.
        """
        self._check_batch(batch)
        if not len(batch):
            return []
        logits, maps = self._engine.run(batch)
        probabilities = calibrate(logits, self.bundle.calibration["temperature"])
        points = self.bundle.operating_points
        return [_to_prediction(*answer, points) for answer in zip(probabilities, maps, strict=True)]

    def predict_radiograph(self, radiograph: Radiograph) -> Prediction:
        """Normalize one radiograph for this model and classify it; raises as `predict` does."""
        pixels = normalize(radiograph.pixels, self.bundle.input_size)
        return self.predict(pixels[np.newaxis, :, :, np.newaxis])[0]

    def _check_batch(self, batch: npt.NDArray[np.float32]) -> None:
        size = self.bundle.input_size
        if batch.dtype != np.float32 or batch.shape[1:] != (size, size, 1):
            raise ValueError(f"batch {batch.dtype} {batch.shape}: accepted is float32 (batch, {size}, {size}, 1)")
        # The negation also catches NaN, which compares false with everything.
        if not np.all((batch >= 0.0) & (batch <= 1.0)):
            raise ValueError("batch holds values outside of [0, 1] or not finite")


def calibrate(logits: npt.NDArray[np.float32], temperature: float) -> npt.NDArray[np.float64]:
    """Turn logits into calibrated probabilities by temperature scaling (Guo et al., ICML 2017).

    Parameters
    ----------
    logits : numpy.ndarray
        float32 (batch, outputs).
    temperature : float
        Above 0; it never changes the order of the outputs.

    Returns
    -------
    numpy.ndarray
        float64 (batch, outputs) in [0, 1], each row sums to 1.
    """
    scaled = logits.astype(np.float64) / temperature
    powers = np.exp(scaled - scaled.max(axis=1, keepdims=True))
    return np.asarray(powers / powers.sum(axis=1, keepdims=True))


def renormalize(probabilities: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Return the probabilities of the labels alone, float64 (batch, labels), each row made to sum to 1."""
    labels = probabilities[:, : len(LABELS)]
    total = labels.sum(axis=1, keepdims=True)
    # All three may underflow when the fourth output is certain: then nothing is known about them.
    return np.where(total > 0, labels / np.where(total > 0, total, 1.0), 1.0 / len(LABELS))


def decide(probabilities: npt.NDArray[np.float64], operating_points: Mapping[str, float]) -> tuple[Label, str | None]:
    """Apply the operating points to one radiograph.

    Parameters
    ----------
    probabilities : numpy.ndarray
        float64 (outputs,), from `calibrate`.
    operating_points : Mapping[str, float]
        For each output a probability in [0, 1].

    Returns
    -------
    label : Label
        The most probable of the three.
    reason_code : str or None
        Why this label must not be given, None if it may.
    """
    labels = renormalize(probabilities[np.newaxis])[0]
    label = LABELS[int(labels.argmax())]
    if len(probabilities) > len(LABELS) and probabilities[len(LABELS)] >= operating_points[OTHER_FINDING]:
        return label, OTHER_FINDING
    if labels.max() < operating_points[label]:
        return label, BELOW_OPERATING_POINT
    return label, None


def _to_prediction(
    probabilities: npt.NDArray[np.float64], maps: npt.NDArray[np.float32], points: Mapping[str, float]
) -> Prediction:
    label, reason_code = decide(probabilities, points)
    labels = renormalize(probabilities[np.newaxis])[0]
    return Prediction(
        outcome=Outcome.INDETERMINATE if reason_code else Outcome.PREDICTED,
        label=None if reason_code else label,
        probabilities={name: float(value) for name, value in zip(LABELS, labels, strict=True)},
        reason_code=reason_code,
        activation_map=_scale_map(maps[:, :, LABELS.index(label)]),
    )


def _scale_map(activation_map: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    evidence = np.maximum(activation_map, 0.0)
    maximum = evidence.max()
    return np.asarray(evidence / maximum if maximum > 0 else evidence, dtype=np.float32)
