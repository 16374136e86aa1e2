"""The worklist's pages: the list, and its rows alone for htmx."""

from collections.abc import Sequence
from datetime import UTC, datetime, tzinfo

from fastapi import Response
from markupsafe import Markup

from documents.figures import say_count, say_duration
from documents.html.elements import EMPTY, element, isolate, join
from documents.html.svg import build_bar
from documents.text import shorten
from inference.labels import Label
from installation.errors import IdentifierKeyError
from reports.film.finding import ACCEPTED, find_films
from store.database import reading
from store.questions.piles import Pile, Wish
from store.questions.worklist import PAGE, Count, Film, Page, count_piles, list_films, list_numbered
from store.states import Role
from web.access.guard import Pages, Visit, Visitor
from web.answers import build_answer, build_marks, build_stat, find_answer_advice, say_share
from web.frame import build_fragment, build_page
from web.keys import build_keys
from web.site import say_moment
from web.worklist.filters import build_filters
from web.worklist.wish import LONGEST_FIELD, Words, read_words

LONGEST_NAME = 60

TITLES_OF_PILES = {
    Pile.UNREAD: "Unread",
    Pile.REVIEWED: "Reviewed",
    Pile.REFUSED: "Refused",
    Pile.FAILED: "Failed",
    Pile.WAITING: "Waiting",
    Pile.VANISHED: "Vanished",
}
LEADS = {
    Pile.UNREAD: "Likely positives first: those that have waited for {wait}, then the most probable. "
    "Then what has no label, then the other labels, the newest first.",
    Pile.REVIEWED: "Films that somebody has said something of, the last review first.",
    Pile.REFUSED: "Films without an answer: not for this model, or not readable. No answer is no “normal”.",
    Pile.FAILED: "Disk or database failed while these were screened. They are tried again until it works.",
    Pile.WAITING: "Films whose answer is still to come, the oldest first.",
    Pile.VANISHED: "Files that were gone before they could be read.",
}

pages = Pages()


@pages.page("/worklist", needs=Role.VIEWER)
def show_worklist(visit: Visitor) -> Response:
    """Show the worklist, or what a search finds."""
    words, search = _read(visit)
    rows = _build_list(visit, words, search)
    return build_page(
        visit,
        "Worklist",
        element("h1", "Worklist"),
        build_filters(words, search),
        element("p", words.fault, class_="fault", role="alert") if words.fault else EMPTY,
        element("div", rows, id="list", hx_get=_write_rows(visit), hx_trigger="changed", hx_swap="innerHTML"),
        _build_keys(),
        styles=("films.css",),
        scripts=("keys.js", "worklist.js"),
    )


@pages.page("/worklist/rows", needs=Role.VIEWER, counts=False)
def give_rows(visit: Visitor) -> Response:
    """Give tabs and rows alone: a page asks for them by itself when something has changed."""
    words, search = _read(visit)
    return build_fragment(_build_list(visit, words, search))


def _read(visit: Visit) -> tuple[Words, str]:
    query = visit.request.query_params
    return read_words(visit.installation, query), query.get("q", "").strip()[:LONGEST_FIELD]


def _write_rows(visit: Visit) -> str:
    query = visit.request.url.query
    return f"/worklist/rows?{query}" if query else "/worklist/rows"


def _build_list(visit: Visit, words: Words, search: str) -> Markup:
    zone, after = visit.site.zone, visit.request.query_params.get("after")
    with reading(visit.ledger) as connection:
        if search:
            films = list_numbered(connection, find_films(connection, search, lambda said: _protect(visit, said), None))
            return _build_found(films, search, zone)
        page = list_films(connection, words.wish, after)
        counts = count_piles(connection, words.wish)
    wait = say_duration(words.wish.longest_wait.total_seconds())
    return join(
        (
            _build_tabs(words, counts),
            element("p", LEADS[words.pile].format(wait=wait), class_="lead"),
            _build_table(page.films, zone, words.wish) if page.films or not page.next_place else EMPTY,
            _build_paging(words, page, after),
        )
    )


def _protect(visit: Visit, said: str | None) -> str | None:
    try:
        return visit.installation.protect(said)
    except IdentifierKeyError:  # nothing was screened with this home yet: no accession number is known
        return None


def _build_found(films: Sequence[Film], search: str, zone: tzinfo) -> Markup:
    if not films:
        return element(
            "p", "No film is called ", isolate(shorten(search, LONGEST_NAME)), f"; {ACCEPTED}.", class_="empty"
        )
    said = element("p", say_count(len(films), "film is", "", ""), " called ", isolate(shorten(search, LONGEST_NAME)))
    return join((said, _build_table(films, zone)))


def _build_tabs(words: Words, counts: dict[Pile, Count]) -> Markup:
    links = []
    for pile, title in TITLES_OF_PILES.items():
        is_here = "page" if pile is words.pile else None
        link = element(
            "a", title, " ", element("b", str(counts[pile])), href=words.write(pile=pile), aria_current=is_here
        )
        links.append(element("li", link))
    return element("nav", element("ul", *links), class_="tabs", aria_label="lists of films")


def _build_table(films: Sequence[Film], zone: tzinfo, wish: Wish | None = None) -> Markup:
    if not films:
        return element("p", "No film." if wish is None else _say_none(wish.pile), class_="empty")
    headings = ("arrival", "answer", "prob.", "", "marks", "file", "patient", "view", "received")
    heads = [element("th", heading, scope="col") for heading in headings]
    rows = [_build_row(film, zone, wish) for film in films]
    table = element(
        "table",
        element("thead", element("tr", *heads)),
        element("tbody", *rows, data_rows=""),
        class_="films",
    )
    return element("div", table, class_="wide", tabindex="0", role="region", aria_label="films")


def _say_none(pile: Pile) -> str:
    none = {
        Pile.UNREAD: "Nothing is unread in this period.",
        Pile.WAITING: "Nothing waits.",
        Pile.FAILED: "Nothing fails.",
    }
    return none.get(pile, "No film of this period.")


def _build_row(film: Film, zone: tzinfo, wish: Wish | None) -> Markup:
    result = film.result
    pile = None if wish is None else wish.pile
    number = f"{result.arrival_id:08d}"
    link = element("a", number, href=f"/films/{result.arrival_id}", data_row="")
    share = max(result.probabilities.values()) if result.probabilities else None
    bar = build_bar(share) if share is not None else EMPTY
    advice = find_answer_advice(result) if pile in {Pile.REFUSED, Pile.FAILED} else ""
    return element(
        "tr",
        element("th", link, build_stat(result), scope="row"),
        element("td", build_answer(result), element("small", advice) if advice else EMPTY),
        element("td", say_share(result), class_="figure"),
        element("td", bar, class_="mark small"),
        element("td", _build_wait(film, wish), build_marks(result), class_="words"),
        element("td", isolate(shorten(result.file_name, LONGEST_NAME)), class_="name"),
        element("td", _say_patient(film)),
        element("td", film.view_position or ""),
        element("td", say_moment(result.received_at, zone), class_="moment"),
        class_=result.label or None,
    )


def _build_wait(film: Film, wish: Wish | None) -> Markup:
    """Say how long a likely positive has waited that stands before more probable ones because of that."""
    if wish is None or wish.pile is not Pile.UNREAD or film.result.label is not Label.COVID19 or not film.screened_at:
        return EMPTY
    waited = datetime.now(tz=UTC) - film.screened_at
    if waited < wish.longest_wait:
        return EMPTY
    return element("span", f"waits {say_duration(waited.total_seconds())}", class_="mark-word")


def _say_patient(film: Film) -> str:
    age = None if film.patient_age_years is None else f"{film.patient_age_years:.0f} y"
    return " ".join(filter(None, (film.patient_sex, age)))


def _build_paging(words: Words, page: Page, here: str | None) -> Markup:
    """Build the ways on; a filtered list is looked through in parts, so that a page comes at once."""
    is_part = page.next_place is not None and len(page.films) < PAGE
    said = element("span", f"{say_count(len(page.films), 'film')} among those looked through so far", class_="note")
    first = element("a", "first page", href=words.write(), class_="button", data_key="0") if here else EMPTY
    title = "look further" if is_part else "next page"
    more = element("a", title, href=words.write(after=page.next_place), class_="button", data_key="n")
    return element("p", first, more if page.next_place else EMPTY, said if is_part else EMPTY, class_="paging")


def _build_keys() -> Markup:
    keys = {"j k": "next and previous row", "Enter": "open the film", "n": "next page", "0": "first page"}
    return build_keys(keys | {"/": "search", "Esc": "leave a field", "?": "these keys"})
