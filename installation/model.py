"""Which bundle serves: the one that is set, else the one that was activated, else the one that ships."""

from pathlib import Path
from typing import TYPE_CHECKING

from inference.bundle import SHIPPED_BUNDLE, Bundle, BundleMismatchError, BundleNotFoundError, read_bundle
from installation.errors import ActiveModelUnknownError

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from store.ledger.models import RegisteredModel


def choose_model(folder: Path | None, active: "RegisteredModel | None") -> Bundle:
    """Choose the bundle that serves, and verify it.

    Parameters
    ----------
    folder : Path or None
        The bundle that is set (``XRAY_MODEL``, ``--model``).
    active : RegisteredModel or None
        The one that was activated in this ledger.

    Raises
    ------
    BundleError
        It is missing, corrupt, made for another version, or not the one that was activated.
    """
    if folder is not None or active is None:
        return read_bundle(folder or SHIPPED_BUNDLE)
    try:
        bundle = read_bundle(active.folder)
    except BundleNotFoundError as error:
        message = f"{error}, which was activated: put it back, activate another, or set XRAY_MODEL"
        raise BundleNotFoundError(message) from None
    if bundle.model_sha256 != active.model_sha256:
        message = (
            f"the bundle in {active.folder} is not the one that was activated: run 'xray-cli model activate' again"
        )
        raise BundleMismatchError(message)
    return bundle


def find_activated(engine: "Engine") -> "RegisteredModel | None":
    """Ask a ledger which model was activated, whether or not its tables are of this version; None: nobody has chosen.

    Raises
    ------
    ActiveModelUnknownError
        It does not answer.
    """
    from sqlalchemy.exc import DBAPIError

    from store.database import reading
    from store.ledger.models import find_active_model
    from store.schema import find_revision

    try:
        if find_revision(engine) is None:
            return None
        with reading(engine) as connection:
            return find_active_model(connection)
    except DBAPIError as error:
        message = (
            f"the ledger does not say which model was activated ({type(error.orig).__name__}): "
            "name a bundle with XRAY_MODEL, or see 'xray-cli doctor'"
        )
        raise ActiveModelUnknownError(message) from None


def check_unchanged(bundle: Bundle, model_sha256: str) -> Bundle:
    """Return a bundle if it is the one that a service started with; raises BundleMismatchError."""
    if bundle.model_sha256 != model_sha256:
        message = f"the bundle in {bundle.folder} has been replaced since the service started: restart the service"
        raise BundleMismatchError(message)
    return bundle
