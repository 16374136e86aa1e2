"""Elements of HTML and SVG from Python: text is escaped by construction, and every element is closed.

What is built here is well-formed XML too, so that a test can parse the whole page strictly.
"""

from collections.abc import Iterable

from markupsafe import Markup, escape

from documents.text import show_text

EMPTY = Markup()


def element(name: str, /, *children: str, **attributes: object) -> Markup:
    """Build one element.

    Parameters
    ----------
    name : str
        Of the element.
    *children : str
        `Markup` is taken as it is; other text is escaped, and signs that steer (control characters, changes of
        the writing direction, lone surrogates) are shown as their code.
    **attributes : object
        None leaves an attribute out; `class_` is class and `stroke_width` stroke-width.
    """
    pairs = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{_to_text(value)}"'
        for key, value in attributes.items()
        if value is not None
    )
    content = join(children)
    return Markup(f"<{name}{pairs}>{content}</{name}>" if content or name not in VOID else f"<{name}{pairs}/>")  # noqa: S704


VOID = frozenset({"br", "circle", "hr", "img", "input", "line", "link", "meta", "path", "polygon", "rect"})
"""Elements that are closed at once."""


def join(parts: Iterable[str]) -> Markup:
    """Put parts one after the other, escaping what is not markup."""
    return EMPTY.join(part if isinstance(part, Markup) else escape(show_text(part)) for part in parts)


def isolate(name: str) -> Markup:
    """Build a name from outside (a source, a file) that keeps its writing direction to itself."""
    return element("bdi", name)


def _to_text(value: object) -> str:
    if isinstance(value, float):
        return f"{value:.2f}".rstrip("0").rstrip(".")
    return str(escape(value if isinstance(value, Markup) else show_text(str(value))))
