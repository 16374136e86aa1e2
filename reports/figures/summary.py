"""What became of all that arrived, in numbers that add up."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from documents.rates import Rate
from inference.labels import LABELS, Label
from store.questions.queries import StateCount
from store.questions.selection import Part, find_part

PARTS = tuple(Part)
REFUSALS = (Part.INDETERMINATE, Part.REJECTED, Part.QUARANTINED, Part.VANISHED)


@dataclass(frozen=True, slots=True)
class Summary:
    """Counts of arrivals: each is in exactly one of the seven parts of ``arrived``.

    Attributes
    ----------
    labels : Mapping of Label to int
        Divides ``predicted``.
    not_known : Mapping of Label to int
        Of the films that a model has answered for (``judged``) those whose model does not know a label.
    reasons : Mapping of (Part, str) to int
        Reason codes of each part: why there is no class, and for ``predicted`` what speaks against the label.
    conflicts : int
        Films whose SOP Instance UID came with other bytes too; both are kept.
    """

    arrived: int = 0
    predicted: int = 0
    indeterminate: int = 0
    rejected: int = 0
    duplicate: int = 0
    quarantined: int = 0
    vanished: int = 0
    pending: int = 0
    labels: Mapping[Label, int] = field(default_factory=lambda: dict.fromkeys(LABELS, 0))
    reasons: Mapping[tuple[Part, str], int] = field(default_factory=dict)
    conflicts: int = 0
    not_known: Mapping[Label, int] = field(default_factory=lambda: dict.fromkeys(LABELS, 0))

    @property
    def finished(self) -> int:
        """What has an end."""
        return self.arrived - self.pending

    @property
    def judged(self) -> int:
        """Films that the model has answered for."""
        return self.predicted + self.indeterminate

    @property
    def refused(self) -> int:
        """Files that have no class because of what they are: ``rejected`` and ``quarantined``."""
        return self.rejected + self.quarantined

    def count(self, part: Part) -> int:
        """Return the number of arrivals in a part."""
        count: int = getattr(self, part.value)
        return count

    @property
    def known_labels(self) -> tuple[Label, ...]:
        """The labels that a model knew which has answered; all of them where none has."""
        return tuple(label for label in LABELS if self.count_knowing(label) or not self.judged)

    def count_knowing(self, label: Label) -> int:
        """Return the number of films that a model has answered for which knows a label."""
        return self.judged - self.not_known[label]

    def find_count(self, label: Label) -> int | None:
        """Return the number of films with a label; None where no model knew it that has answered."""
        return self.labels[label] if label in self.known_labels else None

    def rate_of(self, label: Label) -> Rate:
        """Return the share of a label in all answers of models that know it, ``indeterminate`` ones included."""
        return Rate(self.labels[label], self.count_knowing(label))

    def rate_of_part(self, part: Part) -> Rate:
        """Return the share of a part in all that arrived."""
        return Rate(self.count(part), self.arrived)

    def __add__(self, other: "Summary") -> "Summary":
        """Add two summaries of different arrivals."""
        return Summary(
            arrived=self.arrived + other.arrived,
            **{part.value: self.count(part) + other.count(part) for part in PARTS},
            labels={label: self.labels[label] + other.labels[label] for label in LABELS},
            reasons=dict(Counter(self.reasons) + Counter(other.reasons)),
            conflicts=self.conflicts + other.conflicts,
            not_known={label: self.not_known[label] + other.not_known[label] for label in LABELS},
        )


class RunningSummary:
    """Adds up what the database has counted."""

    def __init__(self) -> None:
        self._parts: Counter[Part] = Counter()
        self._labels: Counter[Label] = Counter()
        self._reasons: Counter[tuple[Part, str]] = Counter()
        self._conflicts = 0
        self._not_known: Counter[Label] = Counter()

    def add(self, group: StateCount) -> None:
        """Add arrivals that ended the same way."""
        part = find_part(group.state, group.outcome)
        self._parts[part] += group.count
        if group.label is not None:
            self._labels[group.label] += group.count
        if group.reason_code is not None and part in (*REFUSALS, Part.PREDICTED):
            self._reasons[part, group.reason_code] += group.count
        self._conflicts += group.count if group.conflict else 0
        self._not_known.update(group.not_known)

    def sum(self) -> Summary:
        """Return the summary of what was added."""
        return Summary(
            arrived=self._parts.total(),
            **{part.value: self._parts[part] for part in PARTS},
            labels={label: self._labels[label] for label in LABELS},
            reasons=dict(self._reasons),
            conflicts=self._conflicts,
            not_known={label: self._not_known[label] for label in LABELS},
        )


def summarize(counts: Iterable[StateCount]) -> Summary:
    """Add up what the database has counted."""
    tally = RunningSummary()
    for group in counts:
        tally.add(group)
    return tally.sum()


def summary_to_json(summary: Summary) -> dict[str, object]:
    """Return the object ``summary`` of a report's JSON; a label that no model knew which answered is not among them."""
    parts = {part.value: summary.count(part) for part in PARTS}
    labels = {label.value: summary.labels[label] for label in summary.known_labels}
    return {"arrived": summary.arrived, **parts, "labels": labels}
