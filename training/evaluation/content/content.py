"""The evaluation as a whole: headline, sections, and what was measured so that it can be measured again."""

from collections.abc import Callable, Iterator, Mapping

from documents.blocks import CellKind, Column, Content, Row, Section, Table, Tile
from documents.figures import Estimate, say_count, say_number, say_percent
from reports.wording import name_label
from training.evaluation.content.audit import build_audit
from training.evaluation.content.certainty import build_certainty
from training.evaluation.content.classes import build_classes, build_curves
from training.evaluation.content.films import build_other_findings, build_refusals, build_worst
from training.evaluation.content.groups import build_groups, build_leave_one_out
from training.evaluation.content.new_hospital import build_new_hospital
from training.evaluation.content.verdict import find_stamp, say_verdict
from training.evaluation.result import HELD_OUT, DatasetFacts, Evaluation

Say = Callable[[float | None], str]

SPLITS: Mapping[str, str] = {
    "all": "all films",
    "train": "the training side",
    "validation": "the validation side",
    "test": "the test side",
}
METHOD = (
    "Measured through the classifier that serves. Intervals are 95 % percentile intervals of a bootstrap that draws "
    "patients, not films; they hold for films like these and say nothing about other hospitals."
)


def build_content(evaluation: Evaluation) -> Content:
    """Build all that an evaluation says; parts of which nothing is known are left out."""
    builders: tuple[Callable[[Evaluation], Section | None], ...] = (
        build_new_hospital,
        build_classes,
        build_curves,
        build_certainty,
        build_groups,
        build_leave_one_out,
        lambda evaluation: build_audit(evaluation, evaluation.audit),
        build_other_findings,
        build_refusals,
        build_worst,
        _build_method,
    )
    sections = [section for section in (build(evaluation) for build in builders) if section]
    title = evaluation.model_version or "unnamed model"
    return Content(
        title=title,
        period=_say_origin(evaluation),
        verdict=say_verdict(evaluation),
        warnings=[caution.message for caution in evaluation.warnings],
        tiles=list(_build_tiles(evaluation)),
        sections=sections,
        eyebrow="xray-watch · evaluation of a model",
        stamp=find_stamp(evaluation.audit),
        name=f"Evaluation of {title}",
    )


def _say_origin(evaluation: Evaluation) -> str:
    origin = say_count(evaluation.n, "film")
    if evaluation.n_patients:
        origin += f" of {say_count(evaluation.n_patients, 'patient')}"
    if evaluation.dataset:
        origin += f" from the data set {evaluation.dataset.name}: {_say_split(evaluation.dataset)}"
    if evaluation.evaluated_at:
        origin += f". Measured on {evaluation.evaluated_at.partition('T')[0]}"
    return f"{origin}. Figures in brackets are 95 % intervals."


def _say_split(dataset: DatasetFacts) -> str:
    if dataset.split != HELD_OUT:
        return SPLITS.get(dataset.split, dataset.split)
    if dataset.n_without_patient == 0:
        return "films of patients of whom neither the model nor its starting weights have seen any"
    return "films that neither the model nor its starting weights have seen, of patients who are not all known"


def _build_tiles(evaluation: Evaluation) -> Iterator[Tile]:
    covid19, answered = evaluation.per_class.get("covid19"), evaluation.answered
    figures: list[tuple[str, Estimate, Say]] = [
        ("accuracy", evaluation.accuracy, say_percent),
        ("balanced accuracy", evaluation.balanced_accuracy, say_percent),
        ("COVID-19: sensitivity", covid19.sensitivity if covid19 else Estimate(), say_percent),
        ("COVID-19: specificity", covid19.specificity if covid19 else Estimate(), say_percent),
        ("COVID-19 against normal: AUROC", evaluation.auroc_covid19_vs_normal, say_number),
        ("expected calibration error", evaluation.ece, say_number),
        ("films that get an answer", answered.coverage, say_percent),
        ("right among the answered", answered.accuracy, say_percent),
    ]
    for title, estimate, say in figures:
        if estimate.value is not None:
            yield Tile(title, say(estimate.value), _say_interval(estimate, say), estimate)


def _say_interval(estimate: Estimate, say: Say) -> str:
    if estimate.low is None or estimate.high is None:
        return "no interval"
    return f"{say(estimate.low).removesuffix(' %')} to {say(estimate.high)}"


def _build_method(evaluation: Evaluation) -> Section:
    facts = _describe_model(evaluation) | _describe_data(evaluation)
    columns = (Column("what", CellKind.WORDS, 1), Column("value", CellKind.WORDS, 3))
    table = Table("Model and films", columns, [Row((title, text)) for title, text in facts.items() if text])
    return Section("method", "What was measured", METHOD, [table])


def _describe_model(evaluation: Evaluation) -> dict[str, str | None]:
    title = evaluation.model_version or "unnamed"
    facts = {"model": title, "SHA-256 of the model": evaluation.model_sha256}
    if model := evaluation.model:
        size, points, limits = model.input_size, model.operating_points.items(), model.gate.items()
        facts |= {
            "input": f"{size} x {size} pixels, preprocessing {model.preprocessing_version}",
            "operating points": ", ".join(f"{name_label(name)} {say_percent(point)}" for name, point in points),
            "limits of the gate": ", ".join(f"{name.replace('_', ' ')} {limit:g}" for name, limit in limits),
            "temperature": say_number(model.temperature),
            "SHA-256 of the training data": model.training_data_sha256,
        }
    return facts


def _describe_data(evaluation: Evaluation) -> dict[str, str | None]:
    facts: dict[str, str | None] = {}
    if dataset := evaluation.dataset:
        seen = "unknown" if dataset.n_seen is None else f"{dataset.n_seen:,}"
        facts["data set"] = f"{dataset.name}: {say_count(dataset.n_files, 'file')}"
        facts |= {
            "SHA-256 of the data set": dataset.sha256,
            "of these, seen by the model or its starting weights": seen,
        }
    if bootstrap := evaluation.bootstrap:
        facts["bootstrap"] = f"{bootstrap.resamples:,} draws of patients, seed {bootstrap.seed}"
    return facts | {"measured at": evaluation.evaluated_at}
