"""The page as a whole: headline, navigation, sections."""

from importlib.resources import files

from markupsafe import Markup

from documents.blocks import Content, Section, Tile
from documents.html.blocks import build_block
from documents.html.document import render_document
from documents.html.elements import EMPTY, build_section, element


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
        f"{content.title}, {content.period}",
        files("documents.html").joinpath("content.css"),
        _build_header(content),
        element("nav", element("ul", *links), aria_label="sections"),
        element("main", *map(_build_section, content.sections)),
    )


def _build_header(content: Content) -> Markup:
    warnings = [element("li", warning) for warning in content.warnings]
    return element(
        "header",
        element("p", "xray-watch", class_="eyebrow"),
        element("h1", content.title),
        element("p", content.period, class_="lead"),
        element("div", *(element("p", sentence) for sentence in content.verdict), class_="verdict"),
        element("ul", *warnings, class_="warnings") if warnings else EMPTY,
        element("dl", *map(_build_tile, content.tiles), class_="tiles") if content.tiles else EMPTY,
    )


def _build_tile(tile: Tile) -> Markup:
    figures = [element("span", tile.value, class_="value"), element("span", tile.detail, class_="range")]
    return element("div", element("dt", tile.title), element("dd", *figures), class_="tile")


def _build_section(section: Section) -> Markup:
    return build_section(section.key, section.heading, section.lead, *map(build_block, section.blocks))
