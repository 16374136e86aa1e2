"""How the service is: what `xray-cli status` says, and trying again what waits because of a fault."""

from http import HTTPStatus

from fastapi import Response
from fastapi.responses import RedirectResponse
from markupsafe import Markup

from documents.blocks import CellKind, Column, Row, Table
from documents.html.blocks import build_table
from documents.html.elements import EMPTY, element
from store.ledger.sweeps import retry_now
from store.states import Role
from web.access.guard import Pages, Visit, Visitor
from web.frame import build_form, build_page
from web.site import StatusLines

pages = Pages()

NO_SERVICE = "No service runs on this home: films wait, also those that are uploaded. Start 'xray-cli watch'."
COLUMNS = (Column("what", CellKind.WORDS, 0.3), Column("how it is", CellKind.WORDS, 0.7))


@pages.page("/status", needs=Role.VIEWER)
def show_status(visit: Visitor) -> Response:
    """Show the service, what it needs, what is queued, and what is wrong."""
    found = visit.site.doors.read_status()
    table = Table("The service and what it needs", COLUMNS, [Row(fact) for fact in found.facts])
    problems = [element("li", problem) for problem in _list_problems(found)]
    listed = element("ul", *problems, class_="warnings") if problems else element("p", "Nothing is wrong.")
    return build_page(
        visit,
        "Status",
        element("h1", "Status"),
        listed,
        build_table(table),
        _build_retry(visit),
        layout="document facts",
    )


def _list_problems(found: StatusLines) -> list[str]:
    """Return what is wrong; at the command line it is nothing that no service runs, to who reads this page it is."""
    return [*(() if found.service_runs else (NO_SERVICE,)), *found.problems]


def _build_retry(visit: Visit) -> Markup:
    if not visit.may(Role.OPERATOR):
        return EMPTY
    return build_form(visit, "/status/retry", element("button", "Try again now what waits because of a fault"))


@pages.page("/status/retry", needs=Role.OPERATOR, method="POST")
def retry(visit: Visitor) -> Response:
    """End the pauses of what meets faults."""
    with visit.ledger.begin() as connection:
        count = retry_now(connection, None)
        visit.record(connection, "retried", count=count)
    return RedirectResponse("/status", HTTPStatus.SEE_OTHER)
