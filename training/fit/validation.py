"""Looking at the validation side during training."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from inference.engines.protocol import LOGITS_NAME
from inference.prediction import calibrate
from training.data.dataset import Case
from training.data.films import Films
from training.data.sampling import balance_classes


def to_indices(cases: Sequence[Case], outputs: Sequence[str]) -> npt.NDArray[np.intp]:
    """Return for each case the place of its reference label among the outputs."""
    return np.asarray([outputs.index(case.reference_label) for case in cases], dtype=np.intp)


def predict_logits(network: Any, films: Films, batch_size: int) -> npt.NDArray[np.float32]:
    """Return the network's logits, float32 (radiographs, outputs)."""
    if not len(films.cases):
        return np.zeros((0, int(network.get_layer(LOGITS_NAME).output.shape[-1])), dtype=np.float32)
    starts = range(0, len(films.cases), batch_size)
    batches = [films.to_batch(slice(start, start + batch_size)) for start in starts]
    return np.concatenate([np.asarray(network.predict_on_batch(batch)[LOGITS_NAME]) for batch in batches])


def measure_validation(network: Any, validation: Films, outputs: Sequence[str], batch_size: int) -> tuple[float, float]:
    """Return loss and accuracy, weighted so that classes count alike."""
    probabilities = calibrate(predict_logits(network, validation, batch_size), 1.0)
    reference = to_indices(validation.cases, outputs)
    weights = balance_classes(validation.cases)
    chosen = probabilities[np.arange(len(reference)), reference]
    loss = float(weights @ -np.log(np.maximum(chosen, 1e-12)))
    return loss, float(weights @ (probabilities.argmax(axis=1) == reference))
