import re
import statistics
import time
from html import unescape

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import text

from installation.installation import Installation
from store.access.lockout import FORGIVEN
from store.audit import list_events
from store.database import reading
from store.states import Role
from tests.web.conftest import PASSWORD, LogIn, open_client
from web.access.passwords import hash_password
from web.errors import PasswordError
from web.login import WRONG, check_target


def log_in_as(client: TestClient, name: str, password: str) -> int:
    return client.post("/login", data={"username": name, "password": password}).status_code


def test_who_logs_in_has_a_cookie_that_no_script_reads(stranger: TestClient) -> None:
    answer = stranger.post("/login", data={"username": "viewer", "password": PASSWORD, "next": "/account"})
    assert (answer.status_code, answer.headers["location"]) == (303, "/account")
    cookie = answer.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=lax" in cookie
    assert "secure" not in cookie
    assert "viewer" in stranger.get("/account").text


def test_over_tls_the_cookie_stays_there(installation: Installation) -> None:
    with open_client(installation) as client:
        client.base_url = "https://localhost"  # type: ignore[assignment]
        answer = client.post("/login", data={"username": "viewer", "password": PASSWORD})
    assert "secure" in answer.headers["set-cookie"].lower()


def test_a_change_without_the_token_is_refused(log_in: LogIn) -> None:
    client = log_in(Role.VIEWER)
    assert client.post("/logout", headers={"X-CSRF-Token": "0" * 64}).status_code == 403
    assert client.get("/account").status_code == 200
    assert client.post("/logout").status_code == 303
    assert client.get("/account").headers["location"] == "/login?next=%2Faccount"


def test_who_chooses_a_theme_stays_on_the_page(log_in: LogIn) -> None:
    client = log_in(Role.VIEWER)
    (here,) = re.findall(r'name="next" value="([^"]*)"', client.get("/worklist?pile=refused&since=30d").text)
    answer = client.post("/theme", data={"theme": "light", "next": unescape(here)})
    assert answer.headers["location"] == "/worklist?pile=refused&since=30d"
    assert 'data-theme="light"' in client.get("/account").text


def test_logging_off_everywhere_ends_the_other_session_too(log_in: LogIn) -> None:
    here, there = log_in(Role.VIEWER), log_in(Role.VIEWER)
    assert here.post("/logout/everywhere").status_code == 303
    assert there.get("/account").status_code == 303


@pytest.mark.parametrize("column", ["active_at", "created_at"])
def test_a_session_ends_when_idle_or_old(log_in: LogIn, installation: Installation, column: str) -> None:
    client = log_in(Role.VIEWER)
    assert client.get("/account").status_code == 200
    with installation.ledger.begin() as connection:
        connection.execute(text(f"UPDATE sessions SET {column} = '2026-01-01 00:00:00.000000'"))
    assert client.get("/account").status_code == 303
    by_htmx = {"HX-Request": "true", "HX-Current-URL": "http://localhost/films/7?a=b"}
    answer = client.get("/account", headers=by_htmx)
    assert (answer.status_code, answer.headers["hx-redirect"]) == (401, "/login?next=%2Ffilms%2F7%3Fa%3Db")


def test_who_is_wrong_again_and_again_waits_even_with_the_right_password(
    stranger: TestClient, installation: Installation
) -> None:
    assert [log_in_as(stranger, "viewer", "wrong") for _ in range(FORGIVEN)] == [401] * FORGIVEN
    assert log_in_as(stranger, "viewer", PASSWORD) == 401
    assert log_in_as(stranger, "admin", PASSWORD) == 401  # the address waits too
    with reading(installation.ledger) as connection:
        refused = [event for event in list_events(connection) if event[1] == "log_in_refused"]
    assert len(refused) == FORGIVEN + 2
    assert "wrong" not in str(refused)


def test_an_unknown_user_is_told_the_same_in_the_same_time(stranger: TestClient) -> None:
    log_in_as(stranger, "nobody", "x")  # the first one hashes once more
    answers, seconds = set(), {"viewer": [], "nobody": []}
    for name in ("viewer", "nobody") * 2:
        begun = time.perf_counter()
        answer = stranger.post("/login", data={"username": name, "password": "wrong"})
        seconds[name].append(time.perf_counter() - begun)
        answers.add((answer.status_code, answer.text))
    assert len(answers) == 1
    assert WRONG in next(iter(answers))[1]
    known, unknown = (statistics.median(seconds[name]) for name in ("viewer", "nobody"))
    assert unknown > known / 4


def test_after_the_log_in_nobody_is_led_elsewhere() -> None:
    assert check_target("/films/7?x=1") == "/films/7?x=1"
    for target in ("https://evil.example", "//evil.example", "/\\evil.example", "javascript:alert(1)", "", "/a\nb"):
        assert check_target(target) == "/worklist"


@pytest.mark.parametrize("password", ["short", "x" * 201])
def test_passwords_have_bounds(password: str) -> None:
    with pytest.raises(PasswordError, match="12 to 200"):
        hash_password(password)
