"""The worklist over HTTP: order, piles, filters, search, pages, and what is sent when something changes."""

import asyncio
import re
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import update

from inference.labels import Label, Outcome
from installation.identifiers import make_identifier_key
from installation.installation import Installation
from store.states import Priority, Role
from store.tables import screenings
from tests.ledger import arrive, digest, predict, quarantine, register_model, reject
from tests.outline import Outline, assert_well_formed
from tests.web.conftest import LogIn
from web.worklist import live

COVID19 = {"label": Label.COVID19, "probabilities": {Label.COVID19: 0.9, Label.NORMAL: 0.1}}
HOSTILE = "<img src=x onerror=alert(1)>.dcm"


@pytest.fixture
def client(installation: Installation, log_in: LogIn) -> TestClient:
    ledger = installation.ledger
    make_identifier_key(installation.settings, installation.home)
    register_model(ledger)
    arrive(ledger, "stat.dcm", priority=Priority.STAT)
    accession_number = installation.protect("A-17")
    predict(ledger, "stat.dcm", identity={"accession_number": accession_number, "sop_instance_uid": "1.2.3"})
    predict(ledger, "doubtful.dcm", outcome=Outcome.INDETERMINATE, label=None, reason_code="other_finding")
    predict(ledger, HOSTILE, **COVID19)
    reject(ledger, "lateral.dcm")
    quarantine(ledger, "broken.dcm")
    arrive(ledger, "waits.dcm")
    return log_in(Role.VIEWER)


def list_rows(page: str) -> list[str]:
    return re.findall(r'href="/films/(\d+)" data-row', page)


def test_likely_positives_come_first_and_hostile_names_are_words(client: TestClient) -> None:
    page = client.get("/worklist").text
    assert_well_formed(page.replace("hx-sse:", "hx-sse-"))
    assert list_rows(page) == ["4", "3", "1"]
    assert "&lt;img src=x" in page
    assert "<img src=x" not in page
    assert ">(normal 0.62)<" in page  # of which class the probability is that nobody was given
    assert page.index('class="stat"') > page.index("stat.dcm") - 2000


def test_a_likely_positive_that_is_unread_for_as_long_as_the_site_promises_goes_first(
    client: TestClient, installation: Installation
) -> None:
    weaker = {"label": Label.COVID19, "probabilities": {Label.COVID19: 0.6, Label.NORMAL: 0.4}}
    late = predict(installation.ledger, "late.dcm", **weaker)
    with installation.ledger.begin() as connection:
        before = datetime.now(tz=UTC) - timedelta(minutes=10)
        connection.execute(update(screenings).where(screenings.c.arrival_id == late).values(screened_at=before))
    page = client.get("/worklist").text
    assert "waited for 4 h, then" in page
    assert list_rows(page)[:2] == ["4", str(late)]
    installation.settings.longest_wait_minutes = 5
    page = client.get("/worklist").text
    assert "waited for 5 min, then" in page
    assert list_rows(page)[:2] == [str(late), "4"]
    assert page.count("waits 10 min") == 1  # why a less probable one stands first
    assert f'href="/films/{late}" class="button" data-key="p"' in client.get("/films/4").text
    assert "A result within 5 min is promised" in client.get("/reports").text


FOUND = {
    "pile=refused": ["5", "6"],
    "pile=waiting": ["7"],
    "pile=failed": [],
    "pile=nonsense": ["4", "3", "1"],
    "label=covid19": ["4"],
    "label=covid19&least=covid19%3D0.95": [],
    "reason=other_finding": ["3"],
    "priority=stat": ["1"],
    "since=all": ["4", "3", "1"],
    "since=2020-01-01&until=2020-12-31": [],
    "since=yesterday&until=today&label=covid19": ["4"],
    "q=A-17": ["1"],
    "q=1.2.3": ["1"],
    "q=00000007": ["7"],
    f"q={digest('lateral.dcm')[:12]}": ["5"],
    "q=nobody": [],
}


def test_piles_filters_and_search(client: TestClient) -> None:
    for query, found in FOUND.items():
        assert list_rows(client.get(f"/worklist?{query}").text) == found, query
        assert list_rows(client.get(f"/worklist/rows?{query}").text) == found, query


def test_filters_of_an_address_stay_in_the_form(client: TestClient) -> None:
    page = client.get("/worklist?label=covid19,normal&since=2h&until=today").text
    assert '<option value="covid19,normal" selected="selected">covid19,normal</option>' in page
    assert [field["value"] for field in Outline(page).find("input") if field.get("name") in ("since", "until")] == [
        "2h",
        "today",
    ]
    assert "since=2h&amp;until=today" in page  # another list keeps the period


def test_without_a_key_of_identifiers_the_search_goes_on(log_in: LogIn, installation: Installation) -> None:
    register_model(installation.ledger)
    predict(installation.ledger, "a.dcm")
    assert list_rows(log_in(Role.VIEWER).get("/worklist?q=1").text) == ["1"]


def test_what_is_not_understood_is_said(client: TestClient) -> None:
    for query in ("label=influenza", "least=2", "since=tomorrow-ish", "priority=urgent"):
        page = client.get(f"/worklist?{query}").text
        assert 'role="alert"' in page, query
        assert list_rows(page) == ["4", "3", "1"], query


def test_pages_follow_one_another(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("store.questions.worklist.list_films.__defaults__", (None, 2))
    first = client.get("/worklist").text
    (following,) = re.findall(r'href="([^"]*after[^"]*)"', first)
    assert list_rows(first) == ["4", "3"]
    assert list_rows(client.get(following.replace("&amp;", "&")).text) == ["1"]


def test_a_change_is_sent_and_nothing_else(client: TestClient, installation: Installation) -> None:
    visit: Any = SimpleNamespace(ledger=installation.ledger, is_open=lambda: True)

    async def listen() -> list[str]:
        stream = live._watch(visit)
        heard = [await anext(stream), await anext(stream)]
        predict(installation.ledger, "new.dcm", **COVID19)
        heard.append(await anext(stream))
        await stream.aclose()  # type: ignore[attr-defined]
        return heard

    live.LOOK_SECONDS, before = 0.01, live.LOOK_SECONDS
    try:
        first, second, third = asyncio.run(listen())
    finally:
        live.LOOK_SECONDS = before
    assert "<b>1</b> unread positive" in first
    assert second == ": \n\n"
    assert "<b>2</b> unread positive" in third
    assert "event: changed" in third


def test_no_stream_outlives_its_session(installation: Installation) -> None:
    visit: Any = SimpleNamespace(ledger=installation.ledger, is_open=lambda: False)

    async def listen() -> list[str]:
        return [sent async for sent in live._watch(visit)]

    assert asyncio.run(listen()) == []
