"""What the figures come to, in plain words."""

from collections.abc import Iterator, Mapping

from documents.figures import say_count, say_estimate, say_number, say_percent
from reports.wording import name_label
from training.data.dataset import UNKNOWN
from training.evaluation.groups import REST, name_grouping
from training.evaluation.result import NOT_RULED_OUT, Audit, Evaluation

MIN_FILMS = 10
"""Groups of fewer films are not called the weakest: their figures say little. Nor is one that holds all films."""

STAMP = "Works without lungs"
MAYBE_STAMP = "May work without lungs"
ENDS: Mapping[str, str] = {
    STAMP: "it has learnt something else than disease, and the figures above say little about other hospitals",
    MAYBE_STAMP: "it may work without lungs: these films do not rule it out",
    "": "close to guessing, as it should be",
}


def say_verdict(evaluation: Evaluation) -> list[str]:
    """Return the sentences that stand at the top of the page, the most important one first."""
    if not evaluation.n:
        return ["No film was judged, so there is nothing to say about this model."]
    return [
        _say_accuracy(evaluation),
        *_say_answers(evaluation),
        say_audit(evaluation.audit),
        *_say_certainty(evaluation),
        *_say_weakest(evaluation),
    ]


def find_stamp(audit: Audit | None) -> str:
    """Return the stamp of a model for which the shortcut audit could not show that it needs the lungs, or nothing."""
    if not audit or not audit.works_without_lungs:
        return ""
    return MAYBE_STAMP if audit.verdict == NOT_RULED_OUT else STAMP


def _say_accuracy(evaluation: Evaluation) -> str:
    patients = f" of {say_count(evaluation.n_patients, 'patient')}" if evaluation.n_patients else ""
    accuracy, balanced = say_estimate(evaluation.accuracy), evaluation.balanced_accuracy
    sentence = f"Of {say_count(evaluation.n, 'film')}{patients} it puts {accuracy} into the right class"
    return sentence + ("." if balanced.value is None else f"; averaged over the classes {say_estimate(balanced)}.")


def _say_answers(evaluation: Evaluation) -> Iterator[str]:
    answered, others = evaluation.answered, evaluation.other_finding
    if answered.coverage.value is not None:
        yield (
            f"It gives an answer for {say_estimate(answered.coverage)} of them and is right in "
            f"{say_estimate(answered.accuracy)} of those; the rest is called indeterminate."
        )
    covid19 = others.answered.get("covid19")
    if covid19 and covid19.value is not None:
        films = say_count(others.n, "film")
        yield f"Of {films} with other findings it calls {say_estimate(covid19)} {name_label('covid19')}."


def say_audit(audit: Audit | None) -> str:
    """Say what is left of the model without the lungs, or that this was not measured."""
    if not audit:
        return "The shortcut audit was not run: nothing here says whether the answers come from the lungs."
    views = ((audit.lungs_masked, "the lungs masked out"), (audit.border_only, "only the border kept"))
    parts = [
        f"{say_estimate(scores.balanced_accuracy)} with {words}"
        for scores, words in views
        if scores and scores.balanced_accuracy.value is not None
    ]
    if not parts:
        return "What is left of it without the lungs could not be measured."
    chance = f"(averaged over the classes; chance is {say_percent(audit.chance)})"
    return f"It reaches {' and '.join(parts)} {chance}: {ENDS[find_stamp(audit)]}."


def _say_certainty(evaluation: Evaluation) -> Iterator[str]:
    if evaluation.ece.value is not None:
        yield (
            f"Its stated probabilities are off by {100 * evaluation.ece.value:.1f} percentage points on average: "
            f"expected calibration error {say_estimate(evaluation.ece, say_number)}."
        )


def _say_weakest(evaluation: Evaluation) -> Iterator[str]:
    found = [
        (scores.balanced_accuracy.value, grouping, name, scores)
        for grouping, groups in evaluation.by_group.items()
        for name, scores in groups.items()
        if MIN_FILMS <= scores.n < evaluation.n and scores.balanced_accuracy.value is not None
    ]
    if len(found) > 1:
        _, grouping, name, scores = min(found, key=lambda each: each[:3])
        yield (
            f"It is weakest on {_name_group(grouping, name)}: {say_estimate(scores.balanced_accuracy)} "
            f"averaged over the classes of {say_count(scores.n, 'film')}."
        )


def _name_group(grouping: str, name: str) -> str:
    if name == UNKNOWN:
        return f"films of unknown {name_grouping(grouping)}"
    return f"{name_grouping(grouping)}s with {name}" if name == REST else f"{name_grouping(grouping)} {name}"
