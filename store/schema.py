"""The schema's version: Alembic is the only maker of tables; this checks, and asks it to upgrade."""

from importlib.resources import files
from typing import TYPE_CHECKING

from sqlalchemy import Engine, inspect, text

from store import HEAD_REVISION
from store.database import reading, wait_for_turn
from store.errors import DatabaseEncodingError, SchemaMissingError, SchemaTooNewError

if TYPE_CHECKING:
    from alembic.config import Config


def check_schema(engine: Engine) -> None:
    """Hold the database's revision against this program's.

    Raises
    ------
    SchemaMissingError
        There are no tables, or older ones.
    SchemaTooNewError
        A newer version of the program made them.
    DatabaseEncodingError
        There are none, and the database does not keep its text as UTF-8.
    """
    revision = find_revision(engine)
    if revision == HEAD_REVISION:
        return
    if revision is None:  # tables that were made there would have to be moved at once
        check_encoding(engine)
    if revision is None or (revision.isdecimal() and int(revision) < int(HEAD_REVISION)):
        found = "no tables" if revision is None else f"schema {revision}"
        message = f"the database has {found}, this version needs {HEAD_REVISION}: run 'xray-cli db upgrade'"
        raise SchemaMissingError(message)
    message = f"the database has schema {revision}, this version knows {HEAD_REVISION} at most: install a newer version"
    raise SchemaTooNewError(message)


def check_encoding(engine: Engine) -> None:
    """Refuse a database that cannot hold every file name and every word of a header; SQLite always can.

    Raises
    ------
    DatabaseEncodingError
        Its text is kept in something else than UTF-8.
    """
    if engine.dialect.name != "postgresql":
        return
    with reading(engine) as connection:
        encoding = connection.exec_driver_sql("SHOW server_encoding").scalar()
    if encoding != "UTF8":
        message = (
            f"the database keeps its text as {encoding} (server_encoding), in which not every file name can be stored; "
            "UTF8 is accepted: CREATE DATABASE xray ENCODING 'UTF8' TEMPLATE template0, move what is there with "
            "pg_dump and pg_restore, and set XRAY_DATABASE_URL"
        )
        raise DatabaseEncodingError(message)


def find_revision(engine: Engine) -> str | None:
    """Return the revision that the database carries, or None where there are no tables."""
    with reading(engine) as connection:
        if not inspect(connection).has_table("alembic_version"):
            return None
        found: str | None = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
        return found


def find_older(engine: Engine) -> str | None:
    """Return the revision of a ledger that is to be upgraded; None where there is none, or it is up to date.

    Raises
    ------
    SchemaTooNewError
        A newer version of the program made the tables.
    """
    try:
        check_schema(engine)
    except SchemaMissingError:
        return find_revision(engine)
    return None


def upgrade_schema(engine: Engine) -> None:
    """Bring the tables to this program's revision; nothing happens where they are there already.

    Raises
    ------
    SchemaTooNewError
        A newer version of the program made the tables.
    DatabaseEncodingError
        There are none yet, and the database does not keep its text as UTF-8.
    """
    try:
        check_schema(engine)
    except SchemaMissingError:
        from alembic import command

        with engine.begin() as connection:
            wait_for_turn(connection, "xray-watch schema")  # of two that start at once, one finds the other's work
            config = build_alembic_config()
            config.attributes["connection"] = connection
            command.upgrade(config, "head")


def build_alembic_config() -> "Config":
    """Return Alembic's configuration with this program's migrations."""
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(files("migrations")))
    return config
