from fastapi.testclient import TestClient

from store.states import Role
from tests.web.conftest import PASSWORD, LogIn


def test_who_logs_in_has_a_cookie_that_no_script_reads(stranger: TestClient) -> None:
    answer = stranger.post("/login", data={"username": "viewer", "password": PASSWORD, "next": "/account"})
    assert (answer.status_code, answer.headers["location"]) == (303, "/account")
    assert "HttpOnly" in answer.headers["set-cookie"]
    assert "samesite=lax" in answer.headers["set-cookie"].lower()
    assert "viewer" in stranger.get("/account").text


def test_a_change_without_the_token_is_refused(log_in: LogIn) -> None:
    client = log_in(Role.VIEWER)
    assert client.post("/logout", headers={"X-CSRF-Token": "0" * 64}).status_code == 403
    assert client.get("/account").status_code == 200
    assert client.post("/logout").status_code == 303
    assert client.get("/account").headers["location"] == "/login?next=%2Faccount"
