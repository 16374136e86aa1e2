"""The report for programs: one JSON object, written while the results are read.

``schemas/report-1.json`` says what stands in it. Within a schema number keys are only added.
"""

import json
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from datetime import UTC, datetime, tzinfo
from pathlib import Path
from typing import TextIO

from documents.rates import Rate
from inference.labels import NOTICE
from reports.columns import result_to_json
from reports.figures.agreement import Agreement, Contradictions
from reports.figures.drift import Drift
from reports.figures.report import Latency, Quality, Report
from reports.figures.summary import PARTS, Summary, summary_to_json
from reports.formats import ReportSource
from reports.question.question import Question
from store.questions.queries import Result
from store.states import Priority

SCHEMA = 1


def write_json(source: ReportSource, stream: TextIO) -> None:
    """Write a report as JSON; one result is held in memory at a time.

    All of it is ASCII: file names with any sign in them come through any terminal and encoding unharmed.
    """
    zone = source.question.period.since.tzinfo or UTC
    head = json.dumps(_to_plain(_report_to_json(source.report), zone), indent=1, allow_nan=False)
    stream.write(head.removesuffix("\n}") + ',\n "results": [')
    encode = json.JSONEncoder(allow_nan=False).encode
    separator = "\n  "
    for result in source.results():
        stream.write(separator + encode(result_to_json(result, zone)))
        separator = ",\n  "
    stream.write("\n ]\n}\n")


def _report_to_json(report: Report) -> dict[str, object]:
    """Return all of a report but its results, which stream."""
    question = report.question
    return {
        "schema": SCHEMA,
        "notice": NOTICE,
        "since": question.period.since,
        "until": question.period.until,
        "time_zone": question.zone_name,
        "made_at": report.made_at,
        "filters": _filters_to_json(question),
        "by": question.by,
        **_counts_to_json(report),
        **_service_to_json(report),
        "likely_positives": report.positives,
        "quality": _quality_to_json(report.quality),
        "agreement": [_agreement_to_json(each) for each in report.agreement],
        "drift": report.drift and _drift_to_json(report.drift),
    }


def _filters_to_json(question: Question) -> dict[str, object]:
    filters = question.filters
    return {
        "labels": filters.labels,
        "outcomes": filters.parts,
        "reasons": filters.reasons,
        "models": filters.models,
        "inboxes": filters.inboxes,
        "modalities": filters.modalities,
        "priorities": filters.priorities,
        "stations": filters.stations,
        "files": filters.files,
        "accessions": filters.accessions,
        "patients": filters.patients,
        "uids": filters.uids,
        "min_probabilities": [{"label": label, "at_least": least} for label, least in filters.minimums],
    }


def _counts_to_json(report: Report) -> dict[str, object]:
    summary = report.summary
    return {
        "summary": summary,
        "rates": {
            "labels": {label: summary.rate_of(label) for label in summary.known_labels},
            "outcomes": {part: summary.rate_of_part(part) for part in PARTS},
        },
        "reasons": [
            {"outcome": one.part, "reason_code": one.reason_code, "count": one.count, "advice": one.advice}
            for one in report.reasons
        ],
        "conflicts": summary.conflicts,
        "groups": report.groups,
    }


def _service_to_json(report: Report) -> dict[str, object]:
    return {
        "oldest_pending_at": report.oldest_pending_at,
        "latency_seconds": _latency_to_json(report.latency),
        "latency_seconds_by_priority": {one: _latency_to_json(report.latency_of.get(one)) for one in Priority},
        "longest_wait_minutes": report.question.longest_wait_minutes,
        "throughput": [{"hour": hour.begins_at, "finished": hour.finished, "late": hour.late} for hour in report.hours],
        "models": report.models,
        "model_switches": report.switches,
    }


def _latency_to_json(latency: Latency | None) -> dict[str, object] | None:
    if latency is None:
        return None
    times = {"median": latency.median_seconds, "p95": latency.p95_seconds, "max": latency.max_seconds}
    return {"files": latency.files, **times}


def _quality_to_json(quality: Quality) -> dict[str, object]:
    missing = {gap.attribute: {"count": gap.missing, "of": gap.headers} for gap in quality.gaps}
    return {"films": quality.films, "without_header": quality.without_header, "missing": missing}


def _agreement_to_json(agreement: Agreement) -> dict[str, object]:
    return {
        "source": agreement.source,
        "films": agreement.films,
        "patients": agreement.patients,
        "answered": agreement.answered,
        "counts": [
            {"reference": reference, "label": label, "films": films}
            for (reference, label), films in sorted(agreement.counts.items(), key=lambda item: str(item[0]))
        ],
        "labels": agreement.labels,
        "calibration": agreement.calibration,
        "missed": agreement.missed.count,
        "misses": _films_to_json(agreement.missed),
        "falsely_called": agreement.false_alarms.count,
        "false_alarms": _films_to_json(agreement.false_alarms),
        "not_known": agreement.not_known,
    }


def _films_to_json(found: Contradictions) -> list[dict[str, object]]:
    return [{"reference": film.reference, "result": film.result} for film in found.films]


def _drift_to_json(drift: Drift) -> dict[str, object]:
    return {
        "since": drift.reference.since,
        "until": drift.reference.until,
        "films": drift.films,
        "reference_films": drift.reference_films,
        "reference_every": drift.reference_every,
        "checks": drift.checks,
        "probabilities": drift.scores,
    }


def _to_plain(value: object, zone: tzinfo) -> object:
    """Return a value as ``json`` takes it; of what has nothing else to say here, an object of its fields."""
    match value:
        case Rate():
            bounds = {"value": value.value, "low": value.low, "high": value.high}
            rounded = {name: None if bound is None else round(bound, 4) for name, bound in bounds.items()}
            return {**rounded, "count": value.count, "whole": value.whole}
        case Result():
            return result_to_json(value, zone)
        case Summary():
            return summary_to_json(value)
        case datetime():
            return value.isoformat()
        case Path():
            return str(value)
        case Mapping():
            return {str(key): _to_plain(each, zone) for key, each in value.items()}
        case list() | tuple():
            return [_to_plain(each, zone) for each in value]
    if is_dataclass(value):
        return {field.name: _to_plain(getattr(value, field.name), zone) for field in fields(value)}
    return value
