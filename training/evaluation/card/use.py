"""What the model is for, what was reached, and what it cannot tell."""

import textwrap
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from documents.blocks import Bullets, CellKind, Column, Row, Section, Sentences, Table
from documents.figures import Estimate, say_count, say_estimate, say_number, say_tenths
from documents.markdown import WIDTH
from training.evaluation.card.facts import CardFacts, FinderFigures, claim
from training.evaluation.card.learnt_from import (
    has_other_findings,
    say_ages,
    say_entangled,
    say_known,
    say_labels_from,
)
from training.evaluation.content.verdict import find_stamp, say_audit
from training.evaluation.shortcuts.audit import find_limit

NUMBERS = {1: "one", 2: "two", 3: "three"}
NOT_MEASURED = "not measured"
NOT_UNSEEN = "not on unseen patients"


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
    if stamp := find_stamp(facts.audit):
        yield f"**{stamp.upper()}.** {say_audit(facts.audit)}"
        evaluation = facts.evaluation
        if (
            evaluation
            and evaluation.audit
            and evaluation.dataset
            and evaluation.dataset.n_seen == evaluation.dataset.n_files
        ):
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
    limit : float or None
        The limit itself is accepted; None: the one of the shortcut audit, which depends on how many classes there are.
    is_floor : bool
        Whether the figure should be at least, and not at most, the limit.
    say : callable
        How the figure is written: beside a limit it matters on which side a figure lies.
    is_of_run : bool
        It is one of the training run's figures, which keeps a limit only on unseen patients.
    """

    title: str
    find: Callable[[CardFacts], Estimate] | None
    limit: float | None
    is_floor: bool = False
    say: Callable[[float | None], str] = say_tenths
    is_of_run: bool = False


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


def _find_at_new_source(facts: CardFacts) -> Estimate:
    """Return the mean over the sources that were left out, each once."""
    found = [each.auroc_covid19_vs_normal.value for each in facts.metrics.left_out_sources]
    values = [value for value in found if value is not None]
    return Estimate(sum(values) / len(values)) if values else Estimate()


GOALS = (
    Goal(
        "a source that was left out, mean: AUROC of COVID-19 against normal",
        _find_at_new_source,
        0.95,
        is_floor=True,
        say=say_number,
    ),
    Goal("accuracy", lambda facts: facts.metrics.accuracy, 0.97, is_floor=True, is_of_run=True),
    Goal("COVID-19: sensitivity", _find_covid19("sensitivity"), 0.98, is_floor=True, is_of_run=True),
    Goal("COVID-19: specificity", _find_covid19("specificity"), 0.98, is_floor=True, is_of_run=True),
    Goal("expected calibration error", lambda facts: facts.metrics.ece, 0.03, say=say_number, is_of_run=True),
    Goal(
        "other findings answered `covid19`",
        lambda facts: facts.metrics.other_finding.answered.get("covid19", Estimate()),
        0.10,
        is_of_run=True,
    ),
    Goal(
        "films of the classes lost to `other_finding`",
        lambda facts: facts.metrics.answered.lost_to_other_finding,
        0.05,
        is_of_run=True,
    ),
    Goal("other hospitals: balanced accuracy", None, 0.60, is_floor=True),
    Goal("other hospitals: AUROC of COVID-19 against normal", None, 0.90, is_floor=True, say=say_number),
    Goal("balanced accuracy with the lungs masked out", _find_without_lungs, None),
    Goal("chest films refused by the gate", _find_refused, 0.02),
    Goal("chest films refused by the lung finder, unseen patients", _find_frontal, 0.02),
    Goal("other pictures refused, of the kind that does worst", _find_worst_refused, 0.95, is_floor=True),
)


def build_goals(facts: CardFacts) -> Section:
    """Build the section with each goal, and whether the figure itself (not its interval) keeps the limit."""
    columns = [Column(heading, CellKind.WORDS, 1) for heading in ("", "goal", "reached", "")]
    rows = [_build_goal(goal, facts) for goal in GOALS]
    return Section("goals", "What was reached", say_goals(facts), [Table("", columns, rows)])


def say_goals(facts: CardFacts) -> str:
    """Say whose goals these are, and that the figure that counts is missing, where it is."""
    goals = claim("goals.set_before" if facts.is_shipped else "goals.of_the_project")
    dataset = facts.evaluation.dataset if facts.evaluation else None
    is_own = facts.evaluation is None or (dataset is not None and dataset.n_seen == dataset.n_files)
    says_nothing_else = is_own and not facts.metrics.left_out_sources
    return f"{goals} {claim('goals.elsewhere')}" if says_nothing_else else goals


def _build_goal(goal: Goal, facts: CardFacts) -> Row:
    limit = find_limit(len(facts.bundle.labels)) if goal.limit is None else goal.limit
    return Row((goal.title, _say_limit(goal, limit), *_judge(goal, limit, facts)))


def _say_limit(goal: Goal, limit: float) -> str:
    return f"{goal.say(limit)} or {'more' if goal.is_floor else 'less'}"


def _judge(goal: Goal, limit: float, facts: CardFacts) -> tuple[str, str]:
    estimate = goal.find(facts) if goal.find else Estimate()
    if estimate.value is None:
        return NOT_MEASURED, ""
    if goal.is_of_run and not facts.held_out.is_of_unseen_patients:
        return say_estimate(estimate, goal.say), NOT_UNSEEN
    is_met = estimate.value >= limit if goal.is_floor else estimate.value <= limit
    return say_estimate(estimate, goal.say), "met" if is_met else "**missed**"


def build_use(facts: CardFacts) -> Section:
    """Build the section on what the model is for."""
    names = ("for_research", "not_for_diagnosis", *(("yardstick",) if facts.is_shipped else ()))
    uses = [claim(f"use.{name}") for name in names]
    return Section("use", "Intended use", "", [Bullets(uses)])


def build_limits(facts: CardFacts) -> Section:
    """Build the section on what the model cannot tell."""
    limits = [
        f"{say_entangled(facts)} {say_audit(facts.audit)}",
        claim("limits.worse_elsewhere"),
        *say_ages(facts),
        *say_normal(facts),
        say_labels_from(facts),
        say_known(facts),
        claim("limits.no_reader" if facts.is_shipped else "limits.no_reader_known"),
    ]
    return Section("limits", "What it cannot tell", "", [Bullets(limits)])


def say_normal(facts: CardFacts) -> Iterator[str]:
    """Say what an answer of normal leaves open, of a model that gives it."""
    if "normal" not in facts.bundle.labels:
        return
    count = len(facts.bundle.labels)
    more = ' and one "something else"' if has_other_findings(facts) else " and nothing else"
    knows = f"It knows {NUMBERS.get(count, count)} classes{more}."
    yield " ".join(["**`normal` does not mean healthy.**", knows, *say_others_called_normal(facts)])


def say_others_called_normal(facts: CardFacts) -> Iterator[str]:
    """Say how often films with other findings are called normal."""
    others = facts.metrics.other_finding
    share = others.answered.get("normal", Estimate())
    if share.value is not None:
        yield (
            f"Of {say_count(others.n, 'film')} with other findings (effusion, nodule, pneumonia of no stated cause ...)"
            f" {say_estimate(share)} were answered `normal`."
        )
