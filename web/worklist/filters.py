"""The line of fields above the worklist: search, period and the filters that reports have too."""

from collections.abc import Mapping, Sequence

from markupsafe import Markup

from documents.html.elements import element
from inference.labels import Label
from reports.wording import name_label, name_priority
from store.states import Priority
from web.worklist.wish import PERIODS, Words


def build_filters(words: Words, search: str) -> Markup:
    """Build the form; it is an address like any other, so that a list can be kept as a bookmark."""
    label = [("", "any"), *((label.value, name_label(label)) for label in Label)]
    priority = [("", "any"), *((each.value, name_priority(each)) for each in Priority)]
    given = words.given
    return element(
        "form",
        element("input", type="hidden", name="pile", value=words.pile),
        _build_field("q", "search", search, size=30, placeholder="arrival, accession number, UID", key="/"),
        _build_choice("since", "period", list(PERIODS.items()), words.since),
        _build_choice("label", "label", label, given.get("label", "")),
        _build_field("least", "probability from", given.get("least", ""), size=8, placeholder="0.8"),
        _build_choice("priority", "priority", priority, given.get("priority", "")),
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
        _build_field("reason", "reason", given.get("reason", ""), size=16),
        _build_field("modality", "modality", given.get("modality", ""), size=5),
        _build_field("station", "station", given.get("station", ""), size=10),
        _build_field("model", "model", given.get("model", ""), size=10),
        _build_field("inbox", "inbox", given.get("inbox", ""), size=12),
    )
    is_open = any(name in given for name in ("reason", "modality", "station", "model", "inbox"))
    summary = element("summary", "more")
    content = element("div", *fields, class_="row")
    return element("details", summary, content, class_="more", open="open" if is_open else None)


def _build_field(name: str, title: str, value: str, *, size: int, placeholder: str = "", key: str = "") -> Markup:
    known = {"placeholder": placeholder or None, "data_key": key or None}
    field = element("input", id=name, name=name, value=value, size=size, **known)
    return element("div", element("label", title, for_=name), field, class_="field")


def _build_choice(name: str, title: str, choices: Sequence[tuple[str, str]], chosen: str) -> Markup:
    listed = choices if chosen in dict(choices) else [(chosen, f"since {chosen}"), *choices]
    options = [
        element("option", text, value=value, selected="selected" if value == chosen else None) for value, text in listed
    ]
    select = element("select", *options, id=name, name=name)
    return element("div", element("label", title, for_=name), select, class_="field")
