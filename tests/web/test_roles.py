"""Every route by every role, listed from the router itself (P17)."""

import re

import pytest
from fastapi.routing import APIRoute
from fastapi.testclient import TestClient

from installation.installation import Installation
from store.audit import list_events
from store.database import reading
from store.states import Role
from tests.web.conftest import LogIn, open_client
from web.access.guard import find_guards
from web.app import PARTS

PUBLIC = {"/login", "/static/{name:path}", "/healthz", "/readyz", "/metrics"}
OPERATORS = {"/quarantine", "/quarantine/{arrival_id}/release", "/status/retry"}
ADMINS = {"/audit", "/users", "/users/{name}/disable"}
ROUTES = [route for part in PARTS for route in part.routes if isinstance(route, APIRoute)]
CASES = sorted((next(iter(route.methods)), route.path) for route in ROUTES)


def find_needed(method: str, path: str) -> Role | None:
    (route,) = [route for route in ROUTES if route.path == path and method in route.methods]
    (guard,) = find_guards(route)
    return guard.needs


def fill_in(path: str) -> str:
    """Name something that is not there, so that asking changes nothing."""
    return re.sub(r"\{[^}]*\}", "999999", path)


@pytest.fixture
def clients(log_in: LogIn) -> dict[Role, TestClient]:
    return {role: log_in(role) for role in Role}


def test_every_route_of_the_application_has_one_guard(stranger: TestClient, installation: Installation) -> None:
    served = list(stranger.app.routes)  # type: ignore[attr-defined]
    with open_client(installation) as client:
        assert client.get("/openapi.json").status_code == client.get("/docs").status_code == 404
    assert len(served) >= len(PARTS)
    assert all(len(find_guards(route)) == 1 for route in ROUTES)


def test_what_needs_no_log_in_and_what_operators_and_admins_need_is_listed_here() -> None:
    needed = {path: find_needed(method, path) for method, path in CASES}
    assert {path for path, role in needed.items() if role is None} == PUBLIC
    assert {path for path, role in needed.items() if role is Role.OPERATOR} == OPERATORS
    assert {path for path, role in needed.items() if role is Role.ADMIN} == ADMINS


def test_changes_that_are_more_than_ones_own_need_more_than_a_viewer() -> None:
    own = {"/logout", "/logout/everywhere", "/theme"}
    for method, path in CASES:
        needed = find_needed(method, path)
        assert method == "GET" or path in own | {"/login"} or needed not in (None, Role.VIEWER), path


def test_no_stranger_reaches_what_needs_a_role(stranger: TestClient, installation: Installation) -> None:
    for method, path in CASES:
        if find_needed(method, path) is None:
            continue
        answer = stranger.request(method, fill_in(path))
        assert answer.status_code == (303 if method == "GET" else 401), path
        assert method != "GET" or answer.headers["location"].startswith("/login?next="), path
    with reading(installation.ledger) as connection:
        assert {event[1] for event in list_events(connection)} == {"user_added"}


def test_each_role_reaches_what_it_includes_and_nothing_else(clients: dict[Role, TestClient]) -> None:
    last = {"/logout", "/logout/everywhere"}
    for method, path in [case for case in CASES if case[1] not in last and case[1] != "/counters"]:
        needed = find_needed(method, path)
        for role, client in clients.items():
            status = client.request(method, fill_in(path)).status_code
            allowed = needed is None or role.includes(needed)
            assert (status == 403) == (not allowed), (method, path, role, status)
            assert status != 500, (method, path, role)


def test_no_change_happens_without_the_token_or_from_another_site(clients: dict[Role, TestClient]) -> None:
    client = clients[Role.ADMIN]
    token = client.headers.pop("X-CSRF-Token")
    for method, path in CASES:
        if method != "GET" and path != "/login":
            assert client.request(method, fill_in(path)).status_code == 403, path
            foreign = {"X-CSRF-Token": token, "Sec-Fetch-Site": "cross-site"}
            assert client.request(method, fill_in(path), headers=foreign).status_code == 403, path
            assert (
                client.request(
                    method, fill_in(path), headers={"X-CSRF-Token": token, "Origin": "http://evil.example"}
                ).status_code
                == 403
            ), path


def test_what_may_hold_patient_data_is_kept_by_nobody_and_loads_nothing(clients: dict[Role, TestClient]) -> None:
    for method, path in CASES:
        if method == "GET" and path != "/counters":
            answer = clients[Role.ADMIN].get(fill_in(path))
            policy = answer.headers["content-security-policy"]
            assert policy.startswith("default-src 'none'; script-src 'self'; style-src 'self'")
            assert "unsafe" not in policy
            assert answer.headers["x-content-type-options"] == "nosniff"
            assert answer.headers["referrer-policy"] == "no-referrer"
            assert answer.headers["cache-control"] == ("no-cache" if path.startswith("/static") else "no-store")
            assert "<style" not in answer.text
            assert not re.search(r"<[^>]* (style|on[a-z]+)=", answer.text), path
