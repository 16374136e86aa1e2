"""What became of all that arrived, in numbers that add up."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from inference.labels import LABELS, Label, Outcome
from store.queries import StateCount
from store.states import PENDING_STATES, ArrivalState


@dataclass(slots=True)
class Summary:
    """Counts of a period: every arrival is in exactly one of the seven parts of ``arrived``.

    ``labels`` divides ``predicted``; ``reasons`` says why there is no class: it counts the reason codes of
    ``indeterminate``, ``rejected``, ``quarantined`` and ``vanished``. ``marks`` counts those of ``predicted``: what
    speaks against a label that was given.
    """

    arrived: int = 0
    predicted: int = 0
    indeterminate: int = 0
    rejected: int = 0
    duplicate: int = 0
    quarantined: int = 0
    vanished: int = 0
    pending: int = 0
    labels: dict[Label, int] = field(default_factory=lambda: dict.fromkeys(LABELS, 0))
    reasons: Counter[str] = field(default_factory=Counter)
    marks: Counter[str] = field(default_factory=Counter)


PARTS = ("predicted", "indeterminate", "rejected", "duplicate", "quarantined", "vanished", "pending")
REFUSALS = frozenset({"indeterminate", "rejected", "quarantined", "vanished"})


def summarize(counts: Iterable[StateCount]) -> Summary:
    """Add up what the database has counted."""
    summary = Summary()
    for group in counts:
        part = _find_part(group)
        summary.arrived += group.count
        setattr(summary, part, getattr(summary, part) + group.count)
        if group.label is not None:
            summary.labels[group.label] += group.count
        if group.reason_code is not None and part in REFUSALS:
            summary.reasons[group.reason_code] += group.count
        if group.reason_code is not None and part == Outcome.PREDICTED:
            summary.marks[group.reason_code] += group.count
    return summary


def summary_to_json(summary: Summary) -> dict[str, object]:
    """Return the object ``summary`` of a report's JSON."""
    parts = {name: getattr(summary, name) for name in ("arrived", *PARTS)}
    return {**parts, "labels": {str(label): count for label, count in summary.labels.items()}}


def _find_part(group: StateCount) -> str:
    if group.state in PENDING_STATES:
        return "pending"
    if group.state is ArrivalState.DONE:
        return Outcome(group.outcome).value if group.outcome is not None else "pending"
    return group.state.value
