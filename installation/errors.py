"""What keeps a program from finding or opening its installation.

::

    InstallationError
    ├── SettingsError            a setting is unknown or has a value that is not accepted
    ├── HomeError                the home cannot be made, written or trusted
    ├── IdentifierKeyError       the key that identifiers are hashed with is missing or empty
    ├── HomeInUseError           another service runs on this home
    ├── ActiveModelUnknownError  the ledger cannot be asked which model was activated
    └── FaultPointError          a test's fault point is set outside of a test
"""

import os


class InstallationError(Exception):
    """Base of every decision of this room."""


class SettingsError(InstallationError):
    """A setting is unknown or has a value that is not accepted."""

    exit_code = os.EX_CONFIG


class HomeError(InstallationError):
    """The home folder cannot be used."""

    exit_code = os.EX_CANTCREAT


class IdentifierKeyError(InstallationError):
    """The key that patients' identifiers are hashed with is missing or empty: what is hashed would match nothing."""

    exit_code = os.EX_CONFIG


class HomeInUseError(InstallationError):
    """Another service holds the home's lock."""

    exit_code = os.EX_CANTCREAT


class ActiveModelUnknownError(InstallationError):
    """There is a ledger, and it cannot be asked which model was activated in it."""

    exit_code = os.EX_UNAVAILABLE


class FaultPointError(InstallationError):
    """A fault point is set where none may be, or is not understood."""

    exit_code = os.EX_CONFIG
