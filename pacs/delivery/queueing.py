"""What should be on its way: found in the ledger again and again, so that screening need not think of it."""

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import Engine

from installation.targets import Target, TargetSettings
from pacs.answers.facts import make_instance_uid
from pacs.answers.secondary_capture import SC_CLASS
from pacs.answers.structured_report import SR_CLASSES
from pacs.errors import TargetError
from store.database import reading
from store.ledger.deliveries import NewDelivery, find_mark, move_mark, queue_deliveries
from store.questions.answers import Place, Undelivered, list_undelivered

PAGE = 500  # answers looked through at once
FIRST_CLASS = {"sr": SR_CLASSES[0], "sc": SC_CLASS}


def queue_new(ledger: Engine, settings: TargetSettings) -> int:
    """Queue for each target what was answered since it was first set; returns how many answers are new."""
    queued = 0
    for target, kind in settings.list_work():
        with ledger.begin() as connection:
            since = find_mark(connection, target.name, kind)
        queued += queue_period(ledger, settings, target, kind, since)
        with ledger.begin() as connection:
            move_mark(connection, target.name, kind)
    return queued


def queue_period(
    ledger: Engine, settings: TargetSettings, target: Target, kind: str, since: datetime, until: datetime | None = None
) -> int:
    """Queue what was answered in a period and is not known yet; may be repeated."""
    queued = 0
    after: Place | None = None
    while True:
        with reading(ledger) as connection:
            rule = settings.find_rule(target)
            found = list_undelivered(connection, target.name, kind, rule, since, until, after, PAGE)
        if not found:
            return queued
        with ledger.begin() as connection:
            queued += queue_deliveries(connection, list(_describe(found, settings.uid_root, target, kind)))
        after = (found[-1].finished_at, found[-1].arrival_id)


def find_target(settings: TargetSettings, name: str) -> Target:
    """Return a target by its name; raises TargetError where there is none, or nothing would be sent to it."""
    targets = {target.name: target for target in settings.list_targets()}
    if name not in targets:
        raise TargetError(f"there is no target {name[:32]!r}; XRAY_TARGETS names {', '.join(targets) or 'none'}")
    if not settings.list_kinds():
        raise TargetError("nothing would be sent: set XRAY_DELIVER to sr, sc or both")
    return targets[name]


def _describe(found: Iterable[Undelivered], root: str, target: Target, kind: str) -> Iterable[NewDelivery]:
    sop_class_uid = FIRST_CLASS[kind]
    for answer in found:
        uid = make_instance_uid(root, sop_class_uid, answer.source_sha256, answer.model_sha256)
        yield NewDelivery(answer.arrival_id, kind, target.name, sop_class_uid, uid)
