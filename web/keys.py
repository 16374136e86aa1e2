"""The help that "?" shows on pages with keys (``static/keys.js``)."""

from collections.abc import Mapping

from markupsafe import Markup

from documents.html.elements import element


def build_keys(keys: Mapping[str, str]) -> Markup:
    """Build the list of a page's keys, hidden until somebody asks for it."""
    rows = [
        element("tr", element("th", *_build_each(key), scope="row"), element("td", said)) for key, said in keys.items()
    ]
    table = element("table", element("tbody", *rows))
    close = element("form", element("button", "Close"), method="dialog")
    return element("dialog", element("h2", "Keys"), table, close, id="keys", aria_label="Keys")


def _build_each(key: str) -> list[Markup]:
    return [element("kbd", each) for each in key.split()]
