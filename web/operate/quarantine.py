"""What could not be read, with the reason, and putting it back into its inbox."""

from http import HTTPStatus

from fastapi import Response
from markupsafe import Markup

from documents.html.elements import element, isolate
from documents.text import find_file_name, shorten, show_text
from reports.advice import find_advice
from store.database import reading
from store.ledger.arrivals import Arrival, list_quarantined
from store.ledger.fates import REASONS
from store.states import Role
from web.access.guard import Pages, Visit, Visitor
from web.frame import build_form, build_page
from web.site import say_moment

pages = Pages()

SHOWN = 200
MOST_SIGNS = 80
HEADINGS = ("arrival", "file", "reason", "what to do", "received", "")
LEAD = (
    "Files that could not be read. A file that is released goes back into its inbox and the one way again, as another "
    "arrival: after an upgrade, or once what is advised is done."
)


@pages.page("/quarantine", needs=Role.OPERATOR)
def show_quarantine(visit: Visitor) -> Response:
    """List quarantined files, the newest first."""
    return _build(visit)


@pages.page("/quarantine/{arrival_id}/release", needs=Role.OPERATOR, method="POST")
def release(visit: Visitor, arrival_id: int) -> Response:
    """Put one file back into its inbox; the worker's room does it and writes the audit event."""
    done, said = visit.site.doors.release(arrival_id, visit.user.name, visit.address)
    return _build(visit, said, done=done)


def _build(visit: Visit, said: str = "", *, done: bool = True) -> Response:
    with reading(visit.ledger) as connection:
        found = list_quarantined(connection, SHOWN)
    message = [element("p", said, class_="done" if done else "fault", role="status")] if said else []
    listing = _build_table(visit, found) if found else element("p", "The quarantine is empty.", class_="empty")
    lead = element("p", LEAD, class_="lead")
    status = HTTPStatus.OK if done else HTTPStatus.CONFLICT
    return build_page(visit, "Quarantine", element("h1", "Quarantine"), lead, *message, listing, status=status)


def _build_table(visit: Visit, found: list[Arrival]) -> Markup:
    head = element(
        "tr",
        *(element("th", heading or element("span", "release", class_="hidden"), scope="col") for heading in HEADINGS),
    )
    caption = f"The newest {SHOWN} of them" if len(found) == SHOWN else f"{len(found)} in quarantine"
    table = element(
        "table",
        element("caption", caption),
        element("thead", head),
        element("tbody", *(_build_row(visit, arrival) for arrival in found)),
        class_="quarantine",
    )
    return element("div", table, class_="wide", tabindex="0", role="region", aria_label="quarantined files")


def _build_row(visit: Visit, arrival: Arrival) -> Markup:
    name = shorten(show_text(find_file_name(arrival.path)), MOST_SIGNS)
    button = element("button", "Release", aria_label=f"Release arrival {arrival.id}")
    code = arrival.reason_code or ""
    return element(
        "tr",
        element("th", element("a", str(arrival.id), href=f"/films/{arrival.id}"), scope="row"),
        element("td", isolate(name), class_="name"),
        element("td", element("b", code.replace("_", " ")), element("small", shorten(arrival.reason or "", 200))),
        element("td", find_advice(code, REASONS), class_="words"),
        element("td", say_moment(arrival.received_at, visit.site.zone), class_="moment"),
        element("td", build_form(visit, f"/quarantine/{arrival.id}/release", button)),
    )
