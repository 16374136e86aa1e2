"""The figures: on patients held out, by group, of the shortcut audit and of the input gate."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace

from documents.blocks import Block, Bullets, CellKind, Column, Row, Section, Sentences, Table
from documents.figures import say_count, say_estimate, say_number, say_percent
from documents.markdown import quote
from training.evaluation.card.facts import CardFacts, CrossValidation, FinderFigures, MeanAndDeviation, claim
from training.evaluation.content.audit import build_audit
from training.evaluation.content.certainty import build_answered
from training.evaluation.content.classes import build_matrix
from training.evaluation.content.films import build_other_answers, build_reasons
from training.evaluation.content.groups import build_leave_one_out
from training.evaluation.groups import name_grouping
from training.evaluation.measures import GroupScores, Scores
from training.evaluation.result import Evaluation

OVERALL: Mapping[str, tuple[str, Callable[[float | None], str]]] = {
    "accuracy": ("accuracy", say_percent),
    "balanced_accuracy": ("balanced accuracy", say_percent),
    "auroc_covid19_vs_normal": ("AUROC of COVID-19 against normal", say_number),
    "ece": ("expected calibration error", say_number),
    "brier": ("Brier score (0 to 2)", say_number),
}
RATES = ("sensitivity", "specificity", "ppv", "npv")


def build_figures(facts: CardFacts) -> Section:
    """Build the section with the figures on patients held out."""
    metrics = facts.metrics
    lead = f"{say_measured_on(facts)} {claim('figures.intervals')} {say_same_sources(facts)}"
    blocks = [
        _tabulate_overall(metrics),
        _tabulate_classes(metrics),
        Sentences((claim("figures.predictive_values"),)),
        build_matrix(metrics),
        *build_answered(metrics),
        *build_other_answers(metrics),
        *_tabulate_folds(metrics.cross_validation),
    ]
    return Section("figures", "Figures", lead, blocks)


def say_measured_on(facts: CardFacts) -> str:
    """Say on which films the figures were measured."""
    metrics, training = facts.metrics, facts.metrics.training
    others = (
        f", and {say_count(metrics.other_finding.n, 'film')} with other findings" if metrics.other_finding.n else ""
    )
    where = f": {training.measured_on}" if training.measured_on else ""
    return f"{metrics.n} films of {metrics.n_patients} patients{others}{where}. {facts.held_out.judge()}"


def say_same_sources(facts: CardFacts) -> str:
    """Say what the figures are good for."""
    return claim("figures.same_sources" if facts.held_out.is_of_unseen_patients else "figures.no_unseen")


def _tabulate_overall(scores: Scores) -> Table:
    found = [(title, say, getattr(scores, name)) for name, (title, say) in OVERALL.items()]
    columns = _name_columns("", "over the most probable class, whatever the outcome")
    rows = [Row((title, say_estimate(estimate, say))) for title, say, estimate in found if estimate.value is not None]
    return Table("", columns, rows)


def _name_columns(*headings: str) -> list[Column]:
    return [Column(heading, CellKind.WORDS, 1) for heading in headings]


def _tabulate_classes(scores: Scores) -> Table:
    columns = (
        Column("class", CellKind.WORDS, 1),
        Column("films", CellKind.COUNT, 1),
        *(Column(name if name.startswith("s") else name.upper(), CellKind.SHARE, 1) for name in RATES),
        Column("AUROC", CellKind.NUMBER, 1),
    )
    rows = [
        Row((label, each.support, *(getattr(each, name) for name in RATES), each.auroc))
        for label, each in scores.per_class.items()
    ]
    return Table("", columns, rows)


def _tabulate_folds(found: CrossValidation | None) -> Iterator[Block]:
    if not found:
        return
    columns = _name_columns("", *(f"fold {each['fold']:.0f}" for each in found.per_fold), "mean ± SD")
    rows = [
        Row((name, *(say_number(each.get(name)) for each in found.per_fold), _say_mean(both)))
        for name, both in found.mean_sd.items()
    ]
    yield Sentences(("Fold by fold:",))
    yield Table("", columns, rows)


def _say_mean(both: MeanAndDeviation) -> str:
    return f"{say_number(both.mean)} ± {say_number(both.sd)}"


def build_groups(facts: CardFacts) -> Section:
    """Build the section with the figures of each group."""
    columns = (
        Column("by", CellKind.WORDS, 1),
        Column("group", CellKind.NAME, 1),
        Column("films", CellKind.COUNT, 1),
        Column("sensitivity", CellKind.WORDS, 2),
        Column("balanced accuracy", CellKind.SHARE, 1),
        Column("AUROC COVID-19 / normal", CellKind.NUMBER, 1),
    )
    rows = [
        _build_group(name_grouping(grouping), name, scores)
        for grouping, groups in facts.metrics.by_group.items()
        for name, scores in groups.items()
        if scores.n
    ]
    table: Block = Table("", columns, rows) if rows else Sentences(("No group was measured.",))
    return Section("groups", "By group", claim("figures.groups"), [table])


def _build_group(grouping: str, name: str, scores: GroupScores) -> Row:
    figures = (scores.balanced_accuracy, scores.auroc_covid19_vs_normal)
    return Row((grouping, name, scores.n, _say_classes(scores), *figures))


def _say_classes(scores: GroupScores) -> str:
    return ", ".join(
        f"{label} {say_estimate(each.sensitivity)} of {each.support}"
        for label, each in scores.per_class.items()
        if each.support
    )


def build_evaluation(evaluation: Evaluation) -> Iterator[Section]:
    """Build the sections with what an evaluation adds."""
    dataset = evaluation.dataset
    films = f"{quote(dataset.name)} ({dataset.split}, {evaluation.n} films)" if dataset else f"{evaluation.n} films"
    lead = f"What follows is from `xray-cli evaluate` on {films}{':' if evaluation.warnings else '.'}"
    cautions = Bullets([f"**{quote(caution.message)}**" for caution in evaluation.warnings])
    yield Section("evaluation", "Evaluation", lead, [cautions])
    if left_out := build_leave_one_out(evaluation):
        yield replace(left_out, blocks=left_out.blocks[:1])  # not the names of all that were left aside


def build_shortcuts(facts: CardFacts) -> Section:
    """Build the section on the shortcut audit: the evaluation's, else the training run's on its held-out films."""
    evaluation = facts.evaluation
    return build_audit(evaluation if evaluation and evaluation.audit else facts.metrics, facts.audit)


def build_gate(facts: CardFacts) -> Section:
    """Build the section on what is refused before a class is given."""
    finder = facts.metrics.lung_finder or FinderFigures()
    lead = " ".join([claim("figures.gate"), *say_limits(facts), say_refused(facts)])
    reasons = build_reasons(facts.evaluation.refused) if facts.evaluation else ()
    return Section("gate", "The input gate", lead, [*reasons, *_say_overlap(finder), *_tabulate_finder(finder)])


def say_limits(facts: CardFacts) -> Iterator[str]:
    """Say the limits of the gate."""
    if facts.bundle.gate:
        yield f"Its limits: {', '.join(f'`{name}` {limit:g}' for name, limit in facts.bundle.gate.items())}."


def say_refused(facts: CardFacts) -> str:
    """Say how many chest films the gate refuses."""
    share = facts.evaluation.refused.share if facts.evaluation else None
    if share is None or share.value is None:
        return "How many chest films the whole gate refuses was not measured for this card."
    return f"Of the films of the classes it refuses {say_estimate(share)}."


def _say_overlap(finder: FinderFigures) -> Iterator[Sentences]:
    if finder.dice:
        masks = f"{finder.dice.n} held-out masks drawn by hand"
        overlap = f"The lungs that it finds overlap with {masks} to a Dice score of {finder.dice.value:.3f}."
        yield Sentences((overlap,))


def _tabulate_finder(finder: FinderFigures) -> Iterator[Table]:
    columns = (
        Column("pictures", CellKind.WORDS, 1),
        Column("", CellKind.NAME, 1),
        Column("held out", CellKind.COUNT, 1),
        Column("refused", CellKind.SHARE, 1),
    )
    rows = [
        Row((what, name.replace("_", " "), share.n, share.value))
        for what, shares in (("frontal chest films", finder.refused_frontal), ("wrong", finder.refused))
        for name, share in shares.items()
    ]
    if rows:
        yield Table("", columns, rows)
