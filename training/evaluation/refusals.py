"""Counting the films that got no answer: a refusal is a result, and figures without it would flatter."""

from collections.abc import Sequence
from typing import Any

from imaging import REASONS
from inference.labels import LABELS, OTHER_FINDING
from training.evaluation.answers import Answer, Refusal, is_labelled
from training.evaluation.figures.estimates import draw_patients, estimate, weigh_share


def count_refusals(films: Sequence[Answer | Refusal], *, seed: int) -> dict[str, Any]:
    """Count refusals by reason and label.

    Parameters
    ----------
    films : sequence of Answer or Refusal
        All films of the data set.
    seed : int
        Of the bootstrap.

    Returns
    -------
    dict
        `n`, `unreadable` (part of them: damaged files), `share` of the films of the three labels as an estimate, and
        `by_reason` with count, advice and counts by label.
    """
    refusals = [film for film in films if isinstance(film, Refusal)]
    labelled = [film for film in films if is_labelled(film)]
    weights = draw_patients([film.case.patient_id for film in labelled], seed=seed)
    share = weigh_share([isinstance(film, Refusal) for film in labelled], weights)
    return {
        "n": len(refusals),
        "unreadable": sum(refusal.unreadable for refusal in refusals),
        "share": estimate(share, len({film.case.patient_id for film in labelled})).to_json(),
        "by_reason": {
            reason: _describe(reason, [each for each in refusals if each.reason_code == reason])
            for reason in sorted({refusal.reason_code for refusal in refusals})
        },
    }


def _describe(reason_code: str, refusals: Sequence[Refusal]) -> dict[str, Any]:
    labels = [refusal.case.reference_label for refusal in refusals]
    return {
        "n": len(refusals),
        "advice": REASONS.get(reason_code, ""),
        "by_label": {str(label): labels.count(label) for label in (*LABELS, OTHER_FINDING) if label in labels},
    }
