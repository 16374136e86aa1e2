"""Who may ask for what: each page names the role that it needs, and nothing is served that names none."""

import hashlib
import hmac
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any, TypeVar
from urllib.parse import urlsplit

from fastapi import APIRouter, Depends, Request
from fastapi.routing import APIRoute
from sqlalchemy import Connection, Engine
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData

from installation.installation import Installation
from store.access.sessions import TOUCH_SECONDS, Session, find_session, touch_session
from store.access.users import User
from store.audit import record_event
from store.database import reading
from store.states import Role
from web.errors import LoginNeededError, RoleError, TokenError
from web.site import Site

COOKIE = "xray_session"
TOKEN_HEADER = "X-CSRF-Token"  # noqa: S105  (a name)
TOKEN_FIELD = "csrf"  # noqa: S105  (a name)
THEME_COOKIE = "xray_theme"
CHANGES = frozenset({"POST", "PUT", "PATCH", "DELETE"})
FORM = "application/x-www-form-urlencoded"

Handler = TypeVar("Handler", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True)
class Visit:
    """One request of a user who is logged in.

    Attributes
    ----------
    csrf : str
        The token that every change must bring, as the field ``csrf`` or the header ``X-CSRF-Token``.
    form : FormData or None
        The fields of an ordinary form that was sent; None for uploads and for requests that change nothing.
    """

    request: Request
    site: Site
    user: User
    csrf: str
    address: str
    form: FormData | None = None

    @property
    def installation(self) -> Installation:
        """Settings, home, ledger, model."""
        return self.site.installation

    @property
    def ledger(self) -> Engine:
        """The ledger."""
        return self.site.installation.ledger

    def is_open(self) -> bool:
        """Return whether the session still runs, for an answer that takes long; asking is no activity."""
        token = self.request.cookies.get(COOKIE, "")
        with reading(self.ledger) as connection:
            return find_session(connection, token, self.site.session_rules) is not None

    def may(self, role: Role) -> bool:
        """Return whether the user's role includes another."""
        return self.user.role.includes(role)

    def read_field(self, name: str, longest: int = 2000) -> str:
        """Return a field of the form as text, cut at the longest; empty where it is missing."""
        value = self.form.get(name, "") if self.form is not None else ""
        return value[:longest] if isinstance(value, str) else ""

    def record(
        self, connection: Connection, action: str, *, arrival_id: int | None = None, **detail: str | float | None
    ) -> None:
        """Append an audit event in this user's name."""
        record_event(connection, action, arrival_id=arrival_id, actor=self.user.name, address=self.address, **detail)


@dataclass(frozen=True, slots=True)
class Guard:
    """Lets a request through whose user has the role; ``needs`` is None where nobody has to log in.

    Attributes
    ----------
    counts : bool
        Whether the request is activity of the user; what a page asks for by itself is none.
    """

    needs: Role | None
    counts: bool = True

    async def __call__(self, request: Request) -> None:
        """Check origin, session, role and token, in this order; the visit is then in ``request.state``."""
        if request.method in CHANGES:
            check_origin(request)
        if self.needs is None:
            return
        token = request.cookies.get(COOKIE, "")
        session = await run_in_threadpool(self._find, request.app.state.site, token)
        if session is None:
            raise LoginNeededError("you are not logged in, or the session has run out")
        if not session.user.role.includes(self.needs):
            raise RoleError(f"this needs the role '{self.needs}'; yours is '{session.user.role}'")
        form = await _check_token(request, derive_csrf(token)) if request.method in CHANGES else None
        site, address = request.app.state.site, find_address(request)
        request.state.visit = Visit(request, site, session.user, derive_csrf(token), address, form)

    def _find(self, site: Site, token: str) -> Session | None:
        if not token:
            return None
        ledger = site.installation.ledger
        with reading(ledger) as connection:
            session = find_session(connection, token, site.session_rules)
        if session is not None and self.counts and session.idle_seconds > TOUCH_SECONDS:
            with ledger.begin() as connection:
                touch_session(connection, token)
        return session


def _take_visit(request: Request) -> Visit:
    visit: Visit = request.state.visit
    return visit


Visitor = Annotated[Visit, Depends(_take_visit)]
"""What a page takes as its parameter ``visit``."""


class Pages(APIRouter):
    """The pages of one part of the room, each with the role that it needs.

    ::

        pages = Pages()

        @pages.page("/worklist", needs=Role.VIEWER)
        def show_worklist(visit: Visitor) -> Response: ...

        @pages.page("/films/{arrival_id}/review", needs=Role.REVIEWER, method="POST")
        def record_review(visit: Visitor, arrival_id: int) -> Response: ...
    """

    def page(
        self, path: str, *, needs: Role | None, method: str = "GET", counts: bool = True
    ) -> Callable[[Handler], Handler]:
        """Serve a path by what is decorated.

        Parameters
        ----------
        needs : Role or None
            The least role; None: nobody has to log in.
        counts : bool
            False where a page asks by itself (counters): that keeps nobody logged in.
        """

        def serve(handler: Handler) -> Handler:
            guard = Depends(Guard(needs, counts))
            self.add_api_route(path, handler, methods=[method], dependencies=[guard], response_model=None)
            return handler

        return serve


def find_guards(route: APIRoute) -> list[Guard]:
    """Return what guards a route."""
    return [needed.dependency for needed in route.dependencies if isinstance(needed.dependency, Guard)]


def derive_csrf(token: str) -> str:
    """Return the token of a session's changes: from the session's own, so that it need not be kept."""
    return hmac.new(token.encode(), b"csrf", hashlib.sha256).hexdigest()


def find_address(request: Request) -> str:
    """Return from where a request comes; a proxy's word for it was believed only if the settings name the proxy."""
    return request.client.host if request.client else "unknown"


def check_origin(request: Request) -> None:
    """Refuse a change that a page of another site asks for, where the browser says so.

    Raises
    ------
    TokenError
        It comes from elsewhere.
    """
    site, origin = request.headers.get("sec-fetch-site"), request.headers.get("origin")
    if site is not None:
        is_ours = site in ("same-origin", "none")
    else:  # an old browser, or one that is served without TLS; with no-referrer it may say "null" of our own forms
        is_ours = origin in (None, "null") or urlsplit(origin).netloc == request.headers.get("host")
    if not is_ours:
        raise TokenError("this was asked for by another site")


async def _check_token(request: Request, expected: str) -> FormData | None:
    """Return the form, if it is an ordinary one; an upload brings its token in the header, and is not read here."""
    form = None
    if request.headers.get("content-type", "").partition(";")[0].strip() == FORM:
        form = await request.form(max_fields=100)
    given = request.headers.get(TOKEN_HEADER) or (form.get(TOKEN_FIELD) if form is not None else None)
    if not isinstance(given, str) or not hmac.compare_digest(given.encode(), expected.encode()):
        raise TokenError("this page is too old, or the request came from another site: load it again")
    return form
