"""The upload: the page, a file that comes in, and the answers as they come."""

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from pathlib import Path
from urllib.parse import unquote

from fastapi import Response
from fastapi.responses import PlainTextResponse
from markupsafe import Markup
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect

from documents.html.elements import EMPTY, element, isolate
from documents.text import shorten, show_text
from installation.disk import measure_disk
from installation.home import find_inboxes
from installation.installation import Installation
from store.database import reading
from store.questions.worklist import Film, list_numbered
from store.states import Role
from store.uploads import (
    NewUpload,
    Upload,
    find_arrivals,
    find_last_arrival,
    find_uploads,
    list_uploads,
    note_arrivals,
    record_upload,
)
from web.access.guard import Pages, Visit, Visitor
from web.answers import (
    PENDING,
    build_answer,
    build_marks,
    build_picture,
    build_probabilities,
    find_answer_advice,
    find_detail,
    find_outcome,
)
from web.frame import build_fragment, build_page
from web.uploads.receiving import Received, TooLargeError, clear_parts, receive

SHOWN = 200  # of a user's last uploads
MOST_ASKED = 200
LONGEST_NAME = 80

pages = Pages()


@pages.page("/upload", needs=Role.REVIEWER)
def show_upload(visit: Visitor) -> Response:
    """Show where to drop files, and the user's last uploads with their answers."""
    with reading(visit.ledger) as connection:
        found = list_uploads(connection, visit.user.name, SHOWN)
    rows = _build_rows(visit, _find_arrivals(visit, found))
    return build_page(
        visit,
        "Upload",
        element("h1", "Upload"),
        _build_drop(visit),
        element("p", hidden="hidden", id="complaint", class_="fault", role="alert"),
        element("p", id="sums", class_="sums", role="status"),
        element("ul", *rows, id="uploads", class_="uploads"),
        element("template", _build_new_row(), id="upload-row"),
        scripts=("upload.js",),
        styles=("films.css",),
    )


@pages.page("/upload", needs=Role.REVIEWER, method="POST")
async def take_file(visit: Visitor) -> Response:
    """Take one file into the inbox; answers with the number of the upload once it is safe on the disk."""
    request, settings, inbox = visit.request, visit.installation.settings, find_inbox(visit.installation)
    name = unquote(request.headers.get("x-file-name", ""))[:1000]
    if inbox is None:
        return _refuse(
            "there is no inbox: start 'xray-cli watch', or set XRAY_WEB_INBOX", HTTPStatus.SERVICE_UNAVAILABLE
        )
    if measure_disk(inbox, settings.min_free_bytes).is_low:
        return _refuse("the inbox's disk is full: nothing is taken", HTTPStatus.INSUFFICIENT_STORAGE)
    last = await run_in_threadpool(_find_last, visit)
    try:
        received = await receive(request.stream(), inbox, name, settings.max_file_bytes)
    except TooLargeError as error:
        return _refuse(str(error), HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
    except ClientDisconnect:
        return _refuse("cut off", HTTPStatus.BAD_REQUEST)
    except OSError as error:
        return _refuse(f"the inbox cannot be written ({error.strerror})", HTTPStatus.INSUFFICIENT_STORAGE)
    number = await run_in_threadpool(_record, visit, name, received, last)
    return PlainTextResponse(str(number))


@pages.page("/upload/answers", needs=Role.REVIEWER, counts=False)
def give_answers(visit: Visitor, ids: str = "") -> Response:
    """Give the rows of uploads that have an answer by now."""
    asked = [int(number) for number in ids.split(",")[:MOST_ASKED] if number.isdecimal() and len(number) < 19]
    with reading(visit.ledger) as connection:
        found = find_uploads(connection, visit.user.name, asked)
    return build_fragment(*_build_rows(visit, _find_arrivals(visit, found), only_answered=True))


def clear_litter(installation: Installation) -> None:
    """Take away what uploads of a page that was killed have left in the inbox."""
    inbox = find_inbox(installation)
    if inbox is not None:
        clear_parts(inbox)


def find_inbox(installation: Installation) -> Path | None:
    """Return the watched folder into which uploads go: the one that is set, else the running service's first one."""
    settings = installation.settings
    watched = find_inboxes(installation.home) or settings.inbox
    inbox = settings.web_inbox or next(iter(watched))
    return inbox.resolve() if inbox.is_dir() else None


def _find_arrivals(visit: Visit, found: Sequence[Upload]) -> list[Upload]:
    """Return uploads with their arrivals; who asks each second takes the writers' turn only when there is news."""
    with reading(visit.ledger) as connection:
        taken = find_arrivals(connection, found)
    if taken:
        with visit.ledger.begin() as connection:
            note_arrivals(connection, taken)
    known = {upload.id: upload for upload in taken}
    return [known.get(upload.id, upload) for upload in found]


def _find_last(visit: Visit) -> int:
    with reading(visit.ledger) as connection:
        return find_last_arrival(connection)


def _record(visit: Visit, name: str, received: Received, last: int) -> int:
    new = NewUpload(visit.user.name, show_text(name), received.path, received.source_sha256, received.size_bytes, last)
    with visit.ledger.begin() as connection:
        number = record_upload(connection, new)
        visit.record(
            connection, "film_uploaded", upload=number, sha256=received.source_sha256, size_bytes=received.size_bytes
        )
    return number


def _refuse(words: str, status: HTTPStatus) -> Response:
    return PlainTextResponse(words, status)


def _build_drop(visit: Visit) -> Markup:
    settings = visit.installation.settings
    bounds = f"{settings.web_upload_files} files at once, {settings.max_file_bytes >> 20} MiB each"
    chooser = element(
        "input",
        type="file",
        multiple="multiple",
        id="files",
        accept=".dcm,.dicom,.png,.jpg,.jpeg,.jfif,application/dicom,*/*",
    )
    return element(
        "div",
        element("label", "DICOM, PNG or JPEG files: drop them here, or choose", for_="files"),
        chooser,
        element("p", f"At most {bounds}. A file counts as received only when this page says so.", class_="note"),
        element("noscript", element("p", "Uploading needs JavaScript.", class_="fault")),
        class_="drop",
        data_upload_page="",
        data_most_files=settings.web_upload_files,
        data_most_bytes=settings.max_file_bytes,
    )


def _build_new_row() -> Markup:
    state = element("span", "waits to be sent", data_state="", class_="note")
    progress = element("progress", max=1, value=0, aria_label="sent")
    return element("li", element("bdi", data_name="", class_="file"), progress, state, class_="upload")


def _build_rows(visit: Visit, found: Sequence[Upload], *, only_answered: bool = False) -> list[Markup]:
    numbers = [upload.arrival_id for upload in found if upload.arrival_id is not None]
    with reading(visit.ledger) as connection:
        films = {film.result.arrival_id: film for film in list_numbered(connection, numbers)}
    rows = []
    for upload in found:
        film = films.get(upload.arrival_id or 0)
        is_answered = film is not None and find_outcome(film.result) != PENDING
        if film is not None and is_answered:
            rows.append(_build_answered(visit, upload, film))
        elif not only_answered:
            rows.append(_build_waiting(upload))
    return rows


def _build_waiting(upload: Upload) -> Markup:
    state = element("span", "received; waits for its answer", data_state="", class_="note")
    return element("li", _build_name(upload), state, class_="upload", data_upload=upload.id)


def _build_answered(visit: Visit, upload: Upload, film: Film) -> Markup:
    """Build a result; the same bytes show the answer that they had before, under the arrival that brought them."""
    result, detail, advice = film.result, find_detail(film.result), find_answer_advice(film.result)
    shown = film.first_arrival_id or result.arrival_id
    earlier = f"the same film came before, as arrival {shown:08d}" if shown != result.arrival_id else ""
    return element(
        "li",
        _build_name(upload),
        element("div", build_answer(result), build_marks(result), class_="said"),
        build_probabilities(result, _find_points(visit, result.model_sha256)),
        element("p", detail, class_="reason") if detail else EMPTY,
        element("p", advice, class_="advice") if advice else EMPTY,
        element("p", earlier, class_="note") if earlier else EMPTY,
        element("a", "viewer and review" if result.outcome else "what happened", href=f"/films/{shown}"),
        build_picture(result, shown) if result.outcome else EMPTY,
        class_="upload answered",
        data_upload=upload.id,
        data_arrival=shown,
        data_outcome=find_outcome(result),
        data_label=result.label,
    )


def _build_name(upload: Upload) -> Markup:
    return element("span", isolate(shorten(upload.file_name or "film", LONGEST_NAME)), class_="file", data_name="")


def _find_points(visit: Visit, model_sha256: str | None) -> Mapping[str, float] | None:
    """Return the operating points of the model that answered, where it is the one that serves."""
    bundle = visit.installation.model
    return bundle.operating_points if bundle.model_sha256 == model_sha256 else None
