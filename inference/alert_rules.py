"""From which probability on somebody is to hear of a film at once: ``covid19>=0.9``."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from inference.labels import LABELS, Answer, Label

NONE = "off"  # said in so many words: an empty setting would let a weaker one through
_RULE = re.compile(r"\s*(\w+)\s*>=\s*([01](?:\.[0-9]+)?|\.[0-9]+)\s*")


@dataclass(frozen=True, slots=True)
class AlertRule:
    """A label and the probability from which on a film is reported; whether the label is given does not matter."""

    label: Label
    at_least: float

    def __str__(self) -> str:
        return f"{self.label}>={self.at_least:g}"


@dataclass(frozen=True, slots=True)
class MetRule:
    """A rule that a film has met, with its probability."""

    rule: AlertRule
    probability: float


def parse_alert_rules(text: str) -> tuple[AlertRule, ...]:
    """Read rules that are separated by commas; none of an empty text, or of ``off``.

    Raises
    ------
    ValueError
        One is none, in one line.
    """
    if text.strip() == NONE:
        return ()
    return tuple(_parse(part) for part in text.split(",") if part.strip())


def find_met(rules: Sequence[AlertRule], answer: Answer) -> MetRule | None:
    """Return the rule that a film has met by the most, or None; a film that was not judged meets none."""
    probabilities = answer.probabilities or {}
    met = [MetRule(rule, probabilities[rule.label]) for rule in rules if rule.label in probabilities]
    met = [each for each in met if each.probability >= each.rule.at_least]
    return max(met, key=lambda each: each.probability - each.rule.at_least, default=None)


def _parse(part: str) -> AlertRule:
    found = _RULE.fullmatch(part)
    if found is None or found[1] not in set(LABELS) or not 0 < float(found[2]) <= 1:
        message = f"'{part.strip()}' is no rule; accepted are such as covid19>=0.9, with one of {', '.join(LABELS)}"
        raise ValueError(message)
    return AlertRule(Label(found[1]), float(found[2]))
