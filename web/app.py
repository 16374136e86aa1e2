"""The application: every part's pages, each behind its guard; static files; what is said when something is refused."""

import socket
from collections import Counter
from http import HTTPStatus
from urllib.parse import quote

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import RedirectResponse
from starlette.exceptions import HTTPException as StarletteHTTPException
from starlette.middleware import Middleware

from documents.html.elements import element
from installation.addresses import OFF
from installation.installation import Installation
from installation.settings import Settings
from reports.errors import ReportError
from web import files, login
from web.access.guard import Pages
from web.access.safety import MOST_BYTES, SafetyMiddleware
from web.errors import LoginNeededError, VisitError
from web.films import pages as films
from web.frame import build_outer_page
from web.operate import account, audit, health, model, quarantine, reports, status, users
from web.pictures.painter import Painter
from web.site import Doors, Site
from web.uploads import pages as uploads
from web.worklist import live
from web.worklist import pages as worklist

PARTS: tuple[Pages, ...] = (
    *(login.pages, files.pages, account.pages),
    *(worklist.pages, live.pages, films.pages, uploads.pages),
    *(status.pages, quarantine.pages, model.pages, reports.pages),
    *(audit.pages, users.pages, health.pages),
)
"""All pages; a new part adds its own here, and its address to ``web.frame.NAVIGATION``."""

UPLOAD_PATHS = frozenset({"/upload"})
"""Whose requests may be as large as the settings let a file be; they read their own bodies, part by part."""


def create_app(installation: Installation, doors: Doors) -> FastAPI:
    """Create the application.

    Parameters
    ----------
    installation : Installation
        Whose ledger, home and model are shown.
    doors : Doors
        What the page asks of the worker's room.
    """
    answers: Counter[str] = Counter()
    bounds = Middleware(
        SafetyMiddleware,
        count_answer=lambda status: answers.update((f"{status // 100}xx",)),
        hosts=find_hosts(installation.settings),
        find_most_bytes=lambda path: find_most_bytes(installation.settings, path),
    )
    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None, middleware=[bounds])
    app.state.site = Site(installation, doors)
    app.state.answers = answers
    settings = installation.settings
    # for pictures, and for heat maps, which take longer and shall hold up none
    app.state.painters = [Painter(settings.max_memory_bytes, settings.read_seconds) for _ in range(2)]
    uploads.clear_litter(installation)
    for part in PARTS:
        app.include_router(part)
    app.add_exception_handler(VisitError, answer_refusal)
    app.add_exception_handler(ReportError, answer_refusal)
    app.add_exception_handler(StarletteHTTPException, answer_refusal)
    app.add_exception_handler(RequestValidationError, answer_refusal)
    return app


def find_most_bytes(settings: Settings, path: str) -> int:
    """Return how large the request of a path may be."""
    if path in UPLOAD_PATHS:
        return settings.max_file_bytes + MOST_BYTES  # one file a request
    return MOST_BYTES


def find_hosts(settings: Settings) -> set[str]:
    """Return the names under which the page may be asked for: those that are set, else this machine's own."""
    if settings.web_hosts:
        return {name.strip().lower() for name in settings.web_hosts.split(",")}
    bound = settings.web.rpartition(":")[0].lower() if settings.web != OFF else ""
    name = socket.gethostname().lower()
    return {"localhost", "127.0.0.1", "[::1]", bound, name} - {"", "0.0.0.0"}  # noqa: S104  (not bound to)


def answer_refusal(request: Request, error: Exception) -> Response:
    """Say why the page that was asked for is not shown; who has no session is led to the log-in."""
    if isinstance(error, LoginNeededError):
        return _lead_to_login(request)
    status = getattr(error, "status", getattr(error, "status_code", HTTPStatus.UNPROCESSABLE_ENTITY))
    said = str(error) if isinstance(error, VisitError | ReportError) else HTTPStatus(status).phrase
    if isinstance(error, RequestValidationError):
        said = "the address or a field of the form is not as it should be"
    heading = element("h1", HTTPStatus(status).phrase)
    way_out = element("p", element("a", "Back to the worklist", href="/worklist"))
    return build_outer_page(request, HTTPStatus(status).phrase, heading, element("p", said), way_out, status=status)


def _lead_to_login(request: Request) -> Response:
    if request.headers.get("hx-request"):  # htmx would put the log-in into the middle of a page
        return Response(status_code=HTTPStatus.UNAUTHORIZED, headers={"HX-Redirect": "/login"})
    if request.method != "GET":
        return Response("you are not logged in\n", HTTPStatus.UNAUTHORIZED, media_type="text/plain")
    query = f"?{request.url.query}" if request.url.query else ""
    address = request.url.path + query
    return RedirectResponse(f"/login?next={quote(address, safe='')}", HTTPStatus.SEE_OTHER)
