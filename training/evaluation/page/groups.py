"""The sections by group: what the pooled figure hides."""

from collections.abc import Mapping
from typing import Any

from markupsafe import Markup

from documents.figures import get_value, say_count, say_number
from documents.html.elements import EMPTY, build_section, element, isolate, join, join_names
from documents.html.intervals import Heading, Row, build_figure, draw_table, fit_scale
from inference.labels import LABELS
from reports.wording import list_labels, name_label
from training.evaluation.groups import name_grouping

FIGURE = "balanced accuracy"
AUROC = "AUROC, COVID-19 against normal"


def build_groups(report: Mapping[str, Any]) -> Markup:
    """Build one forest plot of all groups; empty where no group was measured."""
    kinds = {kind: groups for kind, groups in (report.get("by_group") or {}).items() if groups}
    if not kinds:
        return EMPTY
    lead = (
        "Accuracy averaged over the classes that the group has; where it has one, this is that class's sensitivity. "
        "Red: the whole interval lies below the figure over all films."
    )
    whole = get_value(report.get("balanced_accuracy"))
    rows: list[Row | Heading] = [_build_whole(report, "all films")]
    for kind, groups in kinds.items():
        rows.append(Heading(f"By {name_grouping(kind)}"))
        rows += [_build_row(name, scores, whole) for name, scores in groups.items()]
    scale = fit_scale(rows, reference=whole, reference_name="all films")
    table = draw_table("Forest plot of the groups", ("group", AUROC, FIGURE), rows, scale)
    return build_section("groups", "Where it is better and worse", lead, table)


def _build_whole(scores: Mapping[str, Any], title: str) -> Row:
    words = element("small", say_count(scores.get("n") or 0, "film"))
    return Row(join([title, words]), scores.get("balanced_accuracy"), (_build_auroc(scores),), "whole")


def _build_row(name: str, scores: Mapping[str, Any], whole: float | None) -> Row:
    supports = {label: (each or {}).get("support", 0) for label, each in (scores.get("per_class") or {}).items()}
    estimate = scores.get("balanced_accuracy")
    high = (estimate or {}).get("high")
    is_below = whole is not None and high is not None and high < whole
    words = element("small", _say_films(supports, scores.get("refused") or 0))
    return Row(join([isolate(name), words]), estimate, (_build_auroc(scores),), "alarm" if is_below else None)


def _say_films(supports: Mapping[str, int], n_refused: int = 0) -> str:
    parts = [f"{supports[label]:,} {title}" for label, title in list_labels() if supports.get(label)]
    parts += [f"{n_refused:,} refused"] if n_refused else []
    return ", ".join(parts) or "no film"


def _build_auroc(scores: Mapping[str, Any]) -> Markup:
    return build_figure(scores.get("auroc_covid19_vs_normal"), say_number)


def build_leave_one_out(report: Mapping[str, Any]) -> Markup:
    """Build the section on models that were trained without the group they are measured on; empty without."""
    found = report.get("leave_one_out")
    if not found:
        return EMPTY
    rows: list[Row | Heading] = [_build_left_out(name, scores) for name, scores in (found.get("groups") or {}).items()]
    if found.get("all"):
        rows.append(_build_whole(found["all"], "all of them"))
    by = found.get("by", "group")
    table = draw_table(
        f"Each {by} judged by a model that was trained without it",
        (by, AUROC, FIGURE),
        rows,
        fit_scale(rows, reference=1 / len(LABELS), reference_name="chance of three classes"),
    )
    heading = f"Leave one {by} out"
    return build_section("leave-one-out", heading, found.get("method") or "", table, _list_skipped(found))


def _build_left_out(name: str, scores: Mapping[str, Any]) -> Row:
    missing = [name_label(label) for label in scores.get("labels_not_trained") or []]
    remark = f"; {', '.join(missing)} comes from here only and could not be learnt" if missing else ""
    words = element("small", _say_films(scores.get("support") or {}) + remark)
    auroc = _build_auroc(scores)
    is_measured = get_value(scores.get("auroc_covid19_vs_normal")) is not None
    if scores.get("auroc_against") == "held_out_patients" and is_measured:
        auroc = join([auroc, element("small", "against held-out patients of the others")])
    return Row(join([isolate(name), words]), scores.get("balanced_accuracy"), (auroc,))


def _list_skipped(found: Mapping[str, Any]) -> Markup:
    reasons: dict[str, list[str]] = {}
    for name, reason in (found.get("skipped") or {}).items():
        reasons.setdefault(str(reason), []).append(name.strip())
    items = [element("li", f"{reason}: ", join_names(names)) for reason, names in reasons.items()]
    return element("div", element("h3", "Left aside"), element("ul", *items)) if items else EMPTY
