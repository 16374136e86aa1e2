"""The model that serves: its card, and its evaluation where there is one."""

import re
from collections.abc import Sequence
from dataclasses import replace

from fastapi import Response
from markupsafe import Markup, escape

from documents.blocks import Block, Bullets, CellKind, Row, Section, Sentences, Table
from documents.html.elements import element
from documents.html.page import build_header, build_section
from documents.text import show_text
from store.states import Role
from web.access.guard import Pages, Visitor
from web.errors import MissingError
from web.frame import build_page

pages = Pages()

MARKS = (
    (re.compile(r"\[([^\]]+)\]\((https?://[^)\s]+)\)"), r'<a href="\2" rel="noreferrer">\1</a>'),
    (re.compile(r"\[([^\]]+)\]\([^)\s]*\)"), r"\1"),  # a link into the project's own documents
    (re.compile(r"\*\*(.+?)\*\*"), r"<b>\1</b>"),
    (re.compile(r"`([^`]+)`"), r"<code>\1</code>"),
    (re.compile(r"\\([*_`\[\]#])"), r"\1"),  # a sign that the card means as itself
)
"""What the card's words hold of Markdown, once they are escaped."""


@pages.page("/model", needs=Role.VIEWER)
def show_model(visit: Visitor) -> Response:
    """Show the card of the model that serves, and which bundle that is."""
    bundle, doors = visit.installation.model, visit.site.doors
    sections = [mark_up(section) for section in doors.read_card()]
    links = [element("li", element("a", section.heading, href=f"#{section.key}")) for section in sections]
    return build_page(
        visit,
        "Model",
        element("h1", f"Model {bundle.model_version}"),
        element("p", f"SHA-256 {bundle.model_sha256}", class_="note"),
        element("p", element("a", "Evaluation: how often it was right, on which films", href="/model/evaluation")),
        element("nav", element("ul", *links), aria_label="sections", class_="sections"),
        *map(build_section, sections),
        layout="document",
    )


@pages.page("/model/evaluation", needs=Role.VIEWER)
def show_evaluation(visit: Visitor) -> Response:
    """Show what `xray-cli evaluate` found of the model that serves, else what its training did."""
    content = visit.site.doors.read_evaluation()
    if content is None:
        raise MissingError("the model that serves brings no figures, and nobody has evaluated it here")
    content = replace(content, warnings=[_mark(warning) for warning in content.warnings])  # those of a card, too
    sections = map(build_section, content.sections)
    return build_page(visit, "Evaluation", build_header(content), *sections, layout="document")


def mark_up(section: Section) -> Section:
    """Return a section of a card whose Markdown is markup; what is not Markdown of the card stays text."""
    return replace(section, lead=_mark(section.lead), blocks=[_mark_block(block) for block in section.blocks])


def _mark_block(block: Block) -> Block:
    if isinstance(block, Sentences | Bullets):
        return replace(block, texts=[_mark(text) for text in block.texts])
    if isinstance(block, Table):
        kinds = [column.kind for column in block.columns]
        columns = [replace(column, heading=_mark(column.heading)) for column in block.columns]
        rows = [_mark_row(row, kinds) for row in block.rows]
        return replace(block, caption=_mark(block.caption), note=_mark(block.note), columns=columns, rows=rows)
    return block


def _mark_row(row: Row, kinds: Sequence[CellKind]) -> Row:
    cells = [
        _mark(cell) if isinstance(cell, str) and kind is CellKind.WORDS else cell
        for cell, kind in zip(row.cells, kinds, strict=True)
    ]
    return replace(row, cells=cells)


def _mark(text: str) -> Markup:
    marked = str(escape("\n".join(show_text(line) for line in text.splitlines())))
    for pattern, replacement in MARKS:
        marked = pattern.sub(replacement, marked)
    return Markup(marked)  # noqa: S704  (escaped above)
