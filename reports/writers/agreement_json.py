"""Agreement with RT-PCR and readers as the JSON object that programs rely on."""

from datetime import tzinfo

from documents.rates import Rate
from reports.columns import result_to_json
from reports.figures.agreement import Agreement, LabelAgreement
from reports.figures.contradictions import Contradictions

MEASURES = ("sensitivity", "specificity", "ppv", "npv")


def agreement_to_json(agreement: Agreement, zone: tzinfo) -> dict[str, object]:
    """Return one entry of ``agreement`` of a report's JSON."""
    calibration = agreement.calibration
    return {
        "source": agreement.source.value,
        "films": agreement.films,
        "patients": agreement.patients,
        "answered": rate_to_json(agreement.answered),
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
                    "observed": rate_to_json(each.observed),
                }
                for each in calibration.bins
            ],
        },
        "missed": agreement.missed.count,
        "misses": _films_to_json(agreement.missed, zone),
        "falsely_called": agreement.false_alarms.count,
        "false_alarms": _films_to_json(agreement.false_alarms, zone),
    }


def rate_to_json(rate: Rate) -> dict[str, object]:
    """Return a share with its interval and what it is a share of; ``value``, ``low`` and ``high`` None of nothing."""
    bounds = {"value": _round(rate.value), "low": _round(rate.low), "high": _round(rate.high)}
    return {**bounds, "count": rate.count, "whole": rate.whole}


def _films_to_json(found: Contradictions, zone: tzinfo) -> list[dict[str, object]]:
    return [{"reference": film.reference.value, "result": result_to_json(film.result, zone)} for film in found.films]


def _label_to_json(agreement: LabelAgreement) -> dict[str, object]:
    return {name: rate_to_json(getattr(agreement, name)) for name in MEASURES}


def _round(number: float | None) -> float | None:
    return None if number is None else round(number, 4)
