"""Which radiographs a training batch is drawn from."""

from collections import Counter
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from training.data.dataset import Case


def balance_sources(cases: Sequence[Case]) -> npt.NDArray[np.float64]:
    """Give each class the same chance and, within a class, each source the same chance.

    A class that comes mostly from one hospital is otherwise learnt as that hospital's look; the few films of the
    same hospital in another class are the evidence against it, so they are drawn more often.

    Returns
    -------
    numpy.ndarray
        float64 (cases,), the chance of each case, sum 1.
    """
    films = Counter((case.reference_label, case.source) for case in cases)
    sources = Counter(label for label, _ in films)
    classes = len(sources)
    chances = [
        1.0 / (classes * sources[case.reference_label] * films[case.reference_label, case.source]) for case in cases
    ]
    return np.asarray(chances, dtype=np.float64)


def balance_classes(cases: Sequence[Case]) -> npt.NDArray[np.float64]:
    """Give each class the same weight and each film within it, float64 (cases,), sum 1.

    For measuring: a source with a handful of validation films must not decide which epoch is kept.
    """
    films = Counter(case.reference_label for case in cases)
    return np.asarray([1.0 / (len(films) * films[case.reference_label]) for case in cases], dtype=np.float64)
