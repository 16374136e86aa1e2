"""The page as a whole: headline, navigation, sections."""

from importlib.resources import files

from markupsafe import Markup

from documents.blocks import Content, Section, Tile
from documents.charts.marks import Scale
from documents.html.blocks import build_block
from documents.html.document import render_document
from documents.html.elements import EMPTY, build_section, element
from documents.html.svg import build_mark


def render_content(content: Content) -> str:
    """Render what a report says as one HTML page that needs nothing else.

    Returns
    -------
    str
        A whole document, for screens, light and dark, and for paper; no scripts, no network. It is also
        well-formed XML.
    """
    links = [element("li", element("a", section.heading, href=f"#{section.key}")) for section in content.sections]
    return render_document(
        content.name or f"{content.title}, {content.period}",
        files("documents.html").joinpath("content.css"),
        _build_header(content),
        element("nav", element("ul", *links), aria_label="sections"),
        element("main", *map(_build_section, content.sections)),
    )


def _build_header(content: Content) -> Markup:
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


def _build_section(section: Section) -> Markup:
    return build_section(section.key, section.heading, section.lead, *map(build_block, section.blocks))
