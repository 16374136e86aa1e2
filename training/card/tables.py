"""Tables in Markdown, and those of the figures that a bundle and an evaluation share."""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from inference.labels import LABELS, OTHER_FINDING
from reports.text import show_text
from training.wording import get_value, say_estimate, say_number

Figures = Mapping[str, Any]

GROUPS: Mapping[str, str] = {
    "source": "source",
    "site": "site",
    "view": "view",
    "age_group": "age",
    "sex": "sex",
    "image_size": "image size",
}


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
        (GROUPS.get(kind, kind), quote(name), scores["n"], _say_classes(scores), *_say_group(scores))
        for kind, groups in (metrics.get("by_group") or {}).items()
        for name, scores in groups.items()
        if scores.get("n")
    ]
    headings = ("by", "group", "films", "sensitivity", "balanced accuracy", "AUROC COVID-19 / normal")
    return build_table(headings, rows) if rows else "No group was measured."


def _say_group(scores: Figures) -> tuple[str, str]:
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


def tabulate_films(training: Figures) -> str:
    """Write how many films of which class and source the model was trained and validated on."""
    films = training.get("films") or {}
    sides = {side: films.get(side) or {} for side in ("train", "validation")}
    order = [*LABELS, OTHER_FINDING]
    names = sorted({name for side in sides.values() for name in side}, key=lambda name: _rank(name, order))
    rows = [
        (*(quote(part) for part in name.split("/", 1)), sides["train"].get(name, 0), sides["validation"].get(name, 0))
        for name in names
    ]
    headings = ("class", "source", "films for training", "for validation")
    return build_table(headings, rows) if rows else "The bundle does not say."


def _rank(name: str, order: Sequence[str]) -> tuple[int, str]:
    label = name.split("/", 1)[0]
    return order.index(label) if label in order else len(order), name


def tabulate_audit(evaluation: Figures) -> str:
    """Write what is left without the lungs; empty where the audit was not run."""
    audit = evaluation.get("audit")
    if not audit:
        return ""
    baselines = audit.get("baselines") or {}
    entries = [
        ("this model, the film as it is", evaluation),
        ("this model, lungs masked out", audit.get("lungs_masked")),
        ("this model, border only", audit.get("border_only")),
        *((f"baseline: {quote(name.replace('_', ' '))}", scores) for name, scores in baselines.items()),
    ]
    rows = [(title, scores.get("n"), *_say_group(scores)) for title, scores in entries if scores]
    return build_table(("what is looked at", "films", "balanced accuracy", "AUROC COVID-19 / normal"), rows)


def tabulate_sources_told(evaluation: Figures) -> str:
    """Write how well the source can be told within a class; empty where that was not measured."""
    found = (evaluation.get("audit") or {}).get("source_within_class") or {}
    rows = [
        (label, each["chance"], *(say_estimate(each.get(name)) for name in _TELLING))
        for label, each in found.items()
        if each
    ]
    told = [(label, f"{100 * chance:.0f} %", *figures) for label, chance, *figures in rows]
    headings = (
        "source told within",
        "chance",
        "from a thumbnail of the film",
        "of the lungs' frame",
        "from the features",
    )
    return build_table(headings, told) if told else ""


_TELLING = ("film_thumbnail", "framed_thumbnail", "features")


def tabulate_left_out(evaluation: Figures) -> str:
    """Write the figures of groups that were left out of training; empty where none was."""
    found = evaluation.get("leave_one_out")
    if not found:
        return ""
    entries = [*(found.get("groups") or {}).items()]
    rows = [(quote(name), scores["n"], *_say_group(scores)) for name, scores in entries]
    if found.get("all"):
        rows.append(("**all of them**", found["all"].get("n", ""), *_say_group(found["all"])))
    table = build_table((f"{found['by']} left out", "films", "balanced accuracy", "AUROC COVID-19 / normal"), rows)
    return f"Leave one {found['by']} out. {quote(found.get('method') or '')}\n\n{table}"


def tabulate_refusals(evaluation: Figures) -> str:
    """Write what was refused, by reason; empty where nothing was."""
    reasons = (evaluation.get("refused") or {}).get("by_reason") or {}
    rows = [
        (f"`{reason}`", each["n"], ", ".join(f"{label} {count}" for label, count in each.get("by_label", {}).items()))
        for reason, each in reasons.items()
    ]
    return build_table(("refused because", "films", "of which"), rows) if rows else ""


def has_figure(estimate: Mapping[str, Any] | None) -> bool:
    """Tell whether there is a value to be written."""
    return get_value(estimate) is not None
