"""Who did what, when and from where, for administrators; and whether the chain of events is whole."""

from datetime import UTC, datetime, tzinfo

from fastapi import Response
from markupsafe import Markup

from documents.blocks import CellKind, Column, Row, Table
from documents.figures import say_count
from documents.html.blocks import build_table
from documents.html.elements import EMPTY, element
from reports.errors import ReportError
from reports.question.periods import parse_period
from store.audit import AuditEvent, Chain, describe_detail, find_events, verify_chain
from store.database import reading
from store.states import Role
from web.access.guard import Pages, Visitor
from web.fields import build_field
from web.frame import build_page

pages = Pages()

SHOWN = 500
COLUMNS = (
    Column("when", CellKind.MOMENT, 0.14),
    Column("who", CellKind.NAME, 0.12),
    Column("from", CellKind.NAME, 0.12),
    Column("what", CellKind.WORDS, 0.18),
    Column("arrival", CellKind.COUNT, 0.08),
    Column("in detail", CellKind.WORDS, 0.36),
)


@pages.page("/audit", needs=Role.ADMIN)
def show_audit(visit: Visitor, since: str = "today", until: str = "", verify: bool = False) -> Response:
    """Show the events of a period, the newest first; and compute their hashes anew where that is asked."""
    zone = visit.site.zone
    try:
        period = parse_period(since, until or None, datetime.now(tz=UTC), zone)
    except ReportError as error:
        return build_page(
            visit, "Audit", element("h1", "Audit"), _build_form(since, until), element("p", str(error), class_="fault")
        )
    with reading(visit.ledger) as connection:
        events = find_events(connection, period.since, period.until, SHOWN)
        said = _say_chain(verify_chain(connection)) if verify else EMPTY
    note = f"The newest {SHOWN}; the command line shows more: xray-cli audit --limit" if len(events) == SHOWN else ""
    rows = [_build_row(event, zone) for event in events]
    listing = build_table(Table(say_count(len(events), "event"), COLUMNS, rows, note))
    nothing = element("p", "Nothing was done in this period.", class_="empty")
    return build_page(
        visit, "Audit", element("h1", "Audit"), _build_form(since, until), said, listing if rows else nothing
    )


def _build_form(since: str, until: str) -> Markup:
    return element(
        "form",
        build_field("since", "since", since, placeholder="today, 7d, 2026-11-01"),
        build_field("until", "until", until, placeholder="now"),
        element("button", "Show"),
        element("button", "Show, and verify the chain", name="verify", value="true"),
        method="get",
        action="/audit",
        class_="row",
    )


def _build_row(event: AuditEvent, zone: tzinfo) -> Row:
    who, where = event.actor or "-", event.address or "-"
    detail = describe_detail(event.detail)
    return Row((event.at.astimezone(zone), who, where, event.action.replace("_", " "), event.arrival_id, detail))


def _say_chain(chain: Chain) -> Markup:
    if chain.broken_at is not None:
        return element("p", f"The chain is broken at event {chain.broken_at}.", class_="fault", role="alert")
    whole = f"{say_count(chain.events, 'event')}, none changed; the newest hash is {chain.head_sha256 or '-'}"
    return element("p", whole, class_="done", role="status")
