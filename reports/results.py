"""One result as the JSON object that programs rely on."""

from datetime import UTC, datetime, tzinfo

from store.questions.queries import Result


def result_to_json(result: Result, zone: tzinfo = UTC) -> dict[str, object]:
    """Return the result object of ``report --format json`` and ``predict --format json``.

    Parameters
    ----------
    result : Result
        A row of the ledger; or, where there is no ledger, one that was put together for a single file.
    zone : tzinfo
        The time zone in which its times are written.

    Returns
    -------
    dict
        Values that ``json`` can write: text, numbers in [0, 1], None, and times in ISO 8601 with their offset.
        ``file_name`` is the base name; what identifies the file is ``source_sha256``.
    """
    return {
        "file_name": result.file_name,
        "source_sha256": result.source_sha256,
        "state": result.state,
        "outcome": result.outcome,
        "label": result.label,
        "probabilities": result.probabilities,
        "reason_code": result.reason_code,
        "model_version": result.model_version,
        "model_sha256": result.model_sha256,
        "received_at": format_time(result.received_at, zone),
        "finished_at": format_time(result.finished_at, zone),
        "priority": result.priority,
    }


def format_time(moment: datetime | None, zone: tzinfo) -> str | None:
    """Return a moment in ISO 8601 with its offset, or None."""
    return None if moment is None else moment.astimezone(zone).isoformat()
