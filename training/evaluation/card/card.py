"""The card as a whole: the template's text with the figures of a bundle and of an evaluation filled in.

The errors:

    CardError    the evaluation is of another model than the bundle, or one of the two lacks what a card needs
"""

import json
import os
from collections.abc import Iterable, Mapping
from importlib.resources import files
from pathlib import Path
from string import Template
from typing import Any

from documents.figures import say_number
from inference.bundle import Bundle
from inference.labels import NOTICE, OTHER_FINDING
from training.evaluation.card import audit_tables, sentences, tables
from training.evaluation.card.goals import tabulate_goals
from training.evaluation.card.provenance import read_toml, tabulate_films, tabulate_settings, tabulate_sources

Figures = Mapping[str, Any]


class CardError(ValueError):
    """The evaluation is of another model than the bundle, or one of the two lacks what a card needs."""

    exit_code = os.EX_DATAERR


def read_evaluation(path: Path) -> dict[str, Any]:
    """Read what `xray-cli evaluate --format json` wrote.

    Raises
    ------
    CardError
        It is no such file.
    """
    try:
        found = json.loads(path.read_bytes())
    except ValueError as error:
        raise CardError(f"{path.name} is not JSON: give what 'xray-cli evaluate --format json' wrote") from error
    if not isinstance(found, dict) or "model_sha256" not in found:
        raise CardError(f"{path.name} is no evaluation: give what 'xray-cli evaluate --format json' wrote")
    return found


def render_card(bundle: Bundle, evaluation: Figures | None = None, measured: Iterable[Figures] | None = None) -> str:
    """Write the model card in Markdown.

    Parameters
    ----------
    bundle : Bundle
        The model with the figures of its training run.
    evaluation : mapping, optional
        What `xray-cli evaluate --format json` printed for this model; without it the card says what was not measured.
    measured : iterable of mapping, optional
        Figures from elsewhere, each with `model_version`, `what`, `value` and `how`; by default those of
        `measured.toml` in this package. Those of other models are left out.

    Raises
    ------
    CardError
        The evaluation is of another model, or something that a card needs is missing.
    """
    found = evaluation or {}
    if found and found.get("model_sha256") != bundle.model_sha256:
        other, this = str(found.get("model_sha256"))[:16], bundle.model_sha256[:16]
        raise CardError(f"the evaluation is of model {other}, the bundle is {this}: evaluate this bundle")
    try:
        values = _describe_model(bundle, found)
        values |= _describe_figures(bundle.metrics, found)
        values |= _describe_guidelines()
        values["measured_section"] = _write_measured(bundle.model_version, measured)
        values["evaluation_section"] = _fill("evaluation.md", _describe_evaluation(found)) if found else ""
    except (KeyError, TypeError) as error:
        raise CardError(f"bundle or evaluation lacks {error}") from error
    return _tidy(_fill("card.md", values))


def _describe_model(bundle: Bundle, evaluation: Figures) -> dict[str, str]:
    training = bundle.metrics.get("training") or {}
    calibrated_on = training.get("calibrated_on")
    return {
        "model_version": bundle.model_version,
        "model_sha256": bundle.model_sha256,
        "notice": NOTICE,
        "stamp": sentences.say_stamp(evaluation),
        "films_table": tabulate_films(training),
        "sources_table": tabulate_sources(training),
        "left_out": sentences.say_left_out(training),
        "training_table": tabulate_settings(training),
        "temperature": say_number(bundle.calibration["temperature"], 2),
        "calibrated_on": f", fitted on {calibrated_on}" if calibrated_on else "",
        "other_finding_point": say_number(bundle.operating_points.get(OTHER_FINDING), 2),
        "label_points": sentences.say_points(bundle.operating_points),
        "gate_limits": sentences.say_limits(bundle.gate),
        "gate_sentence": sentences.say_gate(evaluation),
        "refusals_table": audit_tables.tabulate_refusals(evaluation),
        "finder_sentence": sentences.say_overlap(bundle.metrics),
        "finder_table": audit_tables.tabulate_finder(bundle.metrics),
    }


def _describe_figures(metrics: Figures, evaluation: Figures) -> dict[str, str]:
    folds = tables.tabulate_folds(metrics)
    return {
        "goals": tabulate_goals(metrics, evaluation),
        "shortcut_sentence": sentences.say_shortcuts(evaluation),
        "normal_sentence": sentences.say_normal(metrics),
        "measured_on": sentences.say_measured_on(metrics),
        "overall_table": tables.tabulate_overall(metrics),
        "class_table": tables.tabulate_classes(metrics),
        "matrix_table": tables.tabulate_matrix(metrics),
        "answered_sentences": sentences.say_answered(metrics),
        "folds_section": f"Fold by fold:\n\n{folds}\n" if folds else "",
        "groups_table": tables.tabulate_groups(metrics),
    }


def _describe_evaluation(evaluation: Figures) -> dict[str, str]:
    dataset = evaluation.get("dataset") or {}
    name = tables.quote(dataset.get("name") or "a data set")
    return {
        "dataset": f"{name} ({dataset.get('split', 'all')}, {evaluation['n']} films)",
        "cautions": sentences.say_cautions(evaluation),
        "audit_table": audit_tables.tabulate_audit(evaluation),
        "audit_sentences": sentences.say_audit(evaluation),
        "source_table": audit_tables.tabulate_sources_told(evaluation),
        "left_out_table": audit_tables.tabulate_left_out(evaluation),
    }


def _describe_guidelines() -> dict[str, str]:
    lists = read_toml("checklists.toml")
    return {f"{name}_table": tables.build_table(("item", "answer"), lists[name]) for name in ("tripod", "claim")}


def _write_measured(model_version: str, measured: Iterable[Figures] | None) -> str:
    listed = read_toml("measured.toml").get("figure", []) if measured is None else measured
    rows = [(each["what"], each["value"], each["how"]) for each in listed if each["model_version"] == model_version]
    if not rows:
        return ""
    table = tables.build_table(("what", "figure", "how it was measured"), rows)
    return f"## Measured elsewhere\n\n{table}\n"


def _fill(name: str, values: Mapping[str, str]) -> str:
    return Template(files("training.evaluation.card").joinpath(name).read_text(encoding="utf-8")).substitute(values)


def _tidy(text: str) -> str:
    """Let one empty line follow where a part was left out."""
    lines = [line.rstrip() for line in text.splitlines()]
    kept = [line for place, line in enumerate(lines) if line or (place and lines[place - 1])]
    return "\n".join(kept).rstrip() + "\n"
