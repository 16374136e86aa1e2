"""What a screening process needs, built in that process."""

from collections.abc import Sequence
from pathlib import Path

from inference.classifier import Classifier
from inference.serving.client import PATIENCE_SECONDS, load_served_classifier
from installation.installation import Installation
from installation.model import check_unchanged
from worker.screening.finishing import Finisher
from worker.screening.screener import Limits, Screener
from worker.screening.shelf import Shelf
from worker.screening.stages import StageSender


def build_screener(installation: Installation, sender: StageSender, sockets: Sequence[Path] = ()) -> Screener:
    """Build what screens one file after another, with the network in the engines at these sockets, if there are any.

    Raises
    ------
    BundleError
        The bundle is not the one that the service started with.
    """
    settings = installation.settings
    return Screener(
        installation.ledger,
        _load_classifier(installation, sockets),
        Finisher(installation.ledger, Shelf(installation.home)),
        installation.protect,
        Limits(settings.lease_seconds, settings.max_attempts, settings.max_file_bytes),
        sender,
    )


def _load_classifier(installation: Installation, sockets: Sequence[Path]) -> Classifier:
    """Load the classifier; an engine that hangs may cost a quarter of an attempt."""
    model, read_seconds = installation.model, installation.settings.read_seconds
    if sockets:
        classifier = load_served_classifier(model.folder, sockets, min(PATIENCE_SECONDS, read_seconds / 4))
    else:
        classifier = Classifier.load(model.folder)
    check_unchanged(classifier.bundle, model.model_sha256)
    return classifier
