"""The page of a film, its pictures, and the review."""

from http import HTTPStatus

from fastapi import Response
from fastapi.responses import PlainTextResponse, RedirectResponse
from markupsafe import Markup
from sqlalchemy import Connection

from documents.html.elements import EMPTY, element, isolate
from documents.text import shorten
from imaging import NOTES
from reports.film.facts import FilmFacts, read_facts
from reports.question.asking import ask_question
from reports.wording import name_label
from store.audit import has_acted
from store.database import reading
from store.ledger.fates import REASONS
from store.questions.film import FilmRecord, read_film
from store.questions.piles import Wish
from store.questions.queries import Result
from store.questions.worklist import find_film, find_neighbour
from store.references.words import REFERENCES, Reference, ReferenceSource
from store.reviews import LONGEST_COMMENT, NewReview, Verdict, list_reviews, record_review
from store.states import Role
from web.access.guard import Pages, Visit, Visitor
from web.answers import say_answer, say_share
from web.errors import MissingError, VisitError
from web.films.facts import (
    build_answer_part,
    build_earlier,
    build_header_part,
    build_reviews,
)
from web.films.viewing import KEYS, build_viewer
from web.frame import build_form, build_page
from web.keys import build_keys
from web.pictures.painter import Drawn, NoPictureError, PictureBusyError
from web.site import say_moment
from web.worklist.wish import USUAL, find_longest_wait

NO_FILM = "there is no such film; its row may have been pruned"
VIEWS = ("film_viewed", "picture_viewed")
VIEW_SECONDS = 600.0  # the picture, its values and its heat map are one view
LONGEST_NAME = 60

pages = Pages()


@pages.page("/films/{arrival_id}", needs=Role.VIEWER)
def show_film(visit: Visitor, arrival_id: int) -> Response:
    """Show a film; who saw it, and when, is an audit event."""
    facts, zone = _read_facts(visit, arrival_id), visit.site.zone
    with visit.ledger.begin() as connection:
        visit.record(connection, "film_viewed", arrival_id=arrival_id)
    result = facts.record.result
    with reading(visit.ledger) as connection:
        reviews = list_reviews(connection, result.source_sha256) if result.source_sha256 else []
        ways = _build_ways(connection, visit, arrival_id)
    beside = build_viewer(None, "", beside=True) if facts.earlier else EMPTY
    caption = f"{say_moment(result.received_at, zone)}, {say_answer(result)} {say_share(result)}".rstrip()
    viewers = element("div", build_viewer(arrival_id, caption), beside, class_="viewers")
    aside = element(
        "aside",
        element("h1", f"{result.arrival_id:08d} ", isolate(shorten(result.file_name, LONGEST_NAME))),
        ways,
        build_answer_part(facts, zone),
        _build_review_part(visit, facts, build_reviews(reviews, zone)),
        build_earlier(facts.earlier, zone),
        build_header_part(facts),
        aria_label="what is known of the film",
        tabindex="0",
    )
    return build_page(
        visit,
        f"Film {result.arrival_id:08d}",
        element("div", viewers, aside, class_="film"),
        build_keys(KEYS),
        layout="full",
        styles=("films.css",),
        scripts=("keys.js", "viewer.js"),
    )


@pages.page("/films/{arrival_id}/jpeg", needs=Role.VIEWER)
def give_jpeg(visit: Visitor, arrival_id: int) -> Response:
    """Give the film as displayed, in 8 bits."""
    return _draw(visit, arrival_id, "jpeg", "image/jpeg")


@pages.page("/films/{arrival_id}/values", needs=Role.VIEWER)
def give_values(visit: Visitor, arrival_id: int) -> Response:
    """Give the film's displayed values in 16 bits: rows and columns first, all little endian."""
    return _draw(visit, arrival_id, "values", "application/octet-stream", encoding="deflate")


@pages.page("/films/{arrival_id}/heat", needs=Role.VIEWER)
def give_heat(visit: Visitor, arrival_id: int) -> Response:
    """Give where the evidence lies, as a picture to be laid over the film; it is computed for who asks."""
    return _draw(visit, arrival_id, "heat", "image/png", bundle=str(visit.installation.model.folder))


@pages.page("/films/{arrival_id}/review", needs=Role.REVIEWER, method="POST")
def take_review(visit: Visitor, arrival_id: int) -> Response:
    """Record what a reader says of a film; what they said before stays, and is corrected by this."""
    result = _find(visit, arrival_id).result
    if result.outcome is None or result.source_sha256 is None:
        raise VisitError("there is no answer to this film that could be reviewed")
    verdict, label = _read_verdict(visit)
    comment = visit.read_field("comment", LONGEST_COMMENT)
    review = NewReview(result.source_sha256, arrival_id, visit.user.id, verdict, result.label, label, comment)
    with visit.ledger.begin() as connection:
        record_review(connection, review)
        visit.record(connection, "film_reviewed", arrival_id=arrival_id, verdict=verdict.value, label=label)
    return RedirectResponse(f"/films/{arrival_id}", HTTPStatus.SEE_OTHER)


def _find(visit: Visit, arrival_id: int) -> FilmRecord:
    with reading(visit.ledger) as connection:
        record = read_film(connection, arrival_id)
    if record is None:
        raise MissingError(NO_FILM)
    return record


def _read_facts(visit: Visit, arrival_id: int) -> FilmFacts:
    with reading(visit.ledger) as connection:
        facts = read_facts(connection, arrival_id, REASONS, None, visit.site.zone)
    if facts is None:
        raise MissingError(NO_FILM)
    return facts


def _draw(visit: Visit, arrival_id: int, what: str, kind: str, encoding: str | None = None, **more: str) -> Response:
    record = _find(visit, arrival_id)
    path, sha256 = record.stored_path or record.received_as, record.result.source_sha256
    if sha256 is None:
        said = name_label(record.result.reason_code) if record.result.reason_code else "it was not read"
        return PlainTextResponse(f"No picture can be drawn ({said}).", HTTPStatus.NOT_FOUND)
    with visit.ledger.begin() as connection:
        if not has_acted(connection, visit.user.name, arrival_id, VIEWS, VIEW_SECONDS):
            visit.record(connection, "picture_viewed", arrival_id=arrival_id)
    painter = visit.request.app.state.painters[what == "heat"]
    try:
        drawn = painter.draw(what, path, sha256, **more)
    except PictureBusyError as error:
        return PlainTextResponse(str(error), HTTPStatus.SERVICE_UNAVAILABLE)
    except NoPictureError as error:
        return PlainTextResponse(str(error), HTTPStatus.NOT_FOUND)
    headers = _describe(drawn) | ({"Content-Encoding": encoding} if encoding else {})
    return Response(drawn.content, media_type=kind, headers=headers)


def _describe(drawn: Drawn) -> dict[str, str]:
    facts = drawn.facts
    if "label" in facts:
        found = "Evidence" if facts["has_evidence"] else "No evidence"
        words = f"{found} for {name_label(facts['label'])}, by {facts['model_version']}."
        return {"X-Evidence-Label": facts["label"], "X-Evidence-Words": words.encode("ascii", "replace").decode()}
    notes = " ".join(NOTES[note] for note in facts.get("notes", ()))
    window = " ".join(f"{part:.6f}" for part in facts.get("window", ()))
    return {name: said for name, said in {"X-Notes": notes, "X-Window": window}.items() if said}


def _build_review_part(visit: Visit, facts: FilmFacts, reviews: Markup) -> Markup:
    result = facts.record.result
    can_review = visit.may(Role.REVIEWER) and result.outcome is not None
    form = _build_review(visit, result) if can_review else EMPTY
    return element("section", element("h2", "Review"), form, reviews, class_="part", aria_label="review")


def _build_ways(connection: Connection, visit: Visit, arrival_id: int) -> Markup:
    settings = visit.installation.settings
    period = ask_question(USUAL, None, settings.time_zone).period
    wish = Wish(period.since, period.until, longest_wait=find_longest_wait(settings))
    film = find_film(connection, arrival_id)
    links = [element("a", "worklist", href="/worklist", class_="button", data_key="w")]
    for key, title, backwards in (("p", "previous", True), ("n", "next unread", False)):
        other = film and find_neighbour(connection, wish, film, backwards=backwards)
        if other is None:
            links.append(element("span", title, class_="button none", aria_disabled="true"))
        else:
            address = f"/films/{other.result.arrival_id}"
            links.append(element("a", title, href=address, class_="button", data_key=key))
    return element(
        "p", *links, element("button", "keys: ?", type="button", class_="quiet", data_show_keys=""), class_="ways"
    )


def _read_verdict(visit: Visit) -> tuple[Verdict, Reference | None]:
    said = visit.read_field("verdict")
    if said not in set(Verdict):
        raise VisitError("the review says neither that it agrees, nor another label, nor unsure")
    verdict, label = Verdict(said), visit.read_field("label")
    if verdict is not Verdict.ANOTHER_LABEL:
        return verdict, None
    if label not in REFERENCES[ReferenceSource.REVIEW]:
        raise VisitError("choose which label it is")
    return verdict, Reference(label)


def _build_review(visit: Visit, result: Result) -> Markup:
    given = result.label
    labels = [reference for reference in REFERENCES[ReferenceSource.REVIEW] if reference.value != given]
    options = [element("option", name_label(reference), value=reference) for reference in labels]
    chooser = element("select", *options, name="label", id="label", aria_label="another label", data_key="l")
    comment = element(
        "textarea",
        name="comment",
        id="comment",
        rows=2,
        maxlength=LONGEST_COMMENT,
        aria_label="comment",
        data_key="c",
        placeholder="comment",
    )
    agree = _build_verdict(Verdict.AGREE, "agree", "a") if given is not None else EMPTY
    return build_form(
        visit,
        f"/films/{result.arrival_id}/review",
        comment,
        element("div", agree, _build_verdict(Verdict.UNSURE, "unsure", "u"), class_="row"),
        element("div", chooser, _build_verdict(Verdict.ANOTHER_LABEL, "it is this", "L"), class_="row"),
        class_="review",
    )


def _build_verdict(verdict: Verdict, title: str, key: str) -> Markup:
    return element("button", title, name="verdict", value=verdict, data_key=key)
