"""What the figures come to, in plain words."""

from collections.abc import Iterator, Mapping
from typing import Any

from documents.figures import get_value, say_count, say_estimate, say_number, say_percent
from training.evaluation.groups import name_grouping

Report = Mapping[str, Any]

MIN_FILMS = 10
"""Groups of fewer films are not called the weakest: their figures say little."""

STAMP = "Works without lungs"
MAYBE_STAMP = "May work without lungs"
WITHOUT_LUNGS: Mapping[str, str] = {"lungs_masked": "the lungs masked out", "border_only": "only the border kept"}


def say_verdict(report: Report) -> list[str]:
    """Return the sentences that stand at the top of the page, the most important one first."""
    if not any(map(sum, report["confusion_matrix"])):
        return ["No film was judged, so there is nothing to say about this model."]
    return [
        _say_accuracy(report),
        *_say_answers(report),
        _say_audit(report),
        *_say_certainty(report),
        *_say_weakest(report),
    ]


def find_stamp(report: Report) -> str | None:
    """Return the stamp of a model for which the shortcut audit could not show that it needs the lungs."""
    audit = report.get("audit") or {}
    if not audit.get("works_without_lungs"):
        return None
    return MAYBE_STAMP if audit.get("verdict") == "not_ruled_out" else STAMP


def _say_accuracy(report: Report) -> str:
    matrix = report["confusion_matrix"]
    count = sum(map(sum, matrix))
    hits = sum(row[place] for place, row in enumerate(matrix))
    accuracy = say_estimate(report.get("accuracy") or {"value": hits / count})
    patients = f" of {say_count(report['n_patients'], 'patient')}" if report.get("n_patients") else ""
    sentence = f"Of {say_count(count, 'film')}{patients} it puts {accuracy} into the right class"
    balanced = report.get("balanced_accuracy")
    return sentence + (f"; averaged over the classes {say_estimate(balanced)}." if balanced else ".")


def _say_answers(report: Report) -> Iterator[str]:
    answered, others = report.get("answered") or {}, report.get("other_finding") or {}
    if get_value(answered.get("coverage")) is not None:
        yield (
            f"It gives an answer for {say_estimate(answered['coverage'])} of them and is right in "
            f"{say_estimate(answered.get('accuracy'))} of those; the rest is called indeterminate."
        )
    if get_value(others.get("answered_covid19")) is not None:
        yield (
            f"Of {say_count(others.get('n', 0), 'film')} with other findings it calls "
            f"{say_estimate(others['answered_covid19'])} COVID-19."
        )


def _say_audit(report: Report) -> str:
    audit = report.get("audit")
    if not audit:
        return "The shortcut audit was not run: nothing here says whether the answers come from the lungs."
    parts = {
        words: scores["balanced_accuracy"]
        for key, words in WITHOUT_LUNGS.items()
        if get_value((scores := audit.get(key) or {}).get("balanced_accuracy")) is not None
    }
    if not parts:
        return "What is left of it without the lungs could not be measured."
    found = " and ".join(f"{say_estimate(estimate)} with {words}" for words, estimate in parts.items())
    chance = f"(averaged over the classes; chance is {say_percent(audit.get('chance'))})"
    ends = {
        STAMP: "it has learnt something else than disease, and the figures above say little about other hospitals",
        MAYBE_STAMP: "it may work without lungs: the intervals do not rule it out",
        None: "close to guessing, as it should be",
    }
    return f"It reaches {found} {chance}: {ends[find_stamp(report)]}."


def _say_certainty(report: Report) -> Iterator[str]:
    ece = get_value(report.get("ece"))
    if ece is not None:
        yield (
            f"Its stated probabilities are off by {100 * ece:.1f} percentage points on average: "
            f"expected calibration error {say_estimate(report['ece'], say_number)}."
        )


def _say_weakest(report: Report) -> Iterator[str]:
    found = [
        (value, kind, name, scores)
        for kind, groups in (report.get("by_group") or {}).items()
        for name, scores in groups.items()
        if (scores.get("n") or 0) >= MIN_FILMS and (value := get_value(scores.get("balanced_accuracy"))) is not None
    ]
    if len(found) > 1:
        _, kind, name, scores = min(found, key=lambda each: (each[0], each[1], each[2]))
        yield (
            f"It is weakest on {name_grouping(kind)} {name}: {say_estimate(scores['balanced_accuracy'])} "
            f"averaged over the classes of {say_count(scores['n'], 'film')}."
        )
