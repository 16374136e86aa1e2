"""The sections on films that get no class: those with other findings, and those that are refused."""

from collections.abc import Mapping
from typing import Any

from markupsafe import Markup

from documents.figures import say_count, say_estimate
from documents.html.elements import EMPTY, build_section, element, isolate, join
from documents.html.intervals import Row, Scale, draw_table, frame_table
from reports.wording import list_labels, name_label


def build_other_findings(report: Mapping[str, Any]) -> Markup:
    """Build the section on films that show none of the three classes; empty where there were none."""
    found = report.get("other_finding") or {}
    if not found.get("n"):
        return EMPTY
    rows = [Row(f"answered {title}", found.get(f"answered_{label}")) for label, title in list_labels()]
    rows.append(Row("indeterminate", found.get("indeterminate"), class_="whole"))
    if "reason_other_finding" in found:
        rows.append(
            Row(
                join(["indeterminate ", element("small", "with the reason other_finding")]),
                found["reason_other_finding"],
            )
        )
    refused = found.get("n_refused") or 0
    lead = (
        f"{say_count(found['n'], 'film')} that show something else than the three classes"
        + (f", and {refused:,} more that were refused" if refused else "")
        + ". The right answer is indeterminate."
    )
    return build_section(
        "other-findings",
        "Films with other findings",
        lead,
        draw_table("What it answers", ("answer", "share"), rows, Scale(bars=True)),
    )


def build_refusals(report: Mapping[str, Any]) -> Markup:
    """Build the section on what was refused, by reason."""
    found = report.get("refused")
    if not found:
        return EMPTY
    reasons = found.get("by_reason") or {}
    lead = "It refuses no film of this data set."
    if found.get("n"):
        lead = (
            f"{say_count(found['n'], 'film')} of the data set got no answer and no place in the figures above; of the "
            f"films of the three classes it refuses {say_estimate(found.get('share'))}."
        )
    return build_section("refusals", "Films that it refuses", lead, _build_table(reasons) if reasons else EMPTY)


def _build_table(reasons: Mapping[str, Any]) -> Markup:
    most = max(each["n"] for each in reasons.values())
    body = [
        element(
            "tr",
            element("th", isolate(reason), element("small", each.get("advice") or ""), scope="row"),
            element("td", _draw_bar(each["n"] / most), class_="mark"),
            element("td", f"{each['n']:,}", class_="number"),
            element("td", _say_labels(each.get("by_label") or {})),
        )
        for reason, each in sorted(reasons.items(), key=lambda item: (-item[1]["n"], item[0]))
    ]
    heads = [
        element("th", "reason, and what to do", scope="col"),
        element("th", "", scope="col", class_="mark", aria_label="bar"),
        element("th", "films", scope="col", class_="number"),
        element("th", "of which", scope="col"),
    ]
    caption = "By reason"
    head = element("thead", element("tr", *heads))
    table = element("table", element("caption", caption), head, element("tbody", *body), class_="marks")
    return frame_table(table, caption, is_short=True)


def _draw_bar(share: float) -> Markup:
    bar = element("rect", x=0, y=5, width=f"{100 * share:.2f}%", height=12, class_="bar")
    return element("svg", bar, height=22, class_="strip", aria_hidden="true")


def _say_labels(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{count:,} {name_label(label)}" for label, count in counts.items() if count) or "unknown"
