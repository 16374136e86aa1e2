"""For machines, without a log-in and without patient data: whether the page answers, is ready, and how busy it is."""

from http import HTTPStatus

from fastapi import Request, Response
from fastapi.responses import PlainTextResponse
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Counter, Gauge, generate_latest
from sqlalchemy.exc import SQLAlchemyError

from store.access.sessions import count_sessions
from store.database import reading
from store.errors import StoreError
from web.access.guard import Pages
from web.site import Site

pages = Pages()


@pages.page("/healthz", needs=None)
def show_health() -> Response:
    """Say that the page answers."""
    return PlainTextResponse("ok\n")


@pages.page("/readyz", needs=None)
def show_readiness(request: Request) -> Response:
    """Say whether the ledger answers and the service of this home is ready, in one line."""
    site: Site = request.app.state.site
    try:
        with reading(site.installation.ledger):
            ready, said = site.doors.is_alive()
    except (SQLAlchemyError, StoreError):
        ready, said = False, "the database does not answer"
    return PlainTextResponse(f"{said}\n", HTTPStatus.OK if ready else HTTPStatus.SERVICE_UNAVAILABLE)


@pages.page("/metrics", needs=None)
def show_metrics(request: Request) -> Response:
    """Give the page's own figures to Prometheus."""
    site: Site = request.app.state.site
    registry = CollectorRegistry()
    with reading(site.installation.ledger) as connection:
        sessions = count_sessions(connection, site.session_rules)
    Gauge("xray_web_sessions", "Sessions of the page that are good now", registry=registry).set(sessions)
    answers = Counter("xray_web_answers", "Answers of the page by class of status", ["status"], registry=registry)
    for status, count in request.app.state.answers.items():
        answers.labels(status).inc(count)
    return Response(generate_latest(registry), media_type=CONTENT_TYPE_LATEST)
