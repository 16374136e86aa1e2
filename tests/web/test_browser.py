"""The page in Debian's Chromium, before a running service: upload, worklist, viewer, review, and a server that dies."""

import re
import signal
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import pytest

from imaging.phantoms.files import write_dicom_phantom, write_png_phantom
from selftest.site import PROGRAM, Site, wait_until
from tests.needs import needs
from tests.ports import find_free_port
from worker.processes import die_with_parent

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

CHROMIUM = Path("/usr/bin/chromium")
OPTIONS = ("--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking")
NO_TALK = ("--disable-component-update", "--disable-sync")
PASSWORD = "correct horse battery staple"
HOSTILE = "<img src=x onerror=alert(1)>.png"
MANY = 200
STARTED = b"the page is at"

pytestmark = [
    pytest.mark.acceptance,
    pytest.mark.timeout(300),
    needs(CHROMIUM.name, "chromium"),
]


@dataclass
class PageServer:
    """A service that watches, and a page of its own that can be killed."""

    site: Site
    port: int = field(default_factory=find_free_port)
    process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def run(self, *words: str) -> None:
        subprocess.run([*PROGRAM, *words], env=self.site.environment, cwd=self.site.root, check=True, timeout=60)

    def start(self) -> None:
        log = self.site.root / "web.log"
        with log.open("ab") as output:
            seen = log.read_bytes().count(STARTED)
            self.process = subprocess.Popen(
                [*PROGRAM, "web", "--address", f"127.0.0.1:{self.port}"],
                env=self.site.environment | {"XRAY_WEB_INBOX": str(self.site.inbox)},
                cwd=self.site.root,
                stdout=output,
                stderr=output,
                preexec_fn=die_with_parent,
            )
        wait_until(lambda: log.read_bytes().count(STARTED) > seen, what="the page", seconds=60)

    def stop(self, number: signal.Signals = signal.SIGTERM) -> None:
        assert self.process is not None
        self.process.send_signal(number)
        self.process.wait(30)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PageServer]:
    root = tmp_path_factory.mktemp("site")
    (root / "inbox").mkdir()
    (root / "password").write_text(PASSWORD)
    with TemporaryDirectory(prefix="xray-", ignore_cleanup_errors=True) as runtime:
        server = PageServer(Site(root, Path(runtime)))
        server.run("user", "add", "alice", "--role", "reviewer", "--password-file", str(root / "password"))
        server.site.start()
        server.start()
        write_dicom_phantom(root / "first.dcm", seed=94, rows=600, columns=500)
        (root / "first.dcm").rename(server.site.inbox / "first.dcm")
        wait_until(lambda: server.site.count_finished() == 1, what="the first film", seconds=60)
        yield server
        server.stop()
        server.site.kill()


@pytest.fixture(scope="module")
def browser() -> Iterator["Browser"]:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=[*OPTIONS, *NO_TALK])
        yield browser
        browser.close()


@pytest.fixture
def page(browser: "Browser", server: PageServer) -> Iterator["Page"]:
    """Give a page that is logged in; an error in its console, or a script of a stranger, fails the test."""
    context = browser.new_context(viewport={"width": 1366, "height": 768})
    context.set_default_timeout(60_000)
    page, faults = context.new_page(), list[str]()
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.on("dialog", lambda dialog: faults.append(dialog.message))
    page.on("console", lambda message: faults.append(message.text) if "Content Security" in message.text else None)
    log_in(page, server)
    yield page
    context.close()
    assert faults == []


def log_in(page: "Page", server: PageServer) -> None:
    page.goto(f"{server.url}/login")
    page.fill("[name=username]", "alice")
    page.fill("[name=password]", PASSWORD)
    page.click("main button")
    page.wait_for_url("**/worklist")


def upload(page: "Page", server: PageServer, files: list[Path]) -> None:
    page.goto(f"{server.url}/upload")
    before = page.locator("[data-outcome]").count()
    page.set_input_files("input[type=file][multiple]", files)
    page.locator("[data-outcome]").nth(before + len(files) - 1).wait_for(timeout=150_000)


def find_serious_faults(page: "Page") -> list[str]:
    from axe_playwright_python.sync_playwright import Axe

    found = Axe().run(page).response["violations"]
    return [f"{fault['id']}: {fault['nodes'][0]['html'][:120]}" for fault in found if fault["impact"] in GRAVE]


GRAVE = ("serious", "critical")


def test_one_film_goes_from_upload_to_review_by_keys(page: "Page", server: PageServer, tmp_path: Path) -> None:
    path = tmp_path / "film.dcm"
    write_dicom_phantom(path, seed=89, rows=600, columns=500)
    upload(page, server, [path])
    row = page.locator("[data-outcome]").first
    outcome, label = row.get_attribute("data-outcome"), row.get_attribute("data-label")
    assert outcome in {"predicted", "indeterminate"}  # a phantom may be either to the model that ships
    assert (label is not None) == (outcome == "predicted")
    arrival = row.get_attribute("data-arrival")
    for picture in ("img[src$=jpeg]", "img[src$=heat]"):
        page.wait_for_function("one => document.querySelector(one).naturalWidth > 100", arg=picture)
    page.goto(f"{server.url}/worklist")
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/films/{arrival}")
    page.wait_for_selector("[data-depth='16']")
    numbers = page.locator("[data-viewer=film] [data-numbers]")
    for key, said in (("2", "window 50 %"), ("i", "inverted"), ("r", "turned 90°"), ("o", "zoom 100 %")):
        page.keyboard.press(key)
        numbers.get_by_text(said).wait_for()
    page.keyboard.press("x")
    page.keyboard.press("h")
    page.wait_for_selector("[data-heated]")
    assert "neither outline a disease" in page.locator(".heat-words").inner_text()
    page.keyboard.press("?")
    assert page.locator("dialog#keys").is_visible()
    page.keyboard.press("Escape")
    page.fill("#comment", "as I see it <b>")
    page.keyboard.press("Escape")
    page.keyboard.press("u")
    page.locator(".reviews li").wait_for()
    assert page.locator(".reviews li").inner_text().split("\n")[-1] == "as I see it <b>"
    page.goto(f"{server.url}/worklist?pile=reviewed")
    assert page.locator("[data-row]").count() == 1


def test_dragging_changes_the_window_and_the_wheel_the_zoom(page: "Page", server: PageServer) -> None:
    page.goto(f"{server.url}/films/1")
    page.wait_for_selector("[data-depth='16']")
    numbers, canvas = page.locator("[data-viewer=film] [data-numbers]"), page.locator("canvas").first
    before, box = numbers.inner_text(), canvas.bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + 200, box["y"] + 200)
    page.mouse.down()
    page.mouse.move(box["x"] + 300, box["y"] + 150, steps=4)
    page.mouse.up()
    page.mouse.wheel(0, -300)
    numbers.get_by_text("level 58 %").wait_for()
    assert re.findall(r"zoom \d+", numbers.inner_text()) != re.findall(r"zoom \d+", before)


def test_a_narrow_window_shows_the_film_above_its_answer(page: "Page", server: PageServer) -> None:
    page.set_viewport_size({"width": 420, "height": 800})
    page.goto(f"{server.url}/films/1")
    page.wait_for_selector("[data-depth='16']")
    canvas, tools, answer = (
        page.locator(part).first.bounding_box() for part in ("canvas", ".viewer .tools", ".film aside")
    )
    assert canvas is not None
    assert tools is not None
    assert answer is not None
    assert canvas["width"] > 400
    assert canvas["y"] + canvas["height"] <= tools["y"] + 1
    assert tools["y"] + tools["height"] <= answer["y"] + 1


def test_two_hundred_films_are_answered_and_new_rows_come_by_themselves(
    page: "Page", server: PageServer, tmp_path: Path
) -> None:
    files = [tmp_path / f"{number:03d}.png" for number in range(MANY)]
    for number, path in enumerate(files):
        write_png_phantom(path, seed=number, rows=128, columns=104)
    watching = page.context.new_page()
    watching.goto(f"{server.url}/worklist?pile=waiting")
    upload(page, server, files)
    assert page.locator("[data-failed]").count() == 0
    assert not list(server.site.inbox.glob(".upload-*"))
    watching.bring_to_front()
    watching.locator("nav.tabs a[aria-current] b", has_text="0").wait_for()
    watching.goto(f"{server.url}/worklist?pile=refused")
    watching.goto(f"{server.url}/worklist")
    assert watching.locator("[data-row]").count() > 0


def test_hostile_names_and_what_is_no_film_are_words_on_every_page(
    page: "Page", server: PageServer, tmp_path: Path
) -> None:
    path = tmp_path / HOSTILE
    path.write_bytes(b"<script>alert(1)</script>")
    upload(page, server, [path])
    row = page.locator("[data-outcome=quarantined]").first
    assert HOSTILE in row.inner_text()
    page.goto(f"{server.url}/films/{row.get_attribute('data-arrival')}")
    assert HOSTILE in page.locator("h1").inner_text()
    page.goto(f"{server.url}/worklist?pile=refused")
    assert page.locator("img").count() == 0


def test_a_server_that_dies_under_an_open_page_loses_no_file_and_comes_back(
    page: "Page", server: PageServer, tmp_path: Path
) -> None:
    page.goto(f"{server.url}/upload")
    server.stop(signal.SIGKILL)
    path = tmp_path / "lost.png"
    write_png_phantom(path, seed=700, rows=300, columns=250)
    page.set_input_files("input[type=file]", path)
    page.locator("[data-failed]", has_text="not received").wait_for()
    server.start()
    page.set_input_files("input[type=file]", path)
    page.locator("[data-outcome]", has_text="lost.png").first.wait_for()
    assert page.evaluate("htmx.config.sse.reconnectMaxDelay") == 5000  # the counters do not come a minute later


@pytest.mark.parametrize("address", ["/upload", "/worklist", "/worklist?pile=refused", "/films/1"])
def test_axe_finds_no_serious_fault(page: "Page", server: PageServer, address: str) -> None:
    page.goto(server.url + address)
    page.wait_for_load_state("domcontentloaded")
    assert find_serious_faults(page) == []


def test_who_logs_off_sees_nothing_more(page: "Page", server: PageServer) -> None:
    page.get_by_role("button", name="log off").click()
    page.wait_for_url("**/login*")
    page.goto(f"{server.url}/films/1")
    assert "/login" in page.url
