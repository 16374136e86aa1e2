"""The section on certainty: whether a stated probability is true, and what the operating points cost."""

from collections.abc import Mapping, Sequence
from typing import Any

from markupsafe import Markup

from documents.figures import get_value, say_estimate, say_number, say_percent
from documents.html.curves import draw_coverage, draw_reliability
from documents.html.elements import EMPTY, build_section, element
from documents.html.intervals import Row, Scale, draw_table

ANSWERED: Mapping[str, str] = {
    "coverage": "get an answer",
    "accuracy": "right among the answered",
    "below_operating_point": "indeterminate: below the operating point",
    "lost_to_other_finding": "indeterminate: taken for an other finding",
    "outside_training_population": "marked: outside of the training population",
}


def build_certainty(report: Mapping[str, Any]) -> Markup:
    """Build the section with the reliability diagram, coverage against accuracy and what the operating points do."""
    lead = (
        "A stated probability of 90 % should be right nine times in ten. Where the model is not sure enough it answers "
        "indeterminate, which buys accuracy with coverage."
    )
    charts = [chart for chart in (_draw_reliability(report), _draw_coverage(report)) if chart]
    if not charts and not report.get("answered"):
        return EMPTY
    parts = [element("div", *charts, class_="charts")] if charts else []
    return build_section("certainty", "How sure it is, and how sure it may be", lead, *parts, _build_answered(report))


def _draw_reliability(report: Mapping[str, Any]) -> Markup:
    bins: Sequence[Mapping[str, Any]] = (report.get("reliability") or {}).get("bins") or []
    used = [each for each in bins if each.get("n")]
    if not used:
        return EMPTY
    title = f"Reliability: ECE {say_estimate(report.get('ece'), say_number)}"
    description = "; ".join(
        f"stated {say_percent(each['mean_probability'])}, right {say_percent(get_value(each['accuracy']))} "
        f"of {each['n']} films"
        for each in used
    )
    return draw_reliability(used, title, description)


def _draw_coverage(report: Mapping[str, Any]) -> Markup:
    pairs = [(get_value(each["coverage"]), get_value(each["accuracy"])) for each in report.get("coverage_curve") or []]
    points = sorted({(x, y) for x, y in pairs if x is not None and y is not None and x > 0})
    if not points:
        return EMPTY
    answered = report.get("answered") or {}
    x, y = get_value(answered.get("coverage")), get_value(answered.get("accuracy"))
    marks = [(x, y, "operating points")] if x is not None and y is not None else []
    ends = [f"{say_percent(at)} answered, {say_percent(right)} right" for at, right in (points[0], points[-1])]
    return draw_coverage(points, marks, "Coverage against accuracy", "; ".join(ends))


def _build_answered(report: Mapping[str, Any]) -> Markup:
    answered = report.get("answered") or {}
    rows = [Row(title, answered[key]) for key, title in ANSWERED.items() if key in answered]
    return (
        draw_table(
            "With the operating points applied", ("of the films of the three classes", "share"), rows, Scale(bars=True)
        )
        if rows
        else EMPTY
    )
