"""How a command opens its installation: once, with what its own options set."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from installation.installation import Installation


@contextmanager
def opened_installation(started_with: str | None = None, **options: object) -> Iterator["Installation"]:
    """Read the settings and give the installation that they describe.

    Parameters
    ----------
    started_with : str or None
        SHA-256 of the bundle with which the service began that starts this process.
    **options
        Settings from the command line; those that are None were not given.

    Raises
    ------
    InstallationError
        In one line; ``cli.errors`` turns it into an exit code.
    """
    from installation.installation import open_installation
    from installation.sources import read_settings

    with open_installation(read_settings(**options), started_with) as installation:
        yield installation
