"""The page as a companion of the service: kept alive beside it, said of in `status`, ended with it."""

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import httpx
import pytest

from selftest.site import PROGRAM, Site, wait_until
from tests.ports import find_free_port
from tests.web.conftest import PASSWORD

pytestmark = [pytest.mark.acceptance, pytest.mark.timeout(240)]
PATIENCE_SECONDS = 90.0


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    (tmp_path / "inbox").mkdir()
    (tmp_path / "password").write_text(PASSWORD)
    with TemporaryDirectory(prefix="xray-", ignore_cleanup_errors=True) as runtime:
        site = Site(tmp_path, Path(runtime), settings={"XRAY_WEB": f"127.0.0.1:{find_free_port()}"})
        yield site
        if not site.service_ended():
            site.kill()


def ask(site: Site, path: str = "/healthz") -> int:
    try:
        return httpx.get(f"http://{site.settings['XRAY_WEB']}{path}").status_code
    except httpx.TransportError:
        return 0


def run(site: Site, *words: str) -> str:
    answer = subprocess.run(
        [*PROGRAM, *words], env=site.environment, cwd=site.root, capture_output=True, text=True, check=False, timeout=60
    )
    return answer.stdout


def find_beside(site: Site) -> dict[str, str]:
    found: dict[str, str] = json.loads(run(site, "status", "--format", "json"))["beside"]
    return found


def test_the_page_waits_for_a_user_comes_back_when_it_is_killed_and_ends_with_the_service(site: Site) -> None:
    site.start()
    wait_until(lambda: "nobody could log in yet" in site.log.read_text(), what="the advice", seconds=PATIENCE_SECONDS)
    assert ask(site) == 0
    wait_until(lambda: find_beside(site) == {"web": "is away"}, what="status", seconds=PATIENCE_SECONDS)
    run(site, "user", "add", "alice", "--role", "viewer", "--password-file", "password")
    wait_until(lambda: ask(site) == 200, what="the page", seconds=PATIENCE_SECONDS)
    assert ask(site, "/readyz") == 200
    (page,) = site.find_processes("web")
    page.kill()
    wait_until(lambda: ask(site) == 0, what="its end")
    wait_until(lambda: ask(site) == 200, what="its return", seconds=PATIENCE_SECONDS)
    assert "web              runs" in run(site, "status")
    assert site.stop() == 0
    assert ask(site) == 0
