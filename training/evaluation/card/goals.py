"""The goals that were set for the shipped model, beside what was reached."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from documents.figures import ABSENT, get_value, say_estimate, say_number
from training.evaluation.card.tables import build_table

NOT_MEASURED = "not measured"


def say_tenths(share: float | None) -> str:
    """Write a share with a tenth of a percent: beside a limit it matters on which side a figure lies."""
    return ABSENT if share is None else f"{100 * share:.1f} %"


@dataclass(frozen=True, slots=True)
class Goal:
    """A figure and the limit that it should keep.

    Attributes
    ----------
    title : str
        What is measured.
    path : tuple of str
        Where the figure stands: `bundle`, `evaluation` or `finder`, then the keys; `elsewhere` is not ours to measure.
    limit : float
        The limit itself is accepted.
    is_floor : bool
        Whether the figure should be at least, and not at most, the limit.
    say : callable
        How the figure is written.
    """

    title: str
    path: tuple[str, ...]
    limit: float
    is_floor: bool = False
    say: Callable[[float | None], str] = say_tenths


GOALS = (
    Goal("accuracy", ("bundle", "accuracy"), 0.97, is_floor=True),
    Goal("COVID-19: sensitivity", ("bundle", "per_class", "covid19", "sensitivity"), 0.98, is_floor=True),
    Goal("COVID-19: specificity", ("bundle", "per_class", "covid19", "specificity"), 0.98, is_floor=True),
    Goal("expected calibration error", ("bundle", "ece"), 0.03, say=say_number),
    Goal("other findings answered `covid19`", ("bundle", "other_finding", "answered_covid19"), 0.10),
    Goal("films of the classes lost to `other_finding`", ("bundle", "answered", "lost_to_other_finding"), 0.05),
    Goal("other hospitals: balanced accuracy", ("elsewhere",), 0.60, is_floor=True),
    Goal("other hospitals: AUROC of COVID-19 against normal", ("elsewhere",), 0.90, is_floor=True, say=say_number),
    Goal(
        "balanced accuracy with the lungs masked out",
        ("evaluation", "audit", "lungs_masked", "balanced_accuracy"),
        0.45,
    ),
    Goal("chest films refused by the gate", ("evaluation", "refused", "share"), 0.02),
    Goal("chest films refused by the lung finder, unseen patients", ("finder", "frontal"), 0.02),
    Goal("other pictures refused, of the kind that does worst", ("finder", "worst"), 0.95, is_floor=True),
)


def tabulate_goals(metrics: Mapping[str, Any], evaluation: Mapping[str, Any]) -> str:
    """Write each goal with the figure and whether the figure itself (not its interval) keeps the limit."""
    facts = {"bundle": metrics, "evaluation": evaluation, "finder": _sum_up(metrics.get("lung_finder") or {})}
    rows = [(goal.title, _say_limit(goal), *_judge(goal, _find(facts, goal.path))) for goal in GOALS]
    return build_table(("", "goal", "reached", ""), rows)


def _sum_up(finder: Mapping[str, Any]) -> dict[str, dict[str, float]]:
    frontal, others = finder.get("refused_frontal") or {}, finder.get("refused") or {}
    found = {}
    if frontal:
        count = sum(each["n"] for each in frontal.values())
        found["frontal"] = {"value": sum(each["value"] * each["n"] for each in frontal.values()) / count}
    if others:
        found["worst"] = {"value": min(each["value"] for each in others.values())}
    return found


def _find(facts: Mapping[str, Any], path: tuple[str, ...]) -> Mapping[str, Any] | None:
    found: Mapping[str, Any] | None = facts
    for key in path:
        found = (found or {}).get(key)
    return found


def _say_limit(goal: Goal) -> str:
    return f"{goal.say(goal.limit)} or {'more' if goal.is_floor else 'less'}"


def _judge(goal: Goal, estimate: Mapping[str, Any] | None) -> tuple[str, str]:
    value = get_value(estimate)
    if value is None:
        return NOT_MEASURED, ""
    is_met = value >= goal.limit if goal.is_floor else value <= goal.limit
    return say_estimate(estimate, goal.say), "met" if is_met else "**missed**"
