"""The page as it is really served, by uvicorn in a thread; what a test in another process or a browser asks."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Thread

import uvicorn

from cli.doors import build_doors
from installation.installation import Installation
from web.app import create_app
from web.server import build_config

PATIENCE_SECONDS = 30.0


@contextmanager
def serve(installation: Installation) -> Iterator[str]:
    """Serve meanwhile at the address that the settings name; gives its URL."""
    settings = installation.settings
    server = uvicorn.Server(build_config(create_app(installation, build_doors(installation)), settings))
    thread = Thread(target=server.run, daemon=True)
    thread.start()
    until = time.monotonic() + PATIENCE_SECONDS
    while not server.started:
        assert thread.is_alive()
        assert time.monotonic() < until
        time.sleep(0.02)
    scheme = "https" if settings.web_certificate_file else "http"
    try:
        yield f"{scheme}://{settings.web}"
    finally:
        server.should_exit = True
        thread.join(PATIENCE_SECONDS)
