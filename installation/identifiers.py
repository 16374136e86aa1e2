"""The site's own way of storing identifiers: the same for what is screened and for what is imported later."""

import os
import secrets

from installation.errors import IdentifierKeyError
from installation.home import Home
from installation.settings import WorkerSettings
from store.identifiers import Protect, build_protection


def find_protection(settings: WorkerSettings, home: Home) -> Protect:
    """Return what identifiers pass through on their way into the ledger, as the settings say.

    Raises
    ------
    IdentifierKeyError
        The home has no key with which they could be hashed.
    """
    if settings.store_identifiers:
        key = b""  # nothing is hashed
    elif settings.identifier_key is not None:
        key = settings.identifier_key.get_secret_value().encode()
    else:
        key = _read_key(home)
    return build_protection(store_identifiers=settings.store_identifiers, key=key)


def make_identifier_key(settings: WorkerSettings, home: Home) -> None:
    """Make the secret with which identifiers are hashed, where the settings ask for one and the home has none yet.

    Only where films are screened: what is hashed with a new key equals nothing that was hashed before.

    Raises
    ------
    IdentifierKeyError
        The key that is there is none.
    """
    if settings.store_identifiers or settings.identifier_key is not None:
        return
    try:
        descriptor = os.open(home.identifier_key, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    except FileExistsError:
        _read_key(home)
        return
    with os.fdopen(descriptor, "wb") as file:
        file.write(secrets.token_hex(32).encode())
        file.flush()
        os.fsync(file.fileno())


def _read_key(home: Home) -> bytes:
    path = home.identifier_key
    if not path.exists():
        message = f"{path} is missing, which identifiers are hashed with: copy it from the service's home"
        raise IdentifierKeyError(message)
    key = path.read_bytes()
    if not key:  # whoever made it was killed before it was written; hashes without a key can be guessed
        message = f"{path} is empty, which identifiers are hashed with: put it back from a backup, or remove it"
        raise IdentifierKeyError(message)
    return key
