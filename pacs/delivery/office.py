"""The process that delivers: it looks for what is due, and has a courier for each target."""

import logging
from collections.abc import Sequence
from functools import partial
from threading import Event, Thread

from sqlalchemy.exc import DBAPIError

from inference.labels import NOTICE
from installation.installation import Installation
from installation.targets import Target
from pacs.answers.making import AnswerMaker
from pacs.delivery.courier import Courier
from pacs.delivery.peers import Peer
from pacs.delivery.queueing import queue_new
from pacs.errors import TargetError
from reports.question.periods import find_zone
from store.errors import describe_database_error

logger = logging.getLogger(__name__)

LOOK_SECONDS = 2.0
FAULT_SECONDS = 5.0


def deliver(installation: Installation, stop: Event) -> None:
    """Queue and send answers until it is time to stop; what is being sent is finished first.

    Raises
    ------
    TargetError
        The settings name no target, or nothing that is sent.
    """
    settings = installation.settings
    if not list(settings.list_work()):
        raise TargetError("nothing to deliver: set XRAY_TARGETS, and XRAY_DELIVER to sr, sc or both")
    couriers = build_couriers(installation)
    threads = [Thread(target=_run, args=(courier, stop), daemon=True) for courier in couriers]
    for thread in threads:
        thread.start()
    named = ", ".join(courier.target.name for courier in couriers)
    logger.info("answers go to %s; Ctrl-C stops. %s", named, NOTICE, extra={"action": "delivering"})
    while not stop.is_set():
        try:
            queue_new(installation.ledger, settings)
        except DBAPIError as error:
            _wait_for_ledger(error, stop)
        stop.wait(LOOK_SECONDS)
    for thread in threads:
        thread.join()


def build_couriers(installation: Installation) -> Sequence[Courier]:
    """Build a courier for each target."""
    settings = installation.settings
    maker = AnswerMaker(find_zone(settings.time_zone), settings.max_file_bytes)
    return [
        Courier(installation.ledger, target, maker, partial(_connect, installation, target))
        for target in settings.list_targets()
    ]


def _connect(installation: Installation, target: Target) -> Peer:
    settings = installation.settings
    if target.url:
        from pacs.delivery.web_peer import WebPeer

        return WebPeer(target, settings)
    from pacs.delivery.dicom_peer import DicomPeer

    return DicomPeer(target, settings.ae_title, settings)


def _run(courier: Courier, stop: Event) -> None:
    while not stop.is_set():
        try:
            pause = courier.run(stop.is_set)
        except DBAPIError as error:
            _wait_for_ledger(error, stop)
        else:
            stop.wait(pause)


def _wait_for_ledger(error: DBAPIError, stop: Event) -> None:
    logger.warning("%s; waiting for it", describe_database_error(error), extra={"action": "delivery_paused"})
    stop.wait(FAULT_SECONDS)
