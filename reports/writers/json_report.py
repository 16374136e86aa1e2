"""The report for programs: one JSON object, written while the results are read.

``schemas/report-1.json`` says what stands in it. Within a schema number keys are only added.
"""

import json
from datetime import UTC, datetime, tzinfo
from typing import TextIO

from documents.rates import Rate
from inference.labels import LABELS, NOTICE
from reports.columns import result_to_json
from reports.figures.agreement import Agreement, Contradictions, LabelAgreement
from reports.figures.drift import Drift
from reports.figures.report import Group, Latency, Quality, Report, ServedModel
from reports.figures.summary import PARTS, summary_to_json
from reports.formats import ReportSource
from reports.question.question import Question
from store.states import Priority

SCHEMA = 1


def write_json(source: ReportSource, stream: TextIO) -> None:
    """Write a report as JSON; one result is held in memory at a time.

    All of it is ASCII: file names with any sign in them come through any terminal and encoding unharmed.
    """
    zone = source.question.period.since.tzinfo or UTC
    head = json.dumps(report_to_json(source.report), indent=1, allow_nan=False)
    stream.write(head.removesuffix("\n}") + ',\n "results": [')
    encode = json.JSONEncoder(allow_nan=False).encode
    separator = "\n  "
    for result in source.results():
        stream.write(separator + encode(result_to_json(result, zone)))
        separator = ",\n  "
    stream.write("\n ]\n}\n")


def report_to_json(report: Report) -> dict[str, object]:
    """Return all of a report but its results, which stream."""
    return {
        "schema": SCHEMA,
        "notice": NOTICE,
        **_question_to_json(report),
        **_counts_to_json(report),
        **_service_to_json(report),
        **_films_to_json(report),
        "drift": report.drift and _drift_to_json(report.drift),
    }


def _question_to_json(report: Report) -> dict[str, object]:
    question = report.question
    return {
        "since": question.period.since.isoformat(),
        "until": question.period.until.isoformat(),
        "time_zone": question.zone_name,
        "made_at": report.made_at.isoformat(),
        "filters": _filters_to_json(question),
        "by": question.by,
    }


def _counts_to_json(report: Report) -> dict[str, object]:
    summary = report.summary
    return {
        "summary": summary_to_json(summary),
        "rates": {
            "labels": {str(label): _rate_to_json(summary.rate_of(label)) for label in LABELS},
            "outcomes": {part.value: _rate_to_json(summary.rate_of_part(part)) for part in PARTS},
        },
        "reasons": [
            {"outcome": one.part, "reason_code": one.reason_code, "count": one.count, "advice": one.advice}
            for one in report.reasons
        ],
        "conflicts": summary.conflicts,
        "groups": [_group_to_json(group) for group in report.groups],
    }


def _service_to_json(report: Report) -> dict[str, object]:
    return {
        "oldest_pending_at": _time(report.oldest_pending_at),
        "latency_seconds": _latency_to_json(report.latency),
        "latency_seconds_by_priority": {one.value: _latency_to_json(report.latency_of.get(one)) for one in Priority},
        "throughput": [{"hour": _time(hour.begins_at), "finished": hour.finished} for hour in report.hours],
        "models": [_model_to_json(model) for model in report.models],
        "model_switches": [
            {"at": _time(switch.at), "before": switch.before, "after": switch.after} for switch in report.switches
        ],
    }


def _films_to_json(report: Report) -> dict[str, object]:
    zone = report.question.period.since.tzinfo or UTC
    return {
        "likely_positives": [result_to_json(result, zone) for result in report.positives],
        "quality": _quality_to_json(report.quality),
        "agreement": [_agreement_to_json(each, zone) for each in report.agreement],
    }


def _latency_to_json(latency: Latency | None) -> dict[str, object] | None:
    if latency is None:
        return None
    times = {"median": latency.median_seconds, "p95": latency.p95_seconds, "max": latency.max_seconds}
    return {"files": latency.files, **times}


def _model_to_json(model: ServedModel) -> dict[str, object]:
    return {
        "model_version": model.model_version,
        "model_sha256": model.model_sha256,
        "films": model.films,
        "first_at": _time(model.first_at),
        "last_at": _time(model.last_at),
    }


def _time(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat()


def _filters_to_json(question: Question) -> dict[str, object]:
    filters = question.filters
    return {
        "labels": filters.labels,
        "outcomes": filters.parts,
        "reasons": filters.reasons,
        "models": filters.models,
        "inboxes": [str(inbox) for inbox in filters.inboxes],
        "modalities": filters.modalities,
        "priorities": filters.priorities,
        "min_probabilities": [{"label": label, "at_least": least} for label, least in filters.minimums],
    }


def _group_to_json(group: Group) -> dict[str, object]:
    key = _time(group.key) if isinstance(group.key, datetime) else group.key
    return {"key": key, "summary": summary_to_json(group.summary)}


def _quality_to_json(quality: Quality) -> dict[str, object]:
    return {
        "films": quality.films,
        "without_header": quality.without_header,
        "missing": {gap.attribute: {"count": gap.missing, "of": gap.headers} for gap in quality.gaps},
    }


def _drift_to_json(drift: Drift) -> dict[str, object]:
    return {
        "since": _time(drift.reference.since),
        "until": _time(drift.reference.until),
        "films": drift.films,
        "reference_films": drift.reference_films,
        "reference_every": drift.reference_every,
        "checks": [
            {
                "subject": check.subject,
                "group": check.group,
                "measure": check.measure,
                "value": check.value,
                "watch_from": check.watch_from,
                "shifted_from": check.shifted_from,
                "level": check.level,
                "meaning": check.meaning,
            }
            for check in drift.checks
        ],
        "probabilities": {
            str(one.label): {"counts": one.counts, "reference_counts": one.reference_counts} for one in drift.scores
        },
    }


MEASURES = ("sensitivity", "specificity", "ppv", "npv")


def _agreement_to_json(agreement: Agreement, zone: tzinfo) -> dict[str, object]:
    """Return one entry of ``agreement`` of a report's JSON."""
    calibration = agreement.calibration
    return {
        "source": agreement.source.value,
        "films": agreement.films,
        "patients": agreement.patients,
        "answered": _rate_to_json(agreement.answered),
        "counts": [
            {"reference": reference.value, "label": label and label.value, "films": films}
            for (reference, label), films in sorted(agreement.counts.items(), key=lambda item: str(item[0]))
        ],
        "labels": {each.label.value: _label_to_json(each) for each in agreement.labels},
        "calibration": {
            "ece": _round(calibration.ece),
            "bins": [
                {
                    "low": each.low,
                    "high": each.high,
                    "mean_probability": _round(each.mean_probability),
                    "observed": _rate_to_json(each.observed),
                }
                for each in calibration.bins
            ],
        },
        "missed": agreement.missed.count,
        "misses": _contradictions_to_json(agreement.missed, zone),
        "falsely_called": agreement.false_alarms.count,
        "false_alarms": _contradictions_to_json(agreement.false_alarms, zone),
    }


def _rate_to_json(rate: Rate) -> dict[str, object]:
    """Return a share with its interval and what it is a share of; ``value``, ``low`` and ``high`` None of nothing."""
    bounds = {"value": _round(rate.value), "low": _round(rate.low), "high": _round(rate.high)}
    return {**bounds, "count": rate.count, "whole": rate.whole}


def _contradictions_to_json(found: Contradictions, zone: tzinfo) -> list[dict[str, object]]:
    return [{"reference": film.reference.value, "result": result_to_json(film.result, zone)} for film in found.films]


def _label_to_json(agreement: LabelAgreement) -> dict[str, object]:
    return {name: _rate_to_json(getattr(agreement, name)) for name in MEASURES}


def _round(number: float | None) -> float | None:
    return None if number is None else round(number, 4)
