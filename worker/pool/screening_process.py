"""A screening process, a child of Celery's pool: made ready once after the fork, then one film after another."""

import logging
import os
import signal
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from sqlalchemy.exc import DBAPIError

from inference.alert_rules import parse_alert_rules
from inference.bundle import BundleError
from inference.classifier import Classifier
from inference.serving.client import PATIENCE_SECONDS, load_served_classifier
from installation.faults import fault_point
from installation.fence import keep_freed_memory, limit_memory
from installation.installation import Installation
from installation.model import check_unchanged
from worker.processes import die_with_parent, name_lease
from worker.screening.finishing import Finisher
from worker.screening.screener import Limits, Screener, log_bug
from worker.screening.shelf import Shelf
from worker.screening.stages import FilmsInReading, StageSender

logger = logging.getLogger(__name__)


class ScreeningProcess:
    """What each child of the pool does; made before the fork, and filled after it.

    Parameters
    ----------
    in_reading : FilmsInReading
        What the children share with the worker process.
    sockets : sequence of Path
        The engines' sockets; without any the network runs in the child itself.
    """

    def __init__(
        self, installation: Installation, sender: StageSender, in_reading: FilmsInReading, sockets: Sequence[Path]
    ) -> None:
        self._installation = installation
        self._sender = sender
        self._in_reading = in_reading
        self._sockets = sockets
        self._screener: Screener | None = None

    def prepare(self, **_: Any) -> None:
        """Get ready after the fork, and take no more memory than one film may."""
        die_with_parent()
        keep_freed_memory()
        fault_point("after_fork")
        try:
            self._get_screener()
        except BundleError as error:
            # without its model the whole worker must end, so that the service sees and says why
            logger.critical("%s", error, extra={"action": "model_refused"})
            os.kill(os.getppid(), signal.SIGTERM)
            os._exit(1)
        except OSError as error:
            _log_not_ready(error)
        limit_memory(self._installation.settings.max_memory_bytes)

    def screen(self, arrival_id: int, task_id: str) -> None:
        """Screen one arrival; whatever happens, Celery learns nothing of it."""
        try:
            self._get_screener().screen(arrival_id, name_lease(os.getppid(), task_id))
        except OSError as error:  # its id was taken for nothing, and is sent again
            _log_not_ready(error)
        except DBAPIError as error:
            facts = {"action": "database_away", "arrival_id": arrival_id}
            message = "the database does not answer (%s); it is screened again"
            logger.warning(message, type(error.orig).__name__, extra=facts)
        except Exception as error:  # noqa: BLE001  (Celery would log the message, which may quote a file)
            log_bug(arrival_id, error)

    def _get_screener(self) -> Screener:
        if self._screener is None:
            ledger, settings = self._installation.ledger, self._installation.settings
            self._screener = Screener(
                ledger,
                self._load_classifier(),
                Finisher(
                    ledger,
                    Shelf(self._installation.home),
                    parse_alert_rules(settings.alert_on),
                    [folder.resolve() for folder in settings.alert_not_from],
                ),
                self._installation.protect,
                Limits(settings.lease_seconds, settings.max_attempts, settings.max_file_bytes),
                self._sender,
                self._in_reading,
            )
        return self._screener

    def _load_classifier(self) -> Classifier:
        """Load the classifier; an engine that hangs may cost a quarter of an attempt."""
        model, read_seconds = self._installation.model, self._installation.settings.read_seconds
        if self._sockets:
            patience_seconds = min(PATIENCE_SECONDS, read_seconds / 4)
            classifier = load_served_classifier(model.folder, self._sockets, patience_seconds)
        else:
            classifier = Classifier.load(model.folder)
        check_unchanged(classifier.bundle, model.model_sha256)
        return classifier


def _log_not_ready(error: OSError) -> None:
    why = error.strerror or type(error).__name__
    message = "a screening process cannot get ready (%s); it tries again with its next file"
    logger.warning(message, why, extra={"action": "reader_not_ready"})
