"""What is known of one film, for programs: within a schema number keys are only added."""

from collections.abc import Mapping
from datetime import UTC, datetime, tzinfo
from typing import Any

from reports.columns import result_to_json
from reports.film.facts import FilmFacts

SCHEMA = 1
DELIVERY = ("target", "kind", "sop_instance_uid", "state", "attempts", "queued_at", "delivered_at", "last_words")
REFERENCE = ("source", "reference", "obtained_at", "recorded_at")


def film_to_json(facts: FilmFacts, zone: tzinfo = UTC) -> dict[str, object]:
    """Return an object that ``json`` can write: the film as in a report, and all that a report does not say of it."""
    record = facts.record
    return {
        **result_to_json(record.result, zone),
        "advice": facts.advice or None,
        "operating_points": facts.operating_points,
        "lies_at": facts.lies_at and str(facts.lies_at),
        "is_there": facts.is_there,
        "received_as": str(record.received_as),
        "inbox": str(record.inbox),
        "sender": record.sender,
        "size_bytes": record.size_bytes,
        "queued_at": _to_plain(record.queued_at, zone),
        "started_at": _to_plain(record.started_at, zone),
        "attempts": record.attempts,
        "transient_faults": record.transient_faults,
        "answered_by": record.answered_by,
        "header": dict(record.header),
        "references": [_list_fields(one, REFERENCE, zone) for one in record.references],
        "events": [_list_fields(one, ("at", "action", "detail"), zone) for one in record.events],
        "conflicts": [result_to_json(one, zone) for one in facts.same_uid],
        "earlier": [result_to_json(one, zone) for one in facts.earlier],
        "deliveries": [_list_fields(one, DELIVERY, zone) for one in record.deliveries],
        "sendings": [_list_fields(one, ("id", "sent_at"), zone) for one in facts.sendings],
    }


def _list_fields(one: object, names: tuple[str, ...], zone: tzinfo) -> Mapping[str, Any]:
    return {name: _to_plain(getattr(one, name), zone) for name in names}


def _to_plain(value: object, zone: tzinfo) -> object:
    return value.astimezone(zone).isoformat() if isinstance(value, datetime) else value
