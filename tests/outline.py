"""What stands in a page, and what each of our pages keeps to."""

import re
from html.parser import HTMLParser
from itertools import pairwise
from xml.etree import ElementTree

from inference.labels import NOTICE


class Outline(HTMLParser):
    """What stands in a page: its elements with their attributes, and every text."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[str] = []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.texts.append(data)

    def find(self, *names: str) -> list[dict[str, str | None]]:
        return [attributes for tag, attributes in self.elements if tag in names]


def assert_well_formed(page: str) -> None:
    page.encode()
    assert page.startswith("<!DOCTYPE html>")
    assert ElementTree.fromstring(page).tag == "html"


def assert_self_contained(page: str) -> None:
    """Hold that a page needs no network and runs no script, and that its policy forbids both."""
    outline = Outline(page)
    assert not outline.find("script", "link", "iframe", "object", "embed", "base", "form")
    policy = next(meta["content"] for meta in outline.find("meta") if meta.get("http-equiv"))
    assert str(policy).startswith("default-src 'none'; ")
    assert not re.search("script-src|https?:", str(policy))
    attributes = [(key, str(value)) for _, each in outline.elements for key, value in each.items()]
    assert not [1 for key, value in attributes if key.startswith("on") or value.startswith("//")]
    assert not [1 for key, value in attributes if key in {"href", "src"} and not value.startswith(("#", "data:image/"))]
    style = page[page.index("<style>") : page.index("</style>")]
    assert not re.search(r"url\(|@import", style)


def assert_noticed(page: str) -> None:
    """Hold that the notice stands first, last and on each printed page."""
    texts = [text.strip() for text in Outline(page[page.index("<body") :]).texts if text.strip()]
    assert texts[0] == texts[-1] == NOTICE
    assert re.search(r"@page \{[^}]*\{ content: \"" + re.escape(NOTICE) + '"', page)


def assert_accessible(page: str) -> None:
    """Hold that readers of the screen find their way, and that each picture is named or hidden."""
    outline = Outline(page)
    identifiers = [attributes["id"] for _, attributes in outline.elements if "id" in attributes]
    assert len(identifiers) == len(set(identifiers))
    assert {str(link["href"]).removeprefix("#") for link in outline.find("a")} <= set(identifiers)
    assert {section["aria-labelledby"] for section in outline.find("section")} <= set(identifiers)
    assert all(attributes.get("scope") for attributes in outline.find("th"))
    assert all(attributes.get("alt") for attributes in outline.find("img"))
    assert len(outline.find("table")) == len(outline.find("caption"))
    assert [len(outline.find(name)) for name in ("main", "header", "nav", "footer")] == [1, 1, 1, 1]
    levels = [int(tag[1]) for tag, _ in outline.elements if re.fullmatch("h[1-6]", tag)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))
    for svg in ElementTree.fromstring(page).iter("svg"):
        title = svg.find("title")
        assert svg.get("aria-hidden") == "true" or (title is not None and title.text)


def assert_drawn(page: str) -> None:
    """Hold that every place in a chart is a number, and that no word of Python stands in the text."""
    places = re.findall(r' (?:x|y|x1|x2|y1|y2|cx|cy|r|width|height|d)="([^"]*)"', page)
    assert not [place for place in places if re.search("nan|inf|None", place)]
    body = " ".join(Outline(page[page.index("<body") :]).texts)
    assert re.findall(r"\b(?:None|nan|True|False(?! alarms)|Markup|dict|\{\})\b", body) == []


PROMISES = (assert_well_formed, assert_self_contained, assert_noticed, assert_accessible, assert_drawn)
