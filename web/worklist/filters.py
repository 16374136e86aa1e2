"""The line of fields above the worklist: search, period and the filters that reports have too."""

from collections.abc import Mapping

from markupsafe import Markup

from documents.html.elements import element
from inference.labels import Label
from reports.wording import name_label, name_priority
from store.states import Priority
from web.fields import build_choice, build_field
from web.worklist.wish import LONGEST_FIELD, PERIODS, Words


def build_filters(words: Words, search: str) -> Markup:
    """Build the form; it is an address like any other, so that a list can be kept as a bookmark."""
    typed = {"maxlength": LONGEST_FIELD, "placeholder": "arrival, file, accession no., UID", "data_key": "/"}
    label = [("", "any"), *((label.value, name_label(label)) for label in Label)]
    priority = [("", "any"), *((each.value, name_priority(each)) for each in Priority)]
    given = words.given
    periods = element("datalist", *(element("option", value=each) for each in PERIODS), id="periods")
    return element(
        "form",
        element("input", type="hidden", name="pile", value=words.pile),
        build_field("q", "search", search, size=30, **typed),
        build_field("since", "since", words.since, size=9, list="periods", placeholder="7d, 2026-11-01"),
        periods,
        build_field("until", "until", words.until, size=9, placeholder="now"),
        build_choice("label", "label", label, given.get("label", "")),
        build_field("least", "probability from", given.get("least", ""), size=8, placeholder="0.8"),
        build_choice("priority", "priority", priority, given.get("priority", "")),
        _build_more(given),
        element("button", "Show"),
        element("a", "clear", href="/worklist", class_="quiet"),
        element("button", "keys: ?", type="button", class_="quiet", data_show_keys=""),
        class_="row filters",
        action="/worklist",
        role="search",
    )


def _build_more(given: Mapping[str, str]) -> Markup:
    """Build the rarer filters, folded away until one of them is given."""
    fields = (
        build_field("reason", "reason", given.get("reason", ""), size=16),
        build_field("modality", "modality", given.get("modality", ""), size=5),
        build_field("station", "station", given.get("station", ""), size=10),
        build_field("model", "model", given.get("model", ""), size=10),
        build_field("inbox", "inbox", given.get("inbox", ""), size=12),
    )
    is_open = any(name in given for name in ("reason", "modality", "station", "model", "inbox"))
    summary = element("summary", "more")
    content = element("div", *fields, class_="row")
    return element("details", summary, content, class_="more", open="open" if is_open else None)
