"""A film that reaches a rule is one call of the webhook, though the service is killed before it could call."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from imaging.phantoms.files import write_dicom_phantom
from installation.home import Home
from tests.acceptance.conftest import Site, wait_until
from tests.ports import find_free_port
from tests.reports.delivery.test_webhook import verify

pytestmark = pytest.mark.acceptance


@contextmanager
def receiving(port: int) -> Iterator[list[tuple[dict[str, str], bytes]]]:
    taken: list[tuple[dict[str, str], bytes]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            taken.append((dict(self.headers), body))
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield taken
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def test_a_kill_between_record_and_call_loses_no_alert_and_doubles_none(site: Site) -> None:
    port = find_free_port()
    # every phantom that is judged meets one of them
    rules = "covid19>=0.01,viral_pneumonia>=0.01,normal>=0.01"
    site.settings |= {"XRAY_ALERT_ON": rules, "XRAY_WEBHOOK_URL": f"http://127.0.0.1:{port}/"}
    site.start()
    for seed in range(2):
        write_dicom_phantom(site.inbox / f"{seed}.dcm", seed=seed, rows=500, columns=400)
    site.wait_for_results(2)
    unreached = "the webhook cannot be reached"
    wait_until(lambda: unreached in site.run("alerts", "list").stdout, what="a first attempt", seconds=60)
    site.kill()
    assert unreached in site.run("alerts", "list").stdout
    with receiving(port) as taken:
        assert site.run("alerts", "test").stdout == "webhook: taken\n"
        site.start()
        wait_until(lambda: len(taken) >= 3, what="both alerts", seconds=30)
        wait_until(lambda: "waits" not in site.run("alerts", "list").stdout, what="their notes")
        assert site.stop() == 0
        site.start()
        assert site.stop() == 0
    test, *films = taken
    secret = Home(site.home).webhook_secret.read_text().strip()
    assert all(verify(headers, body, secret) for headers, body in taken)
    assert json.loads(test[1])["kind"] == "test"
    assert sorted(json.loads(body)["alerts"][0]["arrival"] for _, body in films) == [1, 2]
    assert site.run("alerts", "list").stdout.count("sent") == 2
    assert ".dcm" not in "".join(body.decode() for _, body in taken)
