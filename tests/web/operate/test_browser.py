"""What operators see, in Debian's Chromium: sessions that end, two browsers at once, axe, hostile texts, no network."""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import text

from installation.home import Home, prepare_home
from installation.installation import Installation
from store.access.users import add_user
from store.states import Role
from tests.installation.conftest import Install
from tests.ledger import predict, quarantine, register_model, reject
from tests.needs import needs
from tests.ports import find_free_port
from tests.web.conftest import HASH, PASSWORD
from tests.web.serving import serve

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, Page

CHROMIUM = Path("/usr/bin/chromium")
OPTIONS = ("--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking")
NO_TALK = ("--disable-component-update", "--disable-sync")
PAGES = (
    *("/status", "/quarantine", "/model", "/reports?since=7d", "/reports?since=whenever", "/audit?verify=true"),
    *("/users", "/account", "/no/such/page"),
)
SOME = PAGES[:2] + PAGES[3:5]  # have every kind of block; looking at all of them twice takes long
HOSTILE = '"><script>alert(1)</script><img src=x onerror=alert(2)>{{7*7}}\u202e.dcm'
GRAVE = ("serious", "critical")

pytestmark = [
    pytest.mark.timeout(300),
    needs(CHROMIUM.name, "chromium"),
]


@pytest.fixture(scope="module")
def browser() -> Iterator["Browser"]:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=[*OPTIONS, *NO_TALK])
        yield browser
        browser.close()


@pytest.fixture
def served(place: Home, install: Install) -> Installation:
    prepare_home(place)
    found = install(web=f"127.0.0.1:{find_free_port()}")
    found.upgrade_ledger()
    with found.ledger.begin() as connection:
        add_user(connection, "admin", Role.ADMIN, HASH)
        add_user(connection, HOSTILE[:50], Role.VIEWER, HASH)
    register_model(found.ledger)
    predict(found.ledger, HOSTILE)
    reject(found.ledger, HOSTILE + "2")
    quarantine(found.ledger, HOSTILE + "3")
    return found


def log_in(context: "BrowserContext", url: str, target: str = "/account") -> "Page":
    page = context.new_page()
    page.goto(f"{url}{target}")
    page.fill("#username", "admin")
    page.fill("#password", PASSWORD)
    page.click("main button")
    page.wait_for_url(f"**{target}")
    return page


def test_a_session_that_ends_leads_to_the_log_in_and_back(browser: "Browser", served: Installation) -> None:
    with serve(served) as url, browser.new_context() as context:
        context.route("**/counters", lambda route: route.abort())  # they would lead there even before the click
        page = log_in(context, url, "/audit?since=7d")
        with served.ledger.begin() as connection:
            connection.execute(text("UPDATE sessions SET active_at = '2026-01-01 00:00:00.000000'"))
        page.click("header >> text=Status")
        page.wait_for_url("**/login?next=%2Fstatus")
        assert "admin" not in page.content()
        page.fill("#username", "admin")
        page.fill("#password", PASSWORD)
        page.click("main button")
        page.wait_for_url("**/status")
        assert page.locator("main h1").inner_text() == "Status"


def test_the_counters_come_however_late_their_script_is(browser: "Browser", served: Installation) -> None:
    with serve(served) as url, browser.new_context() as context:
        page = log_in(context, url)
        context.route("**/hx-sse.min.js", lambda route: (time.sleep(0.5), route.continue_()))
        page.reload()
        page.locator("#counters b").first.wait_for(timeout=10_000)
        assert "waiting" in page.locator("#counters").inner_text()


def test_two_browsers_have_sessions_of_their_own(browser: "Browser", served: Installation) -> None:
    with serve(served) as url, browser.new_context() as one, browser.new_context() as other:
        here, there = log_in(one, url), log_in(other, url)
        here.click("text=log off >> nth=0")
        here.wait_for_url("**/login")
        here.goto(f"{url}/account")
        assert "/login" in here.url
        there.reload()
        assert there.locator("main h1").inner_text() == "admin"
        here = log_in(one, url)
        there.click("text=Log off everywhere")
        there.wait_for_url("**/login")
        here.reload()
        assert "/login" in here.url


def test_every_page_is_sound_in_both_themes_and_runs_nothing_of_strangers(
    browser: "Browser", served: Installation
) -> None:
    from axe_playwright_python.sync_playwright import Axe

    faults: list[str] = []
    with serve(served) as url, browser.new_context(viewport={"width": 1366, "height": 768}) as context:
        context.on("request", lambda asked: None if asked.url.startswith(url) else faults.append(asked.url))
        page = log_in(context, url)
        page.on("dialog", lambda dialog: faults.append(f"dialog {dialog.message}"))
        page.on("pageerror", lambda error: faults.append(str(error)))
        page.on("console", lambda said: faults.append(said.text) if "Security" in said.text else None)
        for theme in ("light", "dark"):
            page.goto(f"{url}/account")
            page.click(f"button[name=theme][value={theme}]")
            for address in PAGES if theme == "dark" else SOME:
                page.goto(f"{url}{address}")
                assert page.locator("html").get_attribute("data-theme") == theme
                assert page.locator("script:not([src])").count() == 0
                assert "Research use only. Not for diagnosis." in page.content()
                wide = page.evaluate("document.documentElement.scrollWidth > window.innerWidth")
                assert not wide, address
                assert page.locator("h1").count() == 1, address
                found = Axe().run(page).response["violations"]
                grave = [fault for fault in found if fault["impact"] in GRAVE]
                faults += [f"{address} {theme} {fault['id']} {fault['nodes'][0]['html'][:200]}" for fault in grave]
    assert faults == []
