"""What a screening process needs, built in that process."""

from collections.abc import Sequence
from pathlib import Path

from inference.classifier import Classifier
from inference.serving.client import PATIENCE_SECONDS, load_served_classifier
from store.database import open_database
from worker.home import Home
from worker.model import ServingModel
from worker.screening.finishing import Finisher
from worker.screening.protection import find_protection
from worker.screening.screener import Limits, Screener
from worker.screening.shelf import Shelf
from worker.screening.stages import StageSender
from worker.settings import WorkerSettings


def build_screener(
    settings: WorkerSettings, home: Home, model: ServingModel, sender: StageSender, sockets: Sequence[Path] = ()
) -> Screener:
    """Build what screens one file after another, with the network in the engines at these sockets, if there are any.

    Raises
    ------
    BundleError
        The bundle is not the one that the service started with.
    """
    engine = open_database(settings.sqlalchemy_url)
    return Screener(
        engine,
        _load_classifier(model.verify().folder, sockets, settings.read_seconds),
        Finisher(engine, Shelf(home)),
        find_protection(settings, may_make_key=True),
        Limits(settings.lease_seconds, settings.max_attempts, settings.max_file_bytes),
        sender,
    )


def _load_classifier(folder: Path, sockets: Sequence[Path], read_seconds: float) -> Classifier:
    """Load the classifier; an engine that hangs may cost a quarter of an attempt."""
    if not sockets:
        return Classifier.load(folder)
    return load_served_classifier(folder, sockets, min(PATIENCE_SECONDS, read_seconds / 4))
