"""One installation: its settings, its home, and what both lead to. Each command and process opens one, once."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, urlencode

from installation.home import HOME_MODE, Home, name_backup, prepare_home
from installation.settings import InstallationSettings, Settings

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from inference.bundle import Bundle
    from store.identifiers import Protect


@dataclass(frozen=True)
class Installation:
    """What a command or process has in hand; whatever works for it takes this, or a part of it, and reads no setting.

    Ledger, model and key are opened when they are first asked for, so that a command waits only for what it needs.

    Attributes
    ----------
    settings : Settings
        Those in force.
    home : Home
        The places in the home folder.
    started_with : str or None
        SHA-256 of the bundle with which the service that this process belongs to began: no other serves in it.
    """

    settings: Settings
    home: Home
    started_with: str | None = None

    @cached_property
    def ledger(self) -> "Engine":
        """The ledger, with the tables of this version.

        Raises
        ------
        StoreError
            It is not there, made by another version, or its URL is none.
        sqlalchemy.exc.OperationalError
            The database does not answer.
        """
        from store.errors import SchemaMissingError
        from store.schema import check_schema

        if self.settings.keeps_own_ledger and not self.has_ledger:
            from installation.neighbours import describe_neighbours

            advice = describe_neighbours(self.home) or "start 'xray-cli watch', or set XRAY_HOME"
            raise SchemaMissingError(f"there is no ledger in {self.home.root} yet: {advice}")
        engine = self._engine
        if not self.has_ledger:  # SQLite would make the file when it is asked
            message = f"there is no ledger at {self.settings.ledger_file}: make it with 'xray-cli db upgrade'"
            raise SchemaMissingError(message)
        check_schema(engine)
        return engine

    @property
    def has_ledger(self) -> bool:
        """Whether there is a ledger, as far as that can be seen without asking a database server."""
        file = self.settings.ledger_file
        return file is None or file.exists()

    @cached_property
    def model(self) -> "Bundle":
        """The bundle that serves, verified: the one that is set, else the activated one, else the one that ships.

        Raises
        ------
        BundleError
            It is missing, corrupt, made for another version, or not the one that was chosen.
        ActiveModelUnknownError
            There is a ledger, and it does not answer.
        """
        from installation.model import check_unchanged, choose_model, find_activated

        asks = self.settings.model is None and self.has_ledger
        bundle = choose_model(self.settings.model, find_activated(self._engine) if asks else None)
        return bundle if self.started_with is None else check_unchanged(bundle, self.started_with)

    @cached_property
    def protect(self) -> "Protect":
        """What identifiers pass through on their way into the ledger; raises IdentifierKeyError without a key."""
        from installation.identifiers import find_protection

        return find_protection(self.settings, self.home)

    @property
    def broker_url(self) -> str:
        """The URL under which Celery finds the site's broker, or the embedded one; over TLS with its checks."""
        return _find_broker_url(self.settings, self.home)

    @cached_property
    def _engine(self) -> "Engine":
        from store.database import open_database

        return open_database(self.settings.sqlalchemy_url)

    def find_older_schema(self) -> str | None:
        """Return the schema of a ledger that an upgrade would change; None where it is new, or up to date.

        Raises
        ------
        StoreError
            A newer version of the program made it, or the database's URL is none.
        """
        from store.schema import find_older

        return find_older(self._engine) if self.has_ledger else None

    def upgrade_ledger(self, say: Callable[[str], object] = lambda _: None, *, backs_up: bool = True) -> None:
        """Make the ledger's tables, in a home that is made for them if need be, or bring them up to this version.

        What holds rows is backed up first, and the backup checked.

        Parameters
        ----------
        say : Callable
            Told in sentences what is done to a ledger that holds rows, and how to go back.
        backs_up : bool
            False where somebody has seen to a backup.

        Raises
        ------
        StoreError
            A newer version of the program made them, they cannot be backed up, or the database's URL is none.
        HomeError
            The home cannot be made.
        """
        from store import HEAD_REVISION
        from store.schema import upgrade_schema

        if self.settings.keeps_own_ledger:
            prepare_home(self.home)
        older = self.find_older_schema()
        if older is not None:
            say(f"the ledger has schema {older}, this version needs {HEAD_REVISION}: it is backed up, then upgraded")
            if backs_up:
                say(self._back_up_before(older))
        upgrade_schema(self._engine)
        if older is not None:
            say(f"the ledger has schema {HEAD_REVISION}")

    def _back_up_before(self, older: str) -> str:
        from store.upkeep.backup import back_up

        self.home.root.mkdir(mode=HOME_MODE, parents=True, exist_ok=True)
        target = name_backup(self.home, self._engine.dialect.name, f"schema-{older}-")
        rows = back_up(self._engine, target)
        return (
            f"{target} holds every row ({rows['arrivals']} arrivals) and has passed its checks. To go back: stop the "
            f"service, install the version that was here before, and 'xray-cli db restore {target}'"
        )

    def close(self) -> None:
        """Let go of the ledger's connections; it is opened again by whoever asks for it."""
        if "_engine" in vars(self):
            self._engine.dispose()


@contextmanager
def open_installation(settings: Settings, started_with: str | None = None) -> Iterator[Installation]:
    """Give the installation that settings describe, and let go of its ledger at the end."""
    installation = Installation(settings, Home(settings.home), started_with)
    try:
        yield installation
    finally:
        installation.close()


def _find_broker_url(settings: InstallationSettings, home: Home) -> str:
    if settings.broker_url is None:
        return f"redis+socket://{home.broker_socket}"
    url = settings.broker_url.get_secret_value()
    if not url.startswith("rediss://"):
        return url
    address, _, options = url.partition("?")
    checks = {"ssl_cert_reqs": "required", "ssl_check_hostname": "true"}
    if settings.broker_ca_file is not None:
        checks["ssl_ca_certs"] = str(settings.broker_ca_file.resolve())
    return f"{address}?{urlencode(checks | dict(parse_qsl(options)))}"
