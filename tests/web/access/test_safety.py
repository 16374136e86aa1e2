import logging
from dataclasses import replace

import pytest
from fastapi.testclient import TestClient
from sqlalchemy.exc import OperationalError

from installation.installation import Installation
from store.states import Role
from tests.web.conftest import PASSWORD, open_client


def open_with_status(installation: Installation, error: Exception) -> TestClient:
    """Open a client of an application whose status page meets an error."""

    def fail() -> None:
        raise error

    client = open_client(installation)
    site = client.app.state.site  # type: ignore[attr-defined]
    client.app.state.site = replace(site, doors=replace(site.doors, read_status=fail))  # type: ignore[attr-defined]
    client.post("/login", data={"username": Role.VIEWER.value, "password": PASSWORD})
    return client


def test_a_fault_of_the_program_says_where_and_nothing_of_a_patient(
    installation: Installation, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO), open_with_status(installation, RuntimeError("CANARY^PATIENT")) as client:
        answer = client.get("/status")
    assert (answer.status_code, answer.headers["cache-control"]) == (500, "no-store")
    (said,) = [record.getMessage() for record in caplog.records if getattr(record, "action", "") == "bug"]
    assert said.startswith("RuntimeError at test_safety.py:")
    assert "CANARY" not in caplog.text + answer.text


def test_while_the_database_is_away_the_page_says_so_and_goes_on(installation: Installation) -> None:
    away = OperationalError("SELECT 'CANARY'", {}, Exception("the server closed the connection"))
    with open_with_status(installation, away) as client:
        answer = client.get("/status")
        assert answer.status_code == 503
        assert "The database does not answer" in answer.text
        assert "CANARY" not in answer.text
        assert client.get("/account").status_code == 200
