"""The top of the page: which model, which films, the verdict, the warnings and the headline figures."""

from collections.abc import Callable, Mapping
from typing import Any

from markupsafe import Markup

from documents.figures import get_value, say_count, say_number, say_percent
from documents.html.elements import EMPTY, element, isolate
from documents.html.intervals import Scale, draw_mark
from training.evaluation.page.verdict import find_stamp, say_verdict

Say = Callable[[float | None], str]

SPLITS: Mapping[str, str] = {
    "all": "all films",
    "train": "the training side",
    "validation": "the validation side",
    "test": "the test side",
    "held-out": "films of patients whom the model has never seen",
}


def build_header(report: Mapping[str, Any]) -> Markup:
    """Build the title, the verdict with the stamp, the warnings and the tiles."""
    return element(
        "header",
        element("p", "xray-watch · evaluation of a model", class_="eyebrow"),
        element("h1", report.get("model_version") or "unnamed model"),
        _build_origin(report),
        _build_verdict(report),
        *_build_warnings(report),
        _build_tiles(report),
    )


def _build_origin(report: Mapping[str, Any]) -> Markup:
    dataset = report.get("dataset") or {}
    count = sum(map(sum, report["confusion_matrix"]))
    parts: list[str] = [say_count(count, "film")]
    if report.get("n_patients"):
        parts.append(f" of {say_count(report['n_patients'], 'patient')}")
    if dataset.get("name"):
        parts += [" from the data set ", isolate(dataset["name"])]
    if dataset.get("split"):
        parts.append(f": {SPLITS.get(dataset['split'], dataset['split'])}")
    if report.get("evaluated_at"):
        day = str(report["evaluated_at"]).partition("T")[0]
        parts += [". Measured on ", element("time", day, datetime=report["evaluated_at"])]
    return element("p", *parts, ". Figures in brackets are 95 % intervals.", class_="lead")


def _build_verdict(report: Mapping[str, Any]) -> Markup:
    stamp = find_stamp(report)
    return element(
        "div",
        element("strong", stamp, class_="stamp") if stamp else EMPTY,
        *(element("p", sentence) for sentence in say_verdict(report)),
        class_="verdict stamped" if stamp else "verdict",
    )


def _build_warnings(report: Mapping[str, Any]) -> list[Markup]:
    warnings = report.get("warnings") or []
    if not warnings:
        return []
    return [element("ul", *(element("li", warning["message"]) for warning in warnings), class_="warnings")]


def _build_tiles(report: Mapping[str, Any]) -> Markup:
    covid19 = (report.get("per_class") or {}).get("covid19") or {}
    answered = report.get("answered") or {}
    tiles: list[tuple[str, Any, Say]] = [
        ("accuracy", report.get("accuracy"), say_percent),
        ("balanced accuracy", report.get("balanced_accuracy"), say_percent),
        ("COVID-19: sensitivity", covid19.get("sensitivity"), say_percent),
        ("COVID-19: specificity", covid19.get("specificity"), say_percent),
        ("COVID-19 against normal: AUROC", report.get("auroc_covid19_vs_normal"), say_number),
        ("expected calibration error", report.get("ece"), say_number),
        ("films that get an answer", answered.get("coverage"), say_percent),
        ("right among the answered", answered.get("accuracy"), say_percent),
    ]
    return element("dl", *(_build_tile(*tile) for tile in tiles if get_value(tile[1]) is not None), class_="tiles")


def _build_tile(title: str, estimate: Mapping[str, float | None], say: Say) -> Markup:
    low, high = estimate.get("low"), estimate.get("high")
    has_interval = low is not None and high is not None
    words = f"{say(low).removesuffix(' %')} to {say(high)}" if has_interval else "no interval"
    strip = draw_mark(estimate, Scale(say=say))
    figures = [element("span", say(estimate["value"]), class_="value"), element("span", words, class_="range")]
    return element("div", element("dt", title), element("dd", *figures, strip), class_="tile")
