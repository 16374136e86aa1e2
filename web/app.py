"""The application: every part's pages, each behind its guard; static files; what is said when something is refused."""

import logging
import socket
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from http import HTTPStatus
from urllib.parse import quote, urlsplit

import anyio
import anyio.to_thread
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import RedirectResponse
from sqlalchemy.exc import SQLAlchemyError
from starlette.exceptions import HTTPException as StarletteHTTPException
from starlette.middleware import Middleware

from documents.html.elements import element
from installation.addresses import OFF
from installation.installation import Installation
from installation.settings import Settings
from reports.errors import ReportError
from store.database import MOST_CONNECTIONS
from store.errors import StoreError, describe_database_error
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

logger = logging.getLogger(__name__)

PARTS: tuple[Pages, ...] = (
    *(login.pages, files.pages, account.pages),
    *(worklist.pages, live.pages, films.pages, uploads.pages),
    *(status.pages, quarantine.pages, model.pages, reports.pages),
    *(audit.pages, users.pages, health.pages),
)
"""All pages; a new part adds its own here, and its address to ``web.frame.NAVIGATION``."""

LOG_INS_AT_ONCE = 2  # a hash takes 19 MiB and some time of a processor
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
    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None, middleware=[bounds], lifespan=_bound_threads)
    app.state.site = Site(installation, doors)
    app.state.answers = answers
    app.state.log_ins = anyio.CapacityLimiter(LOG_INS_AT_ONCE)
    settings = installation.settings
    # for pictures, and for heat maps, which take longer and shall hold up none
    app.state.painters = [Painter(settings.max_memory_bytes, settings.read_seconds) for _ in range(2)]
    uploads.clear_litter(installation)
    for part in PARTS:
        app.include_router(part)
    app.add_exception_handler(VisitError, answer_refusal)
    app.add_exception_handler(ReportError, answer_refusal)
    app.add_exception_handler(SQLAlchemyError, answer_away)
    app.add_exception_handler(StoreError, answer_away)
    app.add_exception_handler(StarletteHTTPException, answer_refusal)
    app.add_exception_handler(RequestValidationError, answer_refusal)
    return app


@asynccontextmanager
async def _bound_threads(_app: FastAPI) -> AsyncIterator[None]:
    """Work on so many requests at once as the ledger has connections for."""
    anyio.to_thread.current_default_thread_limiter().total_tokens = MOST_CONNECTIONS
    yield


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


def answer_away(request: Request, error: Exception) -> Response:
    """Say that the ledger cannot be asked now; what was received is safe all the same."""
    logger.warning("%s; the page waits", describe_database_error(error), extra={"action": "database_away"})
    heading, said = (
        element("h1", "The database does not answer"),
        element("p", "Nothing is lost; try again in a while."),
    )
    return build_outer_page(request, "Database away", heading, said, status=HTTPStatus.SERVICE_UNAVAILABLE)


def _lead_to_login(request: Request) -> Response:
    if request.headers.get("hx-request"):  # htmx would put the log-in into the middle of a page
        page = urlsplit(request.headers.get("hx-current-url", ""))
        query = f"?{page.query}" if page.query else ""
        leads_to = {"HX-Redirect": f"/login?next={quote(page.path + query, safe='')}"}
        return Response(status_code=HTTPStatus.UNAUTHORIZED, headers=leads_to)
    if request.method != "GET":
        return Response("you are not logged in\n", HTTPStatus.UNAUTHORIZED, media_type="text/plain")
    query = f"?{request.url.query}" if request.url.query else ""
    address = request.url.path + query
    return RedirectResponse(f"/login?next={quote(address, safe='')}", HTTPStatus.SEE_OTHER)
