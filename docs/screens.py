"""The pictures of the page in README, of phantoms: `python -m docs.screens`, with Debian's Chromium.

Research use only. Not for diagnosis.
"""

import os
import subprocess
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from imaging.phantoms.files import write_dicom_phantom
from selftest.site import PROGRAM, Site, wait_until

if TYPE_CHECKING:
    from playwright.sync_api import Page

DOCS = Path(__file__).parent
CHROMIUM = "/usr/bin/chromium"
OPTIONS = ("--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-sync")
ADDRESS = "127.0.0.1:8599"
WIDTH, HEIGHT = 1366, 768
PASSWORD = "a password for pictures"  # noqa: S105  (of a service that lives for a minute)
FILMS = 9
WAIT_MS = 60_000


def main() -> None:
    """Start a service, fill it, and take the pictures."""
    with tempfile.TemporaryDirectory(prefix="xray-") as folder, tempfile.TemporaryDirectory(prefix="xray-") as runtime:
        root = Path(folder)
        site = Site(root, Path(runtime), {"XRAY_WEB": ADDRESS, "XRAY_WEB_INBOX": str(root / "inbox")})
        site.inbox.mkdir()
        files = _write_films(root / "films")
        (root / "password").write_text(PASSWORD)
        words = ("user", "add", "alice", "--role", "reviewer", "--password-file", os.fspath(root / "password"))
        subprocess.run([*PROGRAM, *words], env=site.environment, cwd=root, check=True)  # noqa: S603  (our own program)
        site.start()
        try:
            wait_until(lambda: b"the page is at" in site.log.read_bytes(), what="the page", seconds=60)
            _take_pictures(files)
        finally:
            site.stop()


def _write_films(folder: Path) -> list[Path]:
    """Write phantoms, two of each patient but one, and two files that are refused."""
    folder.mkdir()
    for number in range(FILMS):
        attributes = {"PatientID": f"P{number // 2}", "StationName": f"ROOM {1 + number % 3}"}
        path = folder / f"film-{number + 1}.dcm"
        write_dicom_phantom(path, seed=40 + number, rows=1250, columns=1024, attributes=attributes)
    write_dicom_phantom(folder / "side-view.dcm", seed=60, rows=1250, columns=1024, attributes={"ViewPosition": "LL"})
    whole = (folder / "film-1.dcm").read_bytes()
    (folder / "half-a-file.dcm").write_bytes(whole[: len(whole) // 2])
    return sorted(folder.iterdir())


def _take_pictures(files: list[Path]) -> None:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=list(OPTIONS))
        page = browser.new_page(viewport={"width": WIDTH, "height": HEIGHT})
        page.set_default_timeout(WAIT_MS)
        _log_in(page)
        page.goto(f"http://{ADDRESS}/upload")
        page.set_input_files("input[type=file]", files)
        page.locator("[data-outcome]").nth(len(files) - 1).wait_for()
        _save(page, "page-upload.png")
        page.goto(f"http://{ADDRESS}/worklist")
        _save(page, "page-worklist.png")
        page.keyboard.press("j")
        page.keyboard.press("Enter")
        page.wait_for_selector("[data-depth='16']")
        page.keyboard.press("h")
        page.wait_for_selector("[data-heated]")
        _save(page, "page-film.png")
        browser.close()


def _log_in(page: "Page") -> None:
    page.goto(f"http://{ADDRESS}/login")
    page.fill("[name=username]", "alice")
    page.fill("[name=password]", PASSWORD)
    page.click("main button")
    page.wait_for_url("**/worklist")


def _save(page: "Page", name: str) -> None:
    page.wait_for_timeout(800)  # the counters come a moment after the page
    page.screenshot(path=DOCS / name)


if __name__ == "__main__":
    main()
