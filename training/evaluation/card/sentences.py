"""The sentences of the card that depend on what was measured."""

from collections.abc import Mapping
from typing import Any

from documents.figures import get_value, say_estimate, say_number
from reports.wording import name_label
from training.evaluation.card.tables import quote

Figures = Mapping[str, Any]

STAMPS: Mapping[str, str] = {
    "works_without_lungs": "> **WORKS WITHOUT LUNGS.** With the lungs masked out, or only the border kept, this "
    "model still tells the classes apart: it has learnt something that is not the disease, and no figure below can be "
    "trusted on other films.\n",
    "not_ruled_out": "> **MAY WORK WITHOUT LUNGS.** With the lungs masked out, or only the border kept, the interval "
    "of its balanced accuracy reaches above the limit: the audit could not show that it needs the lungs.\n",
}

ALL_SEEN = (
    "> It was asked about the films that it was trained on, whose borders it may know by heart: an upper bound. "
    "What a model of the same recipe showed on patients that it had not seen stands below, where it was measured.\n"
)


def say_stamp(evaluation: Figures) -> str:
    """Return the stamp of a model for which the audit could not show that it needs the lungs, else nothing."""
    stamp = STAMPS.get(str((evaluation.get("audit") or {}).get("verdict")), "")
    films = evaluation.get("dataset") or {}
    return stamp + ALL_SEEN if stamp and films.get("n_seen") == films.get("n_files") else stamp


def say_shortcuts(evaluation: Figures) -> str:
    """Say what the shortcut audit found."""
    audit = evaluation.get("audit")
    if not audit:
        return "The shortcut audit was not run, so the figures below cannot rule that out."
    masked = say_estimate((audit.get("lungs_masked") or {}).get("balanced_accuracy"))
    border = say_estimate((audit.get("border_only") or {}).get("balanced_accuracy"))
    found = f"Its balanced accuracy is {masked} with the lungs masked out, {border} with the border only (chance 33 %)."
    ends = {
        "works_without_lungs": " It works without lungs, so its figures are not to be trusted.",
        "not_ruled_out": " That it works without lungs is not ruled out.",
        "near_chance": " That is near chance. Shortcuts in the lungs' own picture remain, the patient's age above all.",
    }
    return found + ends.get(str(audit.get("verdict")), "")


def say_normal(metrics: Figures) -> str:
    """Say how often films with other findings are called normal."""
    found = metrics.get("other_finding") or {}
    if get_value(found.get("answered_normal")) is None:
        return ""
    shares = f"{say_estimate(found['answered_normal'])} were answered `normal`"
    return f"Of {found['n']} films with other findings (effusion, nodule, pneumonia of no stated cause ...) {shares}."


def say_measured_on(metrics: Figures) -> str:
    """Say on which films the figures were measured."""
    films = f"{metrics['n']} films of {metrics['n_patients']} patients"
    where = (metrics.get("training") or {}).get("measured_on")
    others = (metrics.get("other_finding") or {}).get("n")
    and_others = f", and {others} films with other findings" if others else ""
    seen = (metrics.get("training") or {}).get("held_out_films_seen_by_weights", 0)
    return f"{films}{and_others}{': ' + where if where else ', held out by patient'}.{_say_seen(seen)}"


def _say_seen(seen: int | None) -> str:
    if seen is None:
        return " Whether the starting weights had seen some of them is not known."
    return f" The starting weights had seen {seen} of them, so the figures are too kind." if seen else ""


def say_answered(metrics: Figures) -> str:
    """Say what the operating points do to films of the classes and to others."""
    answered, others = metrics.get("answered") or {}, metrics.get("other_finding") or {}
    parts = []
    if get_value(answered.get("coverage")) is not None:
        parts.append(
            f"With the operating points applied, {say_estimate(answered['coverage'])} of the films of the three "
            f"classes get a class, and {say_estimate(answered.get('accuracy'))} of those get the right one; "
            f"{say_estimate(answered.get('lost_to_other_finding'))} are lost to `other_finding`."
        )
    if get_value(answered.get("outside_training_population")) is not None:
        share = say_estimate(answered["outside_training_population"])
        parts.append(f"{share} are answered with the mark `outside_training_population`.")
    if get_value(others.get("indeterminate")) is not None:
        parts.append(
            f"Of the films with other findings {say_estimate(others.get('answered_covid19'))} are answered `covid19`, "
            f"{say_estimate(others.get('answered_viral_pneumonia'))} `viral_pneumonia`, "
            f"{say_estimate(others.get('answered_normal'))} `normal`, and {say_estimate(others['indeterminate'])} "
            "`indeterminate`."
        )
    return "\n".join(parts)


def say_audit(evaluation: Figures) -> str:
    """Say whether the activation map lies on the lungs, or that there was no audit."""
    if not evaluation.get("audit"):
        return "The shortcut audit was not run."
    found = evaluation["audit"].get("activation") or {}
    if get_value(found.get("in_lungs")) is None:
        return ""
    return (
        f"Of the activation map {say_estimate(found['in_lungs'])} lies within the lungs, which fill "
        f"{say_estimate(found.get('area'))} of the frame: {say_estimate(found.get('ratio'), _say_ratio)} times as "
        "much as of a map that looks everywhere alike. "
        f"Its peak lies within them in {say_estimate(found.get('peak_in_lungs'))}."
    )


def _say_ratio(value: float | None) -> str:
    return say_number(value, 2)


def say_gate(evaluation: Figures) -> str:
    """Say how many chest films the gate refuses."""
    found = evaluation.get("refused") or {}
    if get_value(found.get("share")) is None:
        return "How many chest films the whole gate refuses was not measured for this card."
    return f"Of the films of the three classes it refuses {say_estimate(found['share'])}."


def say_overlap(metrics: Figures) -> str:
    """Say how well the lungs are found."""
    dice = (metrics.get("lung_finder") or {}).get("dice")
    if not dice:
        return ""
    masks = f"{dice['n']} held-out masks drawn by hand"
    return f"The lungs that it finds overlap with {masks} to a Dice score of {dice['value']:.3f}."


def say_limits(limits: Figures) -> str:
    """Write the limits of the lung finder's gate."""
    if not limits:
        return ""
    return f" Its limits: {', '.join(f'`{name}` {limit:g}' for name, limit in limits.items())}."


def say_cautions(evaluation: Figures) -> str:
    """Return the warnings of an evaluation as a list in Markdown, with a colon before it where there are any."""
    warnings = evaluation.get("warnings") or []
    return "".join([":\n", *(f"\n- **{quote(warning['message'])}**" for warning in warnings)]) if warnings else "."


def say_left_out(training: Figures) -> str:
    """Say how many films could not be used and why."""
    left_out = training.get("left_out")
    return "" if left_out is None else f"In this run {left_out} files were left out because they could not be used."


def say_points(points: Mapping[str, float]) -> str:
    """Write the operating points of the labels."""
    return ", ".join(
        f"`{name}` {say_number(point, 2)}" for name, point in points.items() if name_label(name) != "other finding"
    )
