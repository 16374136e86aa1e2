"""Labelled fields of forms."""

from collections.abc import Iterable

from markupsafe import Markup

from documents.html.elements import element


def build_field(name: str, title: str, value: str = "", **attributes: object) -> Markup:
    """Build a line of text with its label."""
    field = element(
        "input", id=name, name=name, value=value, **{"type": "text", "size": 12, "maxlength": 100} | attributes
    )
    return element("div", element("label", title, for_=name), field, class_="field")


def build_choice(name: str, title: str, options: Iterable[tuple[str, str]], chosen: str) -> Markup:
    """Build a choice with its label; options are pairs of value and words, and what an address chose besides."""
    known = dict(options)
    found = [
        element("option", words, value=value, selected="selected" if value == chosen else None)
        for value, words in (known if chosen in known else {chosen: chosen} | known).items()
    ]
    return element(
        "div", element("label", title, for_=name), element("select", *found, id=name, name=name), class_="field"
    )
