"""Which bundle serves: the one that is set, else the one that was activated, else the one that ships."""

from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Engine

from inference.bundle import SHIPPED_BUNDLE, Bundle, BundleMismatchError, read_bundle
from store.database import reading
from store.ledger.models import find_active_model, record_model


@dataclass(frozen=True, slots=True)
class ServingModel:
    """A bundle's folder and the hash under which the service started with it."""

    folder: Path
    model_sha256: str

    def verify(self) -> Bundle:
        """Read the bundle again; raises BundleError where it is no longer the same."""
        bundle = read_bundle(self.folder)
        if bundle.model_sha256 != self.model_sha256:
            message = f"the bundle in {self.folder} has been replaced since the service started: restart the service"
            raise BundleMismatchError(message)
        return bundle


def choose_model(engine: Engine, folder: Path | None) -> ServingModel:
    """Choose, verify and register the bundle that serves.

    Raises
    ------
    BundleError
        It is missing, corrupt, made for another version, or not the one that was activated.
    """
    with reading(engine) as connection:
        active = find_active_model(connection)
    chosen = folder or (active.folder if active else SHIPPED_BUNDLE)
    bundle = read_bundle(chosen)
    if folder is None and active is not None and bundle.model_sha256 != active.model_sha256:
        message = f"the bundle in {chosen} is not the one that was activated: run 'xray-cli model activate' again"
        raise BundleMismatchError(message)
    with engine.begin() as connection:
        record_model(connection, bundle.model_sha256, bundle.model_version, chosen)
    return ServingModel(chosen, bundle.model_sha256)
