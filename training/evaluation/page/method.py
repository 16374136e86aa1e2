"""The section that says what was measured, so that it can be measured again."""

from collections.abc import Iterator, Mapping
from typing import Any

from markupsafe import Markup

from documents.figures import say_count, say_percent
from documents.html.elements import build_section, element
from reports.wording import name_label

LEAD = (
    "Measured through the classifier that serves. Intervals are 95 % percentile intervals of a bootstrap that draws "
    "patients, not films; they hold for films like these and say nothing about other hospitals."
)


def build_method(report: Mapping[str, Any]) -> Markup:
    """Build the last section: model, data set, bootstrap."""
    pairs = [pair for facts in (_list_model(report), _list_data(report)) for pair in facts]
    items = [item for title, text in pairs for item in (element("dt", title), element("dd", text))]
    return build_section("method", "What was measured", LEAD, element("dl", *items, class_="facts"))


def _list_model(report: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    model = report.get("model") or {}
    yield "model", str(report.get("model_version") or "unnamed")
    if report.get("model_sha256"):
        yield "SHA-256 of the model", str(report["model_sha256"])
    if model.get("input_size"):
        size = model["input_size"]
        yield "input", f"{size} x {size} pixels, preprocessing {model.get('preprocessing_version', 'unknown')}"
    points = model.get("operating_points") or {}
    if points:
        yield (
            "operating points",
            ", ".join(f"{name_label(name)} {say_percent(point)}" for name, point in points.items()),
        )
    if model.get("gate"):
        yield (
            "limits of the gate",
            ", ".join(f"{name.replace('_', ' ')} {limit:g}" for name, limit in model["gate"].items()),
        )
    if model.get("temperature") is not None:
        yield "temperature", f"{model['temperature']:.3f}"
    if model.get("training_data_sha256"):
        yield "SHA-256 of the training data", str(model["training_data_sha256"])


def _list_data(report: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    dataset, bootstrap = report.get("dataset") or {}, report.get("bootstrap") or {}
    if dataset:
        yield "data set", f"{dataset.get('name', '')}: {say_count(dataset.get('n_files') or 0, 'file')}"
    if dataset.get("sha256"):
        yield "SHA-256 of the data set", str(dataset["sha256"])
    if "n_seen" in dataset:
        seen = dataset["n_seen"]
        yield "of these, films that made the model", "unknown" if seen is None else f"{seen:,}"
    if bootstrap:
        yield "bootstrap", f"{bootstrap.get('resamples', 0):,} draws of patients, seed {bootstrap.get('seed')}"
    if report.get("evaluated_at"):
        yield "measured at", str(report["evaluated_at"])
