"""Logging in and off. Whoever tries passwords waits, and learns nothing from how long an answer takes."""

import secrets
from http import HTTPStatus

from anyio import to_thread
from fastapi import Request, Response
from fastapi.responses import RedirectResponse
from markupsafe import Markup

from documents.html.elements import EMPTY, element
from store.access.lockout import forgive, is_locked, note_failure
from store.access.sessions import begin_session, clear_sessions, end_session
from store.access.users import User, end_sessions_of, find_user
from store.audit import record_event
from store.database import reading
from store.states import Role
from web.access.guard import COOKIE, THEME_COOKIE, Pages, Visitor, find_address
from web.access.passwords import is_right
from web.fields import build_field
from web.frame import DARK, LIGHT, build_outer_page
from web.site import Site

pages = Pages()

WRONG = "The name or the password is not right, or there were too many attempts: wait a while and try again."
LONGEST_FIELD = 200
HOME = "/worklist"


@pages.page("/", needs=Role.VIEWER)
def show_home(visit: Visitor) -> Response:
    """Go to the worklist."""
    del visit
    return RedirectResponse(HOME, HTTPStatus.SEE_OTHER)


@pages.page("/login", needs=None)
def show_login(request: Request) -> Response:
    """Show the log-in."""
    return build_outer_page(request, "Log in", _build_login(request.query_params.get("next", ""), ""))


@pages.page("/login", needs=None, method="POST")
async def log_in(request: Request) -> Response:
    """Begin a session, or say the one sentence that is said to everybody."""
    form = await request.form(max_files=0, max_fields=10)
    name, password, target = (str(form.get(field, ""))[:LONGEST_FIELD] for field in ("username", "password", "next"))
    site, address = request.app.state.site, find_address(request)
    limiter = request.app.state.log_ins
    token = await to_thread.run_sync(_begin, site, name, password, address, limiter=limiter)
    if token is None:
        login = _build_login(target, WRONG)
        return build_outer_page(request, "Log in", login, status=HTTPStatus.UNAUTHORIZED)
    response = RedirectResponse(check_target(target), HTTPStatus.SEE_OTHER)
    response.set_cookie(COOKIE, token, httponly=True, samesite="lax", secure=request.url.scheme == "https", path="/")
    return response


@pages.page("/logout", needs=Role.VIEWER, method="POST")
def log_off(visit: Visitor) -> Response:
    """End this session."""
    with visit.ledger.begin() as connection:
        end_session(connection, visit.request.cookies[COOKIE])
        visit.record(connection, "logged_off")
    return _forget()


@pages.page("/logout/everywhere", needs=Role.VIEWER, method="POST")
def log_off_everywhere(visit: Visitor) -> Response:
    """End all sessions of this user."""
    with visit.ledger.begin() as connection:
        ended = end_sessions_of(connection, visit.user.id)
        visit.record(connection, "logged_off_everywhere", sessions=ended)
    return _forget()


@pages.page("/theme", needs=Role.VIEWER, method="POST")
def choose_theme(visit: Visitor) -> Response:
    """Remember light or dark, and go back to the page that asked."""
    response = RedirectResponse(check_target(visit.read_field("next")), HTTPStatus.SEE_OTHER)
    theme = LIGHT if visit.read_field("theme") == LIGHT else DARK
    response.set_cookie(THEME_COOKIE, theme, max_age=365 * 86400, httponly=True, samesite="lax")
    return response


def check_target(target: str) -> str:
    """Return where to go after the log-in: a path of this page, and nothing that leads elsewhere."""
    is_ours = target.startswith("/") and not target.startswith(("//", "/\\")) and target.isprintable()
    return target if is_ours else HOME


def _begin(site: Site, name: str, password: str, address: str) -> str | None:
    """Return the token of a new session, or None; every failure takes as long as a success."""
    ledger, subjects = site.installation.ledger, (f"user {name}", f"address {address}")
    with reading(ledger) as connection:
        locked, user = is_locked(connection, *subjects), find_user(connection, name)
    right = is_right(user.password_hash if user is not None else None, password)
    if user is None or locked or not right or user.disabled:
        with ledger.begin() as connection:
            note_failure(connection, *subjects)
            known = user.name if user is not None else None  # a wrong name may be a password
            record_event(connection, "log_in_refused", actor=known, address=address, locked=int(locked))
        return None
    return _enter(site, user, address, subjects)


def _enter(site: Site, user: User, address: str, subjects: tuple[str, ...]) -> str:
    token = secrets.token_urlsafe(32)
    with site.installation.ledger.begin() as connection:
        clear_sessions(connection, site.session_rules)
        forgive(connection, *subjects)
        begin_session(connection, token, user.id, address)
        record_event(connection, "logged_in", actor=user.name, address=address)
    return token


def _forget() -> Response:
    response = RedirectResponse("/login", HTTPStatus.SEE_OTHER)
    response.delete_cookie(COOKIE, path="/")
    response.headers["Clear-Site-Data"] = '"cache", "storage"'
    return response


def _build_login(target: str, fault: str) -> Markup:
    needed = {"maxlength": LONGEST_FIELD, "required": "required"}
    return element(
        "form",
        element("h1", "xray-watch"),
        element("p", fault, class_="fault", role="alert") if fault else EMPTY,
        build_field("username", "Name", "", autocomplete="username", autofocus="autofocus", **needed),
        build_field("password", "Password", "", type="password", autocomplete="current-password", **needed),
        element("input", type="hidden", name="next", value=check_target(target)),
        element("button", "Log in"),
        method="post",
        action="/login",
        class_="login",
    )
