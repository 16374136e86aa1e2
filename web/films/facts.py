"""What stands beside the film: the answer, what its header says, its file, its reviews, the patient's other films."""

from collections.abc import Iterator, Sequence
from datetime import tzinfo

from markupsafe import Markup

from documents.html.elements import EMPTY, element, isolate, join
from documents.text import shorten
from imaging import NOTES, Note
from reports.film.content import HEADER
from reports.film.facts import FilmFacts
from reports.wording import SOURCES, name_label
from store.identifiers import PREFIX
from store.questions.queries import Result
from store.reviews import Review, Verdict
from web.answers import (
    build_answer,
    build_probabilities,
    build_stat,
    find_detail,
    say_answer,
    say_marks,
    say_share,
)
from web.site import say_moment

LONGEST = 90
SMALL_BYTES = 100_000
VERDICTS = {Verdict.AGREE: "agrees", Verdict.ANOTHER_LABEL: "another label", Verdict.UNSURE: "unsure"}


def build_answer_part(facts: FilmFacts, zone: tzinfo) -> Markup:
    """Build what was found, with its probabilities, marks and advice."""
    result, points = facts.record.result, facts.operating_points
    is_bare = bool(result.probabilities) and not points
    bare = "The operating points are not known: the model's bundle is not at its place any more." if is_bare else ""
    detail = find_detail(result)
    notes = [NOTES[Note(note)] for note in result.notes if note in set(Note)]
    marks = [*say_marks(result), *notes]
    return element(
        "section",
        element("h2", build_answer(result), build_stat(result)),
        build_probabilities(result, points),
        element("p", detail, class_="reason") if detail else EMPTY,
        element("p", facts.advice, class_="advice") if facts.advice else EMPTY,
        element("ul", *(element("li", mark) for mark in marks), class_="quality") if marks else EMPTY,
        element("p", bare, class_="note") if bare else EMPTY,
        _build_list(_list_answer(facts, zone)),
        class_="part",
        aria_label="answer",
    )


def build_header_part(facts: FilmFacts) -> Markup:
    """Build what the header says, and where the bytes are known by."""
    summary = element("summary", "Header and file")
    return element("details", summary, _build_list(_list_header(facts)), class_="part", open="open")


def build_reviews(reviews: Sequence[Review], zone: tzinfo) -> Markup:
    """Build what readers have said, the newest first; what the same reader has corrected is struck out."""
    items = [_build_review(review, zone) for review in reviews]
    return element("ul", *items, class_="reviews") if items else element("p", "Nobody has reviewed it.", class_="note")


def build_earlier(films: Sequence[Result], zone: tzinfo) -> Markup:
    """Build the patient's earlier films; each can be shown beside this one."""
    if not films:
        return EMPTY
    items = [_build_earlier(film, zone, "b" if film is films[0] else None) for film in films]
    return element(
        "section",
        element("h2", "Earlier films of this patient"),
        element("ul", *items, class_="earlier"),
        class_="part",
    )


def _list_answer(facts: FilmFacts, zone: tzinfo) -> Iterator[tuple[str, str]]:
    result = facts.record.result
    yield "arrival", f"{result.arrival_id:08d}"
    yield "received", say_moment(result.received_at, zone)
    if result.finished_at is not None:
        yield "finished", say_moment(result.finished_at, zone)
    if result.model_version:
        yield "model", result.model_version
    if facts.record.answered_by not in (None, result.arrival_id):
        yield "same bytes as arrival", f"{facts.record.answered_by:08d}"
    for reference in facts.record.references:
        yield f"by {SOURCES[reference.source]}", name_label(reference.reference)


def _list_header(facts: FilmFacts) -> Iterator[tuple[str, str]]:
    record = facts.record
    for name, title in HEADER.items():
        value = record.header.get(name)
        if value is not None and not str(value).startswith(PREFIX):  # nobody can read a hash
            yield title, f"{value:g}" if isinstance(value, float) else str(value)
    yield "file", str(facts.lies_at.name if facts.lies_at else "nowhere any more")
    small = record.size_bytes < SMALL_BYTES
    yield "size", f"{record.size_bytes:,} bytes" if small else f"{record.size_bytes / 1e6:.1f} MB"
    if record.result.source_sha256:
        yield "SHA-256", record.result.source_sha256


def _build_list(facts: Iterator[tuple[str, str]]) -> Markup:
    pairs = [element("dt", name) + element("dd", isolate(shorten(value, LONGEST))) for name, value in facts]
    return element("dl", *pairs, class_="facts")


def _build_review(review: Review, zone: tzinfo) -> Markup:
    said = VERDICTS[review.verdict] if review.label is None else name_label(review.label)
    head = element("b", said), f" {review.user_name}, {say_moment(review.made_at, zone)}"
    comment = join(element("p", isolate(line)) for line in review.comment.splitlines() if line.strip())
    note = element("small", " corrected since") if review.is_corrected else EMPTY
    return element("li", *head, note, comment, class_="corrected" if review.is_corrected else None)


def _build_earlier(result: Result, zone: tzinfo, key: str | None) -> Markup:
    caption = f"{say_moment(result.received_at, zone)}, {say_answer(result)} {say_share(result)}".rstrip()
    beside = element(
        "button",
        "beside",
        type="button",
        class_="tool",
        aria_pressed="false",
        data_beside=result.arrival_id,
        data_caption=caption,
        data_key=key,
    )
    return element("li", element("a", caption, href=f"/films/{result.arrival_id}"), " ", beside)
