"""Which radiographs a training batch is drawn from."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

from training.data.dataset import Case

SAME_ORIGIN: Mapping[str, str] = {
    "cxnet": "cohen",
    "cohen_more": "cohen",
    "cohen_nofinding": "cohen",
    "kermany_native": "kermany512",
    "kermany": "kermany512",
}
"""Names of sources that are one source: teaching files and case reports collected by the same few people, or films of
the same hospital that were scaled in another way."""


def name_origin(case: Case) -> str:
    """Return a case's source, or the one that it belongs to."""
    return SAME_ORIGIN.get(case.source, case.source)


def balance_sources(cases: Sequence[Case], power: float = 0.0) -> npt.NDArray[np.float64]:
    """Give each class the same chance and divide it between the class's sources.

    A class that comes mostly from one hospital is otherwise learnt as that hospital's look; the few films of the
    same hospital in another class are the evidence against it, so they are drawn more often.

    Parameters
    ----------
    cases : sequence of Case
        What is drawn from.
    power : float
        A source's chance within its class is the number of its films to this power: 0 draws each source as often as
        every other, which shows six films of one as often as a thousand of another; 1 draws each film as often.

    Returns
    -------
    numpy.ndarray
        float64 (cases,), the chance of each case, sum 1.
    """
    films = Counter((case.reference_label, name_origin(case)) for case in cases)
    whole: defaultdict[str, float] = defaultdict(float)
    for (label, _), count in films.items():
        whole[label] += count**power
    strata = [(case.reference_label, name_origin(case)) for case in cases]
    chances = [films[each] ** (power - 1.0) / (whole[each[0]] * len(whole)) for each in strata]
    return np.asarray(chances, dtype=np.float64)


def balance_classes(cases: Sequence[Case]) -> npt.NDArray[np.float64]:
    """Give each class the same weight and each film within it, float64 (cases,), sum 1.

    For measuring: a source with a handful of validation films must not decide which epoch is kept.
    """
    films = Counter(case.reference_label for case in cases)
    return np.asarray([1.0 / (len(films) * films[case.reference_label]) for case in cases], dtype=np.float64)
