"""A whole page: its head, which lets nothing in, and the notice first and last."""

from importlib.resources import files
from importlib.resources.abc import Traversable

from markupsafe import Markup

from documents.html.elements import element, join
from inference.labels import NOTICE

POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'"
"""What the page may load: nothing but what it carries."""


def render_document(title: str, style: Traversable, *parts: Markup) -> str:
    """Render one HTML page that needs nothing else.

    Parameters
    ----------
    title : str
        Of the window.
    style : Traversable
        A stylesheet that says how the parts look that only this page has.
    *parts : Markup
        What stands between the two notices: header, navigation, main.

    Returns
    -------
    str
        A whole document, for screens, light and dark, and for paper; no scripts, no network. It is also
        well-formed XML.
    """
    notice = element("p", join([NOTICE]), class_="notice")
    body = element("body", notice, *parts, element("footer", notice))
    return f"<!DOCTYPE html>\n{element('html', _build_head(title, style), body, lang='en')}\n"


def _build_head(title: str, style: Traversable) -> Markup:
    shared = _read(files("documents.html").joinpath("style.css")).replace('"NOTICE"', f'"{NOTICE}"')
    return element(
        "head",
        element("meta", charset="utf-8"),
        element("meta", http_equiv="Content-Security-Policy", content=POLICY),
        element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        element("title", title),
        element("style", Markup(shared + _read(style))),  # noqa: S704  (our own files)
    )


def _read(style: Traversable) -> str:
    return style.read_text(encoding="utf-8")
