from pathlib import Path

import numpy as np
import pytest

from inference.labels import BELOW_OPERATING_POINT, LABELS, OTHER_FINDING, Label, Outcome
from inference.prediction import Prediction
from training.data.dataset import Case
from training.evaluation.evaluation import count_refusals, evaluate
from training.evaluation.groups import REST
from training.evaluation.judged_films import JudgedFilm, RefusedFilm

COVID19, VIRAL, NORMAL = LABELS


def predict(label: Label, probability: float = 0.9, reason_code: str | None = None) -> Prediction:
    rest = (1.0 - probability) / 2
    return Prediction(
        outcome=Outcome.INDETERMINATE if reason_code else Outcome.PREDICTED,
        label=None if reason_code else label,
        probabilities={each: probability if each is label else rest for each in LABELS},
        reason_code=reason_code,
        activation_map=np.zeros((7, 7), np.float32),
    )


def film(label: str, patient: str, **facts: str) -> Case:
    return Case(Path(f"{patient}.png"), label, patient, **facts)


FILMS = [
    JudgedFilm(film(COVID19, "a", source="north", sex="F"), predict(COVID19), 500, 400),
    JudgedFilm(film(COVID19, "a", source="north", sex="F"), predict(COVID19, 0.5, BELOW_OPERATING_POINT), 500, 400),
    JudgedFilm(film(VIRAL, "b", source="north", sex="M"), predict(VIRAL), 600, 400),
    JudgedFilm(film(NORMAL, "c", source="south", sex="M"), predict(COVID19), 2000, 1800),
    JudgedFilm(film(NORMAL, "d", source="south"), predict(NORMAL, 0.9, OTHER_FINDING), 2000, 1800),
    JudgedFilm(film(OTHER_FINDING, "e"), predict(COVID19, 0.9, OTHER_FINDING)),
    JudgedFilm(film(OTHER_FINDING, "f"), predict(NORMAL)),
]


@pytest.fixture(scope="module")
def report() -> dict:
    refused = [
        RefusedFilm(film(NORMAL, "g", source="south"), "lateral"),
        RefusedFilm(film(OTHER_FINDING, "h"), "blank"),
    ]
    return evaluate(FILMS, LABELS, seed=0, refused=refused, prevalences={COVID19: (0.5,)}).to_json()


def test_scores_are_over_the_most_probable_label_of_judged_films_of_the_labels(report: dict):
    assert (report["n"], report["n_patients"]) == (5, 4)
    assert report["confusion_matrix"] == [[2, 0, 0], [0, 1, 0], [1, 0, 1]]
    assert report["accuracy"]["value"] == pytest.approx(0.8)
    assert report["balanced_accuracy"]["value"] == pytest.approx(0.8333)
    assert report["per_class"]["covid19"]["support"] == 2


def test_every_metric_is_a_value_within_an_interval(report: dict):
    for name in ("accuracy", "balanced_accuracy", "ece", "brier", "auroc_covid19_vs_normal"):
        assert set(report[name]) == {"value", "low", "high"}
        assert report[name]["low"] <= report[name]["value"] <= report[name]["high"]


def test_what_the_operating_points_leave_unanswered_is_counted(report: dict):
    answered = {name: share["value"] for name, share in report["answered"].items()}
    assert answered == {
        "coverage": 0.6,
        "accuracy": pytest.approx(0.6667, abs=1e-4),
        "lost_to_other_finding": 0.2,
        "below_operating_point": 0.2,
        "outside_training_population": 0.0,
    }


def test_a_higher_threshold_covers_fewer_films(report: dict):
    coverages = [point["coverage"]["value"] for point in report["coverage_curve"]]
    assert coverages == sorted(coverages, reverse=True)
    # one of five is lost to other_finding at any threshold
    assert coverages[0] == 0.8


def test_predictive_values_are_given_at_the_stated_prevalence_only(report: dict):
    (row,) = report["per_class"]["covid19"]["at_prevalence"]
    # sensitivity 1, specificity 2/3
    assert row["ppv"]["value"] == pytest.approx(0.75)
    assert report["per_class"]["normal"]["at_prevalence"] == []


def test_a_few_films_without_a_false_positive_promise_no_perfect_predictive_value():
    films = [JudgedFilm(film(label, f"{label}{place}"), predict(label)) for label in LABELS for place in range(10)]
    (row,) = evaluate(films, LABELS, seed=0, prevalences={COVID19: (0.01,)}).per_class["covid19"].at_prevalence
    assert row.ppv.value == 1.0
    assert row.ppv.low is not None
    assert row.ppv.low < 0.1


def test_reliability_bins_hold_every_film_once(report: dict):
    bins = report["reliability"]["bins"]
    assert sum(each["n"] for each in bins) == 5
    filled = [each for each in bins if each["n"]]
    assert [each["mean_probability"] for each in filled] == [0.5, 0.9]
    assert filled[1]["accuracy"]["value"] == pytest.approx(0.75)
    assert bins[0]["accuracy"] == {"value": None, "low": None, "high": None}


def test_films_of_other_findings_are_counted_apart(report: dict):
    others = report["other_finding"]
    assert (others["n"], others["n_refused"]) == (2, 1)
    assert others["answered_covid19"]["value"] == 0.0
    assert others["answered_normal"]["value"] == 0.5
    assert others["reason_other_finding"]["value"] == 0.5


def test_each_group_has_scores_of_its_own_and_its_refusals(report: dict):
    groups = report["by_group"]
    assert set(groups) == {"source", "site", "view", "age_group", "sex", "image_size"}
    assert groups["source"]["south"]["accuracy"]["value"] == 0.5
    assert groups["source"]["south"]["refused"] == 1
    assert groups["source"]["north"]["coverage"]["value"] == pytest.approx(2 / 3, abs=1e-4)
    assert list(groups["sex"]) == ["F", "M", "unknown"]
    assert [(name, group["n"]) for name, group in groups["image_size"].items()] == [
        ("up to 512 pixels", 2), ("513 to 1023 pixels", 1), ("from 1024 pixels", 2), ("unknown", 0)
    ]  # fmt: skip
    assert list(groups["site"]) == [REST]


def test_no_answers_give_a_report_without_metrics():
    measures = evaluate([], LABELS, seed=0)
    assert measures.n == 0
    assert measures.accuracy.value is None
    assert measures.by_group["source"] == {}


def test_refusals_are_counted_by_reason_and_label():
    refused = [
        RefusedFilm(film("normal", "x"), "blank"),
        RefusedFilm(film(OTHER_FINDING, "y"), "blank"),
        RefusedFilm(film("normal", "z"), "not_a_radiograph_file", unreadable=True),
    ]
    found = count_refusals([*FILMS, *refused], seed=0)
    assert (found.n, found.unreadable) == (3, 1)
    # two of seven films of the three labels
    assert found.share.value == 0.2857
    assert found.by_reason["blank"].by_label == {"normal": 1, "other_finding": 1}
    assert found.by_reason["blank"].advice
