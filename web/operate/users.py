"""Who may log in, for administrators; users are made at the command line."""

from http import HTTPStatus
from urllib.parse import quote

from fastapi import Response
from markupsafe import Markup

from documents.html.elements import EMPTY, element, isolate
from store.access.users import User, change_user, list_users
from store.database import reading
from store.errors import UserError
from store.states import Role
from web.access.guard import Pages, Visit, Visitor
from web.errors import MissingError
from web.frame import build_form, build_page
from web.site import say_moment

pages = Pages()

LEAD = "Users are added, and given a new password, at the command line: xray-cli user add NAME --role ROLE."


@pages.page("/users", needs=Role.ADMIN)
def show_users(visit: Visitor) -> Response:
    """List users."""
    return _build(visit)


@pages.page("/users/{name}/disable", needs=Role.ADMIN, method="POST")
def disable(visit: Visitor, name: str) -> Response:
    """Let a user log in no more; not oneself, so that somebody is left who may."""
    if name == visit.user.name:
        return _build(visit, "You cannot disable yourself.", status=HTTPStatus.CONFLICT)
    try:
        with visit.ledger.begin() as connection:
            change_user(connection, name, "user_disabled", visit.user.name, visit.address, disabled=True)
    except UserError:
        raise MissingError("there is no such user") from None
    return _build(visit, f"{name} is disabled and logged off.")


def _build(visit: Visit, said: str = "", status: HTTPStatus = HTTPStatus.OK) -> Response:
    with reading(visit.ledger) as connection:
        users = list_users(connection)
    head = element(
        "tr", *(element("th", text, scope="col") for text in ("name", "role", "since", "may log in", "change"))
    )
    table = element(
        "table",
        element("caption", f"{len(users)} in all"),
        element("thead", head),
        element("tbody", *(_build_row(visit, user) for user in users)),
    )
    message = (
        element("p", said, class_="done" if status is HTTPStatus.OK else "fault", role="status") if said else EMPTY
    )
    listing = element("div", table, class_="wide", tabindex="0", role="region", aria_label="users")
    lead = element("p", LEAD, class_="lead")
    return build_page(visit, "Users", element("h1", "Users"), lead, message, listing, status=status, layout="document")


def _build_row(visit: Visit, user: User) -> Markup:
    button = element("button", "Disable", aria_label=f"Disable {user.name}")
    is_other = user.id != visit.user.id and not user.disabled
    return element(
        "tr",
        element("th", isolate(user.name), scope="row"),
        element("td", user.role),
        element("td", say_moment(user.created_at, visit.site.zone), class_="moment"),
        element("td", "no" if user.disabled else "yes"),
        element("td", build_form(visit, f"/users/{quote(user.name, safe='')}/disable", button) if is_other else EMPTY),
    )
