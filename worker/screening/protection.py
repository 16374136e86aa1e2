"""The site's own way of storing identifiers: the same for what is screened and for what is imported later."""

from store.identifiers import Protect, build_protection
from worker.errors import HomeError
from worker.home import Home, read_identifier_key
from worker.settings import WorkerSettings


def find_protection(settings: WorkerSettings, *, may_make_key: bool) -> Protect:
    """Return what identifiers pass through on their way into the ledger, as the settings say.

    Parameters
    ----------
    may_make_key : bool
        Whether a home without a key gets one: what is hashed with a new key equals nothing that was hashed before.

    Raises
    ------
    HomeError
        There is no key, and none may be made.
    """
    home = Home(settings.home)
    if settings.store_identifiers:
        key = b""  # nothing is hashed
    elif settings.identifier_key is not None:
        key = settings.identifier_key.get_secret_value().encode()
    elif may_make_key or home.identifier_key.exists():
        key = read_identifier_key(home)
    else:
        message = (
            f"{home.identifier_key} is missing, which identifiers are hashed with: copy it from the service's home"
        )
        raise HomeError(message)
    return build_protection(store_identifiers=settings.store_identifiers, key=key)
