"""The page as a whole: a head that lets nothing in, headline, navigation, sections, and the notice first and last."""

from importlib.resources import files

from markupsafe import Markup

from documents.blocks import Content, Section, Tile
from documents.charts.marks import Scale
from documents.html.blocks import build_block
from documents.html.elements import EMPTY, element
from documents.html.svg import build_mark
from inference.labels import NOTICE

POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'"
"""What the page may load: nothing but what it carries."""


def render_content(content: Content) -> str:
    """Render what a document says as one HTML page that needs nothing else.

    Returns
    -------
    str
        A whole page, for screens, light and dark, and for paper; no scripts, no network. It is also well-formed XML.
    """
    notice = element("p", NOTICE, class_="notice")
    links = [element("li", element("a", section.heading, href=f"#{section.key}")) for section in content.sections]
    body = element(
        "body",
        notice,
        build_header(content),
        element("nav", element("ul", *links), aria_label="sections"),
        element("main", *map(build_section, content.sections)),
        element("footer", notice),
    )
    head = _build_head(content.name or f"{content.title}, {content.period}")
    return f"<!DOCTYPE html>\n{element('html', head, body, lang='en')}\n"


def _build_head(title: str) -> Markup:
    style, more = (files("documents.html").joinpath(f"{name}.css").read_text("utf-8") for name in ("style", "content"))
    return element(
        "head",
        element("meta", charset="utf-8"),
        element("meta", http_equiv="Content-Security-Policy", content=POLICY),
        element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        element("title", title),
        element("style", Markup(style.replace('"NOTICE"', f'"{NOTICE}"') + more)),  # noqa: S704  (our own files)
    )


def build_header(content: Content) -> Markup:
    """Build title, verdict, warnings and tiles."""
    warnings = [element("li", warning) for warning in content.warnings]
    return element(
        "header",
        element("p", content.eyebrow, class_="eyebrow"),
        element("h1", content.title),
        element("p", content.period, class_="lead"),
        _build_verdict(content),
        element("ul", *warnings, class_="warnings") if warnings else EMPTY,
        element("dl", *map(_build_tile, content.tiles), class_="tiles") if content.tiles else EMPTY,
    )


def _build_verdict(content: Content) -> Markup:
    sentences = [element("p", sentence) for sentence in content.verdict]
    if not content.stamp:
        return element("div", *sentences, class_="verdict")
    return element("div", element("strong", content.stamp, class_="stamp"), *sentences, class_="verdict stamped")


def _build_tile(tile: Tile) -> Markup:
    figures = [element("span", tile.value, class_="value"), element("span", tile.detail, class_="range")]
    if tile.estimate:
        figures.append(build_mark(tile.estimate, Scale()))
    class_ = "tile marked" if tile.estimate else "tile"
    return element("div", element("dt", tile.title), element("dd", *figures), class_=class_)


def build_section(section: Section) -> Markup:
    """Build one part of a document."""
    heading, lead = element("h2", section.heading, id=section.key), element("p", section.lead, class_="lead")
    return element("section", heading, lead, *map(build_block, section.blocks), aria_labelledby=section.key)
