"""Where the model comes from: films, their sources, the recipe, and how its operating points were chosen."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from documents.blocks import Block, Bullets, CellKind, Column, Row, Section, Sentences, Table
from documents.figures import say_count, say_number
from inference.labels import LABELS, OTHER_FINDING
from training.evaluation.card.facts import CardFacts, claim, read_toml
from training.evaluation.card.learnt_from import has_other_findings, say_backbone, say_patients

SETTINGS: Mapping[str, str] = {
    "purpose": "purpose",
    "backbone": "backbone",
    "weights": "starts from",
    "input_size": "input, pixels a side",
    "leave_out_epochs": "epochs of the trainings without a source",
    "without": "films not used",
    "folds": "folds of cross-validation before the final training",
    "test_share": "share of the patients held out",
    "validation_share": "share of the others for validation",
    "epochs": "epochs at most",
    "epochs_run": "epochs run",
    "best_epoch": "best epoch",
    "batch_size": "batch",
    "learning_rate": "peak learning rate",
    "weight_decay": "weight decay",
    "label_smoothing": "label smoothing",
    "trainable_layers": "layers that are fine-tuned",
    "precision": "precision",
    "seed": "seed",
    "keras": "Keras",
    "keras_backend": "Keras backend",
    "python": "Python",
}
TITLE = "Calibration and operating points"
BALANCED_BY_SIZE = (
    "Batches draw every class with the same chance, and within it a source by the number of its films to the power of "
    "{power:g}; collections of one origin count as one source."
)
UNSAID = Sentences(("The bundle does not say.",))


def build_data(facts: CardFacts) -> Section:
    """Build the section on the films that the model was made with."""
    blocks = [
        _tabulate_films(facts),
        Sentences((" ".join([say_patients(facts), *say_left_out(facts)]),)),
        _tabulate_sources(facts),
        Sentences((f"{claim('data.licences')} {say_backbone(facts)}",)),
    ]
    return Section("data", "Training data", "", blocks)


def say_left_out(facts: CardFacts) -> Iterator[str]:
    """Say how many files could not be used."""
    left_out = facts.metrics.training.left_out
    if left_out is not None:
        subject = "it" if left_out == 1 else "they"
        yield f"In this run {say_count(left_out, 'file', 'was', 'were')} left out because {subject} could not be used."


def _tabulate_films(facts: CardFacts) -> Block:
    films = facts.metrics.training.films
    names = sorted({*films.train, *films.validation}, key=lambda name: _rank(name, [*LABELS, OTHER_FINDING]))
    columns = (
        Column("class", CellKind.NAME, 1),
        Column("source", CellKind.NAME, 1),
        Column("films for training", CellKind.COUNT, 1),
        Column("for validation", CellKind.COUNT, 1),
    )
    rows = [Row((*_split(name), films.train.get(name, 0), films.validation.get(name, 0))) for name in names]
    return Table("", columns, rows) if rows else UNSAID


def _split(name: str) -> tuple[str, str]:
    label, _, source = name.partition("/")
    return label, source


def _rank(name: str, order: Sequence[str]) -> tuple[int, str]:
    label, _ = _split(name)
    return order.index(label) if label in order else len(order), name


def _tabulate_sources(facts: CardFacts) -> Table:
    known = read_toml("sources.toml")
    names = sorted({_split(name)[1] for name in facts.metrics.training.films.train})
    heads = ("what it is", "whose films", "licence")
    columns = (Column("source", CellKind.NAME, 1), *(Column(head, CellKind.WORDS, 2) for head in heads))
    return Table("", columns, [Row((name, *_describe_source(known.get(name)))) for name in names])


def _describe_source(known: Mapping[str, str] | None) -> tuple[str, str, str]:
    if known is None:
        return "not described", "not known", "not known"
    return known["title"], known["population"], known["licence"]


def build_making(facts: CardFacts) -> Section:
    """Build the section on the recipe."""
    texts = [claim("making.looks_at"), say_network(facts), claim("making.augmentation")]
    return Section("making", "How it was made", "", [Sentences(texts), _tabulate_settings(facts.settings)])


def say_network(facts: CardFacts) -> str:
    """Say what the network is and how it was fitted."""
    parts = [claim("making.network")]
    if facts.training.starts_from == "random":
        parts.append(claim("making.from_scratch"))
    elif facts.settings.get("epochs") == 0:
        parts.append(claim("making.head_only"))
    else:
        parts.append(claim("making.fine_tuned"))
    power = float(facts.settings.get("source_power") or 0.0)
    parts.append(BALANCED_BY_SIZE.format(power=power) if power else claim("making.balanced"))
    if has_other_findings(facts):
        parts.append(claim("making.other_findings"))
    return " ".join(parts)


def _tabulate_settings(settings: Mapping[str, Any]) -> Block:
    """Build the table of the settings that can be said without naming the run's machine."""
    rows = [
        Row((title, str(settings[name])))
        for name, title in SETTINGS.items()
        if settings.get(name) not in (None, "", [], 0 if name == "leave_out_epochs" else None)
    ]
    columns = (Column("setting", CellKind.WORDS, 1), Column("value", CellKind.NAME, 2))
    return Table("", columns, rows) if rows else UNSAID


def build_calibration(facts: CardFacts) -> Section:
    """Build the section on the temperature and the operating points."""
    bundle, calibrated_on = facts.bundle, facts.metrics.training.calibrated_on
    temperature = say_number(bundle.calibration["temperature"], 2)
    fitted = f", fitted on {calibrated_on}" if calibrated_on else ""
    points = ", ".join(f"`{label}` {say_number(bundle.operating_points[label], 2)}" for label in bundle.labels)
    if not facts.training.calibration_fitted:
        patients = ", ".join(f"{count} of `{label}`" for label, count in facts.training.calibration_patients.items())
        lead = f"{claim('calibration.not_fitted')} ({patients}). Operating points: {points}."
        return Section("calibration", TITLE, lead, [Sentences((say_effect(facts),))])
    lead = f"Temperature {temperature} (Guo et al., ICML 2017){fitted}. Operating points:"
    return Section("calibration", TITLE, lead, [Bullets(list(_list_rules(facts))), Sentences((say_effect(facts),))])


def _list_rules(facts: CardFacts) -> Iterator[str]:
    points, chosen = facts.bundle.operating_points, facts.training.operating_points_chosen
    by_rule = [name for name in facts.bundle.outputs if chosen is None or name in chosen]
    labels = ", ".join(f"`{name}` {say_number(points[name], 2)}" for name in by_rule if name != OTHER_FINDING)
    if OTHER_FINDING in by_rule:
        yield f"`{OTHER_FINDING}` {say_number(points[OTHER_FINDING], 2)}: {claim('calibration.rule_of_others')}"
    if labels:
        more = f" {claim('calibration.rule_of_diseases')}" if has_other_findings(facts) else ""
        known = f" {claim('calibration.rule_of_known')}" if facts.metrics.left_out_sources else ""
        yield f"{labels}: {claim('calibration.rule_of_labels')}{more}{known}"
    if rest := [f"`{name}`" for name in facts.bundle.outputs if name not in by_rule]:
        yield f"{', '.join(rest)} 0.50: {claim('calibration.not_chosen')}"


def say_effect(facts: CardFacts) -> str:
    """Say what the operating points do."""
    names = ("effect_of_others", "effect") if has_other_findings(facts) else ("effect",)
    return " ".join(claim(f"calibration.{name}") for name in names)
