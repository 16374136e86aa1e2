"""`watch --listen`: the service keeps the listener, and what it receives is screened."""

from collections.abc import Callable

import pytest

from imaging.phantoms.files import write_dicom_phantom
from selftest.site import wait_until
from tests.acceptance.conftest import Site, site
from tests.pacs.peers import STORESCU, call, needs_dcmtk
from tests.ports import find_free_port

__all__ = ["site"]

pytestmark = [pytest.mark.acceptance, pytest.mark.timeout(300), needs_dcmtk]


def test_the_service_keeps_a_listener_that_knows_no_secret(site: Site) -> None:
    port = find_free_port()
    site.settings |= {"XRAY_LISTEN": f"127.0.0.1:{port}", "XRAY_IDENTIFIER_KEY": "a secret that is long enough"}
    site.start()
    film = site.root / "film.dcm"

    def is_sent(seed: int) -> Callable[[], bool]:
        write_dicom_phantom(film, seed=seed, rows=400, columns=320)
        return lambda: call(STORESCU, port, "-aet", "ROOM1", film).returncode == 0

    wait_until(is_sent(1), what="a film sent", seconds=60)
    (listener,) = site.find_processes("listen")
    assert "XRAY_IDENTIFIER_KEY" not in listener.environ()
    assert "XRAY_DATABASE_URL" not in listener.environ()
    listener.kill()
    wait_until(is_sent(2), what="a film sent to the next listener", seconds=60)
    results = site.wait_for_results(2)
    assert [result["state"] for result in results] == ["done", "done"]
    assert "ROOM1" in site.run("report", "--since", "1h", "--by", "sender").stdout
    assert site.stop() == 0
    assert not listener.is_running()
