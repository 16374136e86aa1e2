"""The section on the three classes: confusion matrix, figures of each class, ROC and precision-recall curves."""

from collections.abc import Mapping, Sequence
from typing import Any

from markupsafe import Markup

from documents.figures import say_estimate, say_number, say_percent
from documents.html.curves import Curve, draw_curves
from documents.html.elements import EMPTY, build_section, element, join
from documents.html.intervals import Heading, Row, build_figure, draw_table, fit_scale, frame_table
from reports.wording import list_labels, name_label
from training.evaluation.page.matrix import draw_matrix

METRICS: Mapping[str, tuple[str, str]] = {
    "sensitivity": ("Sensitivity", "films of the class that are called so"),
    "specificity": ("Specificity", "films of other classes that are not called so"),
    "ppv": ("PPV", "right among the films called so, at the prevalence of this data set"),
    "npv": ("NPV", "right among the films not called so, at the prevalence of this data set"),
    "auroc": ("AUROC", "area under the ROC curve, the class against the rest"),
    "auprc": ("AUPRC", "area under the precision-recall curve"),
}
AREAS = frozenset({"auroc", "auprc"})
PAIR = "covid19_vs_normal"


def build_classes(report: Mapping[str, Any]) -> Markup:
    """Build the section on how well the classes are told apart."""
    lead = "Each film counts for its most probable class here, whatever the operating points make of it afterwards."
    return build_section(
        "classes",
        "Which class it gives",
        lead,
        draw_matrix(report["confusion_matrix"], "Confusion matrix: films, and their share of the row"),
        _build_table(report["per_class"]),
        _build_prevalences(report["per_class"]),
    )


def build_curves(report: Mapping[str, Any]) -> Markup:
    """Build the section of ROC and precision-recall curves, one class against the rest; empty without curves."""
    curves = report.get("curves") or {}
    labels = [label for label in (*(label for label, _ in list_labels()), PAIR) if label in curves]
    if not labels:
        return EMPTY
    lead = (
        "Every threshold at once, one class against the rest. Bands are 95 % intervals at each point; dotted is what "
        "guessing gives."
    )
    return build_section("curves", "ROC and precision-recall curves", lead, _draw_curves(report, curves, labels))


def _draw_curves(report: Mapping[str, Any], curves: Mapping[str, Any], labels: Sequence[str]) -> Markup:
    roc = [
        Curve(
            label,
            f"{_name(label)}: AUROC {_say_area(report, label, 'auroc')}",
            *_trace(curves[label]["roc"], "fpr", "tpr"),
        )
        for label in labels
        if curves[label].get("roc")
    ]
    recall = [
        Curve(
            label,
            f"{_name(label)}: area {_say_area(report, label, 'auprc')}",
            *_trace(curves[label]["pr"], "recall", "precision"),
        )
        for label in labels
        if curves[label].get("pr") and label != PAIR
    ]
    levels = {curve.label: curves[curve.label]["pr"].get("prevalence") for curve in recall}
    return element(
        "div",
        draw_curves("ROC curve", ("false positives, % (1 − specificity)", "sensitivity, %"), roc),  # noqa: RUF001
        draw_curves("Precision-recall curve", ("recall (sensitivity), %", "precision (PPV), %"), recall, levels=levels),
        class_="charts",
    )


def _name(label: str) -> str:
    return "COVID-19 against normal" if label == PAIR else name_label(label)


def _say_area(report: Mapping[str, Any], label: str, metric: str) -> str:
    estimate = report.get("auroc_covid19_vs_normal") if label == PAIR else report["per_class"][label].get(metric)
    return say_estimate(estimate, say_number)


def _trace(curve: Mapping[str, Sequence[float | None]], x: str, y: str) -> tuple[list[tuple[float, float]], ...]:
    """Return the points of a curve and of its band, which goes along the lower edge and back along the upper one."""
    points = _pair(curve[x], curve[y])
    low, high = curve.get("low"), curve.get("high")
    band = _pair(curve[x], low) + _pair(curve[x], high)[::-1] if low and high else []
    return points, band


def _pair(xs: Sequence[float | None], ys: Sequence[float | None]) -> list[tuple[float, float]]:
    return [(x, y) for x, y in zip(xs, ys, strict=True) if x is not None and y is not None]


def _build_table(per_class: Mapping[str, Any]) -> Markup:
    rows: list[Row | Heading] = []
    for metric, (title, words) in METRICS.items():
        rows.append(Heading(join([title, element("small", words)])))
        for label, name in list_labels():
            each = per_class.get(label) or {}
            cells, say = (f"{(each.get('support') or 0):,}",), say_number if metric in AREAS else None
            rows.append(Row(name, each.get(metric), cells, label, say))
    return draw_table("Figures of each class", ("figure", "films", "value (95 % interval)"), rows, fit_scale(rows))


def _build_prevalences(per_class: Mapping[str, Any]) -> Markup:
    rows = [
        row
        for label, title in list_labels()
        for row in _build_prevalence_rows(title, (per_class.get(label) or {}).get("at_prevalence") or [])
    ]
    if not rows:
        return EMPTY
    names = ("prevalence", "PPV", "NPV")
    heads = [
        element("th", "class", scope="col"),
        *(element("th", each, scope="col", class_="number") for each in names),
    ]
    caption = "What an answer is worth where the class is rarer or more common than here"
    body = element("tbody", *rows)
    table = element("table", element("caption", caption), element("thead", element("tr", *heads)), body)
    return frame_table(table, caption, is_short=True)


def _build_prevalence_rows(title: str, entries: Sequence[Mapping[str, Any]]) -> list[Markup]:
    def build(place: int, each: Mapping[str, Any]) -> Markup:
        first = [element("th", title, scope="rowgroup", rowspan=len(entries))] if place == 0 else []
        cells = (say_percent(each["prevalence"]), build_figure(each["ppv"]), build_figure(each["npv"]))
        return element("tr", *first, *(element("td", cell, class_="number") for cell in cells))

    return [build(place, each) for place, each in enumerate(entries)]
