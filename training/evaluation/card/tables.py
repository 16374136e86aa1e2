"""Tables in Markdown, and those of the figures that a bundle and an evaluation share."""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from documents.figures import say_estimate, say_number
from documents.text import show_text
from inference.labels import LABELS
from training.evaluation.groups import name_grouping

Figures = Mapping[str, Any]


def build_table(headings: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Write a table; nothing in a cell can end it or make markup."""
    lines = [_join(headings), _join("---" for _ in headings), *(_join(row) for row in rows)]
    return "\n".join(lines)


def quote(text: str) -> str:
    """Return text from outside (a source, a reason) in which no sign is markup."""
    return re.sub(r"([\\`*_\[\]<>#])", r"\\\1", show_text(text))


def _join(cells: Iterable[object]) -> str:
    texts = (" ".join(str(cell).split()).replace("|", "\\|") for cell in cells)
    return f"| {' | '.join(texts)} |"


def tabulate_overall(metrics: Figures) -> str:
    """Write the figures over all classes."""
    rows = [
        ("accuracy", say_estimate(metrics.get("accuracy"))),
        ("balanced accuracy", say_estimate(metrics.get("balanced_accuracy"))),
        ("AUROC of COVID-19 against normal", say_estimate(metrics.get("auroc_covid19_vs_normal"), say_number)),
        ("expected calibration error", say_estimate(metrics.get("ece"), say_number)),
        ("Brier score (0 to 2)", say_estimate(metrics.get("brier"), say_number)),
    ]
    known = [row for row in rows if row[1] != say_estimate(None)]
    return build_table(("", "over the most probable class, whatever the outcome"), known)


def tabulate_classes(metrics: Figures) -> str:
    """Write the figures of each class."""
    names = ("sensitivity", "specificity", "ppv", "npv")
    rows = [
        (label, each["support"], *(say_estimate(each.get(name)) for name in names), _say_area(each))
        for label, each in metrics["per_class"].items()
    ]
    return build_table(("class", "films", "sensitivity", "specificity", "PPV", "NPV", "AUROC"), rows)


def _say_area(each: Figures) -> str:
    return say_estimate(each.get("auroc"), say_number)


def tabulate_matrix(metrics: Figures) -> str:
    """Write the confusion matrix."""
    pairs = zip(LABELS, metrics["confusion_matrix"], strict=True)
    return build_table(("reference, answered", *LABELS), [(f"**{label}**", *row) for label, row in pairs])


def tabulate_groups(metrics: Figures) -> str:
    """Write the figures of each group."""
    rows = [
        (name_grouping(kind), quote(name), scores["n"], _say_classes(scores), *say_group(scores))
        for kind, groups in (metrics.get("by_group") or {}).items()
        for name, scores in groups.items()
        if scores.get("n")
    ]
    headings = ("by", "group", "films", "sensitivity", "balanced accuracy", "AUROC COVID-19 / normal")
    return build_table(headings, rows) if rows else "No group was measured."


def say_group(scores: Figures) -> tuple[str, str]:
    """Write balanced accuracy and AUROC of COVID-19 against normal, the two figures of every group."""
    auroc = say_estimate(scores.get("auroc_covid19_vs_normal"), say_number)
    return say_estimate(scores.get("balanced_accuracy")), auroc


def _say_classes(scores: Figures) -> str:
    parts = [
        f"{label} {say_estimate(each.get('sensitivity'))} of {each['support']}"
        for label, each in scores["per_class"].items()
        if each.get("support")
    ]
    return ", ".join(parts)


def tabulate_folds(metrics: Figures) -> str:
    """Write the figures of the folds with mean and standard deviation; empty without cross-validation."""
    found = metrics.get("cross_validation")
    if not found:
        return ""
    folds = found["per_fold"]
    rows = [
        (
            name,
            *(say_number(each.get(name)) for each in folds),
            f"{say_number(both['mean'])} ± {say_number(both['sd'])}",
        )
        for name, both in found["mean_sd"].items()
    ]
    return build_table(("", *(f"fold {each['fold']}" for each in folds), "mean ± SD"), rows)
