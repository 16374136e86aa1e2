"""A place for a home in a temporary folder, and what is installed there."""

from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest

from installation.home import Home, prepare_home
from installation.installation import Installation, open_installation
from installation.settings import Settings
from tests.databases import empty_postgresql_url, postgresql_server, postgresql_template, postgresql_url

__all__ = ["empty_postgresql_url", "postgresql_server", "postgresql_template", "postgresql_url"]

Install = Callable[..., Installation]


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Home]:
    # a socket's path has 107 bytes, and pytest's folders get longer with every run
    with TemporaryDirectory(prefix="xray-", ignore_cleanup_errors=True) as runtime:
        monkeypatch.setenv("XDG_RUNTIME_DIR", runtime)
        yield Home(tmp_path / "home")


@pytest.fixture
def home(place: Home) -> Home:
    prepare_home(place)
    return place


@pytest.fixture
def install(place: Home) -> Iterator[Install]:
    """Return a function that opens an installation there; keyword arguments are settings."""
    opened = []

    def install_here(started_with: str | None = None, **settings: Any) -> Installation:
        opened.append(open_installation(Settings(home=place.root, **settings), started_with))
        return opened[-1].__enter__()

    yield install_here
    for each in opened:
        each.__exit__(None, None, None)
