"""Made-up evaluations with every part that there can be, as JSON and typed."""

import io
from collections.abc import Sequence
from typing import Any

import numpy as np
from PIL import Image

from inference.labels import LABELS, NOTICE
from training.evaluation.result import Evaluation

METRICS = ("sensitivity", "specificity", "ppv", "npv", "auroc", "auprc")


def make_estimate(value: float, half: float = 0.03) -> dict[str, float | None]:
    return {"value": round(value, 4), "low": round(max(value - half, 0), 4), "high": round(min(value + half, 1), 4)}


ABSENT: dict[str, float | None] = {"value": None, "low": None, "high": None}


def make_scores(value: float = 0.9, supports: Sequence[int] = (49, 60, 76), half: float = 0.03) -> dict[str, Any]:
    def measure(count: int, offset: float) -> dict[str, float | None]:
        return make_estimate(min(value + offset, 1.0), half) if count else ABSENT

    offsets = (-0.02, 0.07, 0.01, 0.05, 0.08, 0.06)
    return {
        "n": sum(supports),
        "n_patients": max(sum(supports) - 18, 0),
        "accuracy": measure(sum(supports), 0.01),
        "balanced_accuracy": measure(sum(supports), 0.0),
        "ece": make_estimate(0.042, 0.02) if sum(supports) else ABSENT,
        "brier": make_estimate(0.12) if sum(supports) else ABSENT,
        "auroc_covid19_vs_normal": measure(supports[0] * supports[2], 0.05),
        "per_class": {
            str(label): {name: measure(count, offset) for name, offset in zip(METRICS, offsets, strict=True)}
            | {"support": count}
            for label, count in zip(LABELS, supports, strict=True)
        },
        "confusion_matrix": [
            [count - 2 * (count // 16) if row == column else count // 16 for column in range(3)]
            for row, count in enumerate(supports)
        ],
    }


def make_evaluation(**changes: Any) -> Evaluation:
    """Make an evaluation with every part, some of them changed."""
    return Evaluation.from_json(make_report() | changes)


def make_report(*, works_without_lungs: bool = False) -> dict[str, Any]:
    """Make the JSON of an evaluation with every part, and the pictures."""
    report = make_scores()
    for each in report["per_class"].values():
        each["at_prevalence"] = [
            {
                "prevalence": share,
                "ppv": make_estimate(0.3 + share, 0.1),
                "npv": make_estimate(0.999 - share / 10, 0.001),
            }
            for share in (0.01, 0.05, 0.2)
        ]
    return report | {
        "schema": 1,
        "notice": NOTICE,
        "evaluated_at": "2026-11-21T13:33:00+00:00",
        "model_version": "lite0-2026.11.2",
        "model_sha256": "c1" * 32,
        "model": {
            "input_size": 224,
            "preprocessing_version": "2",
            "outputs": [*LABELS, "other_finding"],
            "temperature": 0.9927,
            "operating_points": {"covid19": 0.94, "viral_pneumonia": 0.81, "normal": 0.81, "other_finding": 0.8},
            "training_data_sha256": "ab" * 32,
        },
        "dataset": {
            "name": "radiographs",
            "split": "held-out",
            "n_files": 190,
            "sha256": "d0" * 32,
            "n_seen": 0,
            "same_as_training": False,
        },
        "warnings": [
            {"code": "few_films", "message": "There are fewer than 30 films of some groups; their intervals are wide."}
        ],
        "bootstrap": {"resamples": 1000, "interval": 0.95, "unit": "patient", "seed": 0},
        "refused": {
            "n": 5,
            "unreadable": 1,
            "share": make_estimate(0.021, 0.012),
            "by_reason": {
                "rotated": {"n": 3, "advice": "Turn the film upright before it is sent.", "by_label": {"covid19": 3}},
                "not_a_chest_film": {
                    "n": 1,
                    "advice": "Send frontal chest radiographs only.",
                    "by_label": {"normal": 1},
                },
                "damaged": {"n": 1, "advice": "Send the file again from its source.", "by_label": {"other_finding": 1}},
            },
        },
        "answered": {
            "coverage": make_estimate(0.72, 0.06),
            "accuracy": make_estimate(0.94, 0.04),
            "lost_to_other_finding": make_estimate(0.03, 0.02),
            "below_operating_point": make_estimate(0.25, 0.05),
        },
        "coverage_curve": [
            {"threshold": t, "coverage": make_estimate(1 - t**3), "accuracy": make_estimate(0.9 + 0.095 * t**2)}
            for t in np.linspace(0.34, 0.99, 40).round(3).tolist()
        ],
        "reliability": {"bins": [_make_bin(place) for place in range(15)]},
        "curves": {str(label): _make_curves(power) for label, power in zip(LABELS, (0.06, 0.1, 0.2), strict=True)}
        | {"covid19_vs_normal": _make_curves(0.14)},
        "other_finding": {
            "n": 91,
            "n_refused": 2,
            "answered_covid19": make_estimate(0.044, 0.04),
            "answered_viral_pneumonia": make_estimate(0.0, 0.0),
            "answered_normal": make_estimate(0.21, 0.08),
            "indeterminate": make_estimate(0.746, 0.09),
            "reason_other_finding": make_estimate(0.6, 0.1),
        },
        "by_group": _make_groups(),
        "leave_one_out": _make_left_out(),
        "audit": _make_audit(works_without_lungs),
        "worst": [_make_film(place) for place in range(12)],
    }


def make_hollow_report() -> dict[str, Any]:
    """Make the JSON of an evaluation without a single judged film: every part is there, every figure None."""
    scores = make_scores(supports=(0, 0, 0))
    none = {"coverage": ABSENT, "accuracy": ABSENT, "lost_to_other_finding": ABSENT, "below_operating_point": ABSENT}
    names = ("answered_covid19", "answered_viral_pneumonia", "answered_normal", "indeterminate", "reason_other_finding")
    bins = [
        {"low": place / 15, "high": (place + 1) / 15, "n": 0, "mean_probability": None, "accuracy": ABSENT}
        for place in range(15)
    ]
    return scores | {
        "model_version": "hollow",
        "dataset": {
            "name": "empty",
            "split": "all",
            "n_files": 0,
            "sha256": None,
            "n_seen": None,
            "same_as_training": False,
        },
        "warnings": [],
        "refused": {"n": 0, "unreadable": 0, "share": ABSENT, "by_reason": {}},
        "answered": none,
        "coverage_curve": [{"threshold": 0.5, "coverage": ABSENT, "accuracy": ABSENT}],
        "reliability": {"bins": bins},
        "curves": {},
        "other_finding": {"n": 0, "n_refused": 0} | dict.fromkeys(names, ABSENT),
        "by_group": {"source": {}, "view": {"PA": scores | {"refused": 0, "coverage": ABSENT}}},
        "leave_one_out": {"by": "source", "method": "", "groups": {}, "skipped": {"a": "no film"}, "all": None},
        "audit": {
            "works_without_lungs": False,
            "verdict": "near_chance",
            "limit": 0.45,
            "chance": 1 / 3,
            "lungs_masked": scores,
            "border_only": None,
            "baselines": {"image_size_tree": scores},
            "source_within_class": dict.fromkeys(LABELS),
            "activation": {
                "n": 0,
                "in_lungs": ABSENT,
                "area": ABSENT,
                "ratio": ABSENT,
                "peak_in_lungs": ABSENT,
                "by_label": {},
            },
        },
        "worst": [],
    }


def _make_bin(place: int) -> dict[str, Any]:
    count = 0 if place < 5 else (place - 4) ** 2
    stated = (place + 0.5) / 15
    return {
        "low": place / 15,
        "high": (place + 1) / 15,
        "n": count,
        "mean_probability": stated if count else None,
        "accuracy": make_estimate(max(stated - 0.06 * (place % 3 - 1), 0.0), 0.1) if count else ABSENT,
    }


def _make_curves(power: float) -> dict[str, Any]:
    steps = np.linspace(0, 1, 101)
    roc, precision = steps**power, 1 - 0.6 * steps ** (1 / power)
    return {
        "roc": {
            "fpr": steps.tolist(),
            "tpr": roc.tolist(),
            "low": (roc - 0.04 * (1 - roc) - 0.01).clip(0, 1).tolist(),
            "high": (roc + 0.5 * (1 - roc)).clip(0, 1).tolist(),
        },
        "pr": {
            "recall": steps.tolist(),
            "precision": precision.tolist(),
            "low": (precision - 0.03).clip(0, 1).tolist(),
            "high": (precision + 0.02).clip(0, 1).tolist(),
            "prevalence": 0.2 + power,
        },
    }


def _make_groups() -> dict[str, Any]:
    def make(value: float, supports: Sequence[int], half: float = 0.05) -> dict[str, Any]:
        return make_scores(value, supports, half) | {"refused": 1, "coverage": make_estimate(0.7, 0.1)}

    return {
        "source": {
            "cohen": make(0.76, (49, 0, 0), 0.1),
            "kermany512": make(0.91, (0, 60, 35)),
            "nih": make(0.95, (0, 0, 41)),
        },
        "view": {
            "AP": make(0.91, (14, 60, 49)),
            "AP Supine": make(1.0, (11, 0, 0), 0.0),
            "PA": make(0.88, (24, 0, 27), 0.09),
        },
        "age_group": {
            "adult": make(0.89, (44, 0, 41)),
            "paediatric": make(0.91, (0, 60, 35)),
            "unknown": make(1.0, (5, 0, 0), 0.0),
        },
        "sex": {"F": make(0.9, (20, 0, 21)), "M": make(0.87, (24, 0, 20)), "unknown": make(0.91, (5, 60, 35))},
        "image_size": {"512 x 512": make(0.91, (0, 60, 35)), "up to 1024": make(0.86, (49, 0, 41), 0.08)},
    }


def _make_left_out() -> dict[str, Any]:
    def make(value: float, supports: Sequence[int], missing: Sequence[str] = ()) -> dict[str, Any]:
        scores = make_scores(value, supports, 0.08)
        names = ("n", "n_patients", "balanced_accuracy", "accuracy", "auroc_covid19_vs_normal")
        return {name: scores[name] for name in names} | {
            "support": dict(zip(map(str, LABELS), supports, strict=True)),
            "auroc_against": "held_out_patients",
            "labels_not_trained": list(missing),
        }

    return {
        "by": "site",
        "method": "A classifier on the model's features is trained on all sites but one and judged on that one.",
        "groups": {"Italy": make(0.81, (40, 0, 0)), "Guangzhou": make(0.42, (0, 60, 35), ["viral_pneumonia"])},
        "skipped": {"fewer than 10 films": "its films come from many sites"},
        "all": make(0.66, (40, 60, 35)),
    }


def _make_audit(works_without_lungs: bool) -> dict[str, Any]:
    masked = 0.79 if works_without_lungs else 0.4
    telling = {"sources": {"kermany512": 36, "nih": 41}, "chance": 0.5, "film_thumbnail": make_estimate(0.99, 0.01)}
    shares = {"in_lungs": make_estimate(0.71), "area": make_estimate(0.48), "peak_in_lungs": make_estimate(0.83, 0.06)}
    return {
        "works_without_lungs": works_without_lungs,
        "verdict": "works_without_lungs" if works_without_lungs else "near_chance",
        "limit": 0.45,
        "chance": 0.3333,
        "lungs_masked": make_scores(masked, half=0.06),
        "border_only": make_scores(0.35, half=0.04),
        "baselines": {
            "image_size_logistic": make_scores(0.66),
            "image_size_tree": make_scores(0.84),
            "thumbnail_logistic": make_scores(0.88),
        },
        "source_within_class": {
            "covid19": None,
            "viral_pneumonia": None,
            "normal": telling | {"framed_thumbnail": make_estimate(0.93), "features": make_estimate(0.97, 0.02)},
        },
        "activation": {"n": 185, "ratio": {"value": 1.48, "low": 1.41, "high": 1.55}}
        | shares
        | {"by_label": {str(label): {"n": 50} | shares for label in LABELS}},
    }


def _make_film(place: int) -> dict[str, Any]:
    grey = np.add.outer(np.arange(224), np.arange(224)).astype(np.uint8) // 2 + 8 * place
    red = np.stack([grey, grey // 2, grey // 3], axis=-1)
    probability = 0.999 - place / 40
    return {
        "file": f"covid19/cohen__{place:08d}-a-rather-long-name-of-a-file.jpg",
        "reference_label": "covid19",
        "answered": "normal",
        "probability": probability,
        "outcome": "predicted" if place < 4 else "indeterminate",
        "reason_code": None if place < 4 else "below_operating_point",
        "probabilities": {"covid19": 1 - probability, "viral_pneumonia": 0.0, "normal": probability},
        "source": "cohen",
        "view": "PA",
        "age_group": "adult",
        "sex": "F",
        "picture": encode_jpeg(grey),
        "overlay": encode_jpeg(red),
    }


def encode_jpeg(pixels: np.ndarray[Any, Any]) -> bytes:
    stream = io.BytesIO()
    Image.fromarray(pixels).save(stream, "JPEG")
    return stream.getvalue()
