"""How commands that only look at the ledger open it."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from worker.settings import WatchSettings


@contextmanager
def opened_ledger() -> Iterator[tuple["WatchSettings", "Engine"]]:
    """Read the settings, open the database they name and check its schema.

    Raises
    ------
    SettingsError, StoreError
        In one line each; ``cli.errors`` turns them into exit codes.
    """
    from cli.settings import read_settings
    from store.database import open_database
    from store.errors import SchemaMissingError
    from store.schema import check_schema

    settings = read_settings()
    if settings.database_url is None and not (settings.home / "xray.db").exists():
        message = f"there is no ledger in {settings.home} yet: start 'xray-cli watch', or set XRAY_HOME"
        raise SchemaMissingError(message)
    engine = open_database(settings.sqlalchemy_url)
    try:
        check_schema(engine)
        yield settings, engine
    finally:
        engine.dispose()
