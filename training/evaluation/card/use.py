"""What the model is for, what was reached, and what it cannot tell."""

import textwrap
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from documents.blocks import Bullets, CellKind, Column, Row, Section, Sentences, Table
from documents.figures import Estimate, say_estimate, say_number, say_tenths
from documents.markdown import WIDTH
from training.evaluation.card.facts import CardFacts, FinderFigures, claim
from training.evaluation.content.verdict import find_stamp, say_audit

NUMBERS = {1: "one", 2: "two", 3: "three"}
NOT_MEASURED = "not measured"


def build_opening(facts: CardFacts) -> Sentences:
    """Build what stands before the first heading: what the model does, and the stamp of one that may need no lungs."""
    bundle = facts.bundle
    labels = [f"`{label}`" for label in bundle.labels]
    what = (
        f"`{bundle.model_version}` gives a frontal chest radiograph one of {NUMBERS.get(len(labels), len(labels))} "
        f"classes, {', '.join(labels[:-1])} or {labels[-1]}, answers `indeterminate`, or refuses the picture with a "
        "reason. It is not evidence that COVID-19 can be recognised on radiographs. The bundle's SHA-256 is "
        f"`{bundle.model_sha256}`."
    )
    return Sentences([what, *map(_quote_lines, say_stamp(facts))])


def _quote_lines(text: str) -> str:
    return textwrap.fill(text, WIDTH, initial_indent="> ", subsequent_indent="> ", break_on_hyphens=False)


def say_stamp(facts: CardFacts) -> Iterator[str]:
    """Say that the audit could not show that the model needs the lungs, where it could not."""
    evaluation = facts.evaluation
    if evaluation and (stamp := find_stamp(evaluation)):
        yield f"**{stamp.upper()}.** {say_audit(evaluation)}"
        if evaluation.dataset and evaluation.dataset.n_seen == evaluation.dataset.n_files:
            yield claim("limits.all_seen")


@dataclass(frozen=True, slots=True)
class Goal:
    """A figure and the limit that it should keep.

    Attributes
    ----------
    title : str
        What is measured.
    find : callable or None
        Finds the figure; None where it is not ours to measure.
    limit : float
        The limit itself is accepted.
    is_floor : bool
        Whether the figure should be at least, and not at most, the limit.
    say : callable
        How the figure is written: beside a limit it matters on which side a figure lies.
    """

    title: str
    find: Callable[[CardFacts], Estimate] | None
    limit: float
    is_floor: bool = False
    say: Callable[[float | None], str] = say_tenths


def _find_covid19(name: str) -> Callable[[CardFacts], Estimate]:
    def find(facts: CardFacts) -> Estimate:
        scores = facts.metrics.per_class.get("covid19")
        return getattr(scores, name) if scores else Estimate()

    return find


def _find_without_lungs(facts: CardFacts) -> Estimate:
    masked = facts.audit.lungs_masked if facts.audit else None
    return masked.balanced_accuracy if masked else Estimate()


def _find_refused(facts: CardFacts) -> Estimate:
    return facts.evaluation.refused.share if facts.evaluation else Estimate()


def _find_frontal(facts: CardFacts) -> Estimate:
    shares = (facts.metrics.lung_finder or FinderFigures()).refused_frontal.values()
    count = sum(each.n for each in shares)
    return Estimate(sum(each.value * each.n for each in shares) / count) if count else Estimate()


def _find_worst_refused(facts: CardFacts) -> Estimate:
    shares = (facts.metrics.lung_finder or FinderFigures()).refused.values()
    return Estimate(min((each.value for each in shares), default=None))


GOALS = (
    Goal("accuracy", lambda facts: facts.metrics.accuracy, 0.97, is_floor=True),
    Goal("COVID-19: sensitivity", _find_covid19("sensitivity"), 0.98, is_floor=True),
    Goal("COVID-19: specificity", _find_covid19("specificity"), 0.98, is_floor=True),
    Goal("expected calibration error", lambda facts: facts.metrics.ece, 0.03, say=say_number),
    Goal(
        "other findings answered `covid19`",
        lambda facts: facts.metrics.other_finding.answered.get("covid19", Estimate()),
        0.10,
    ),
    Goal(
        "films of the classes lost to `other_finding`", lambda facts: facts.metrics.answered.lost_to_other_finding, 0.05
    ),
    Goal("other hospitals: balanced accuracy", None, 0.60, is_floor=True),
    Goal("other hospitals: AUROC of COVID-19 against normal", None, 0.90, is_floor=True, say=say_number),
    Goal("balanced accuracy with the lungs masked out", _find_without_lungs, 0.45),
    Goal("chest films refused by the gate", _find_refused, 0.02),
    Goal("chest films refused by the lung finder, unseen patients", _find_frontal, 0.02),
    Goal("other pictures refused, of the kind that does worst", _find_worst_refused, 0.95, is_floor=True),
)


def build_goals(facts: CardFacts) -> Section:
    """Build the section with each goal, and whether the figure itself (not its interval) keeps the limit."""
    columns = [Column(heading, CellKind.WORDS, 1) for heading in ("", "goal", "reached", "")]
    rows = [Row((goal.title, _say_limit(goal), *_judge(goal, facts))) for goal in GOALS]
    return Section("goals", "What was reached", claim("goals.set_before"), [Table("", columns, rows)])


def _say_limit(goal: Goal) -> str:
    return f"{goal.say(goal.limit)} or {'more' if goal.is_floor else 'less'}"


def _judge(goal: Goal, facts: CardFacts) -> tuple[str, str]:
    estimate = goal.find(facts) if goal.find else Estimate()
    if estimate.value is None:
        return NOT_MEASURED, ""
    is_met = estimate.value >= goal.limit if goal.is_floor else estimate.value <= goal.limit
    return say_estimate(estimate, goal.say), "met" if is_met else "**missed**"


def build_use() -> Section:
    """Build the section on what the model is for."""
    uses = [claim(f"use.{name}") for name in ("for_research", "not_for_diagnosis", "yardstick")]
    return Section("use", "Intended use", "", [Bullets(uses)])


def build_limits(facts: CardFacts) -> Section:
    """Build the section on what the model cannot tell."""
    limits = [
        f"{claim('limits.entangled')} {say_audit(facts.evaluation)}",
        claim("limits.worse_elsewhere"),
        claim("limits.ages"),
        " ".join([say_normal(facts), *say_others_called_normal(facts)]),
        *(claim(f"limits.{name}") for name in ("no_virus", "little_known", "no_reader")),
    ]
    return Section("limits", "What it cannot tell", "", [Bullets(limits)])


def say_normal(facts: CardFacts) -> str:
    """Say what an answer of normal leaves open."""
    count = len(facts.bundle.labels)
    return f'**`normal` does not mean healthy.** It knows {NUMBERS.get(count, count)} classes and one "something else".'


def say_others_called_normal(facts: CardFacts) -> Iterator[str]:
    """Say how often films with other findings are called normal."""
    others = facts.metrics.other_finding
    share = others.answered.get("normal", Estimate())
    if share.value is not None:
        yield (
            f"Of {others.n} films with other findings (effusion, nodule, pneumonia of no stated cause ...) "
            f"{say_estimate(share)} were answered `normal`."
        )
