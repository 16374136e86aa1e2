from dataclasses import replace

import numpy as np
import pytest

from inference.labels import LABELS, Label, Outcome
from inference.prediction import Prediction
from tests.training.evaluation.test_evaluation import film, predict
from training.data.dataset import Case
from training.evaluation.answers import Answer
from training.evaluation.examination import Evidence, Focus
from training.evaluation.figures.estimates import draw_patients
from training.evaluation.shortcuts.audit import Film, audit, judge
from training.evaluation.worst import PICTURES, drop_pictures, find_worst

FILMS_OF_A_LABEL = 30
GENERATOR = np.random.default_rng(0)


def make_film(label: Label, place: int, *, answered: Label, without_lungs: Label) -> Film:
    case = film(label, f"{label}-{place}", source=("north", "south")[place % 2])
    brightness = 40 * LABELS.index(label) + 60 * (place % 2)
    picture = np.clip(GENERATOR.normal(brightness + 30, 10, (224, 224)), 0, 255).astype(np.uint8)
    evidence = Evidence(
        framed=picture,
        film_thumbnail=picture[:16, :16],
        focus=Focus(0.6, 0.4, float(place % 2)),
        without_lungs=predict(without_lungs),
        border_only=predict(Label.NORMAL),
    )
    return Answer(case, predict(answered), 500 + 100 * LABELS.index(label), 500), evidence


def make_films(*, sees_without_lungs: bool) -> list[Film]:
    return [
        make_film(label, place, answered=label, without_lungs=label if sees_without_lungs else Label.COVID19)
        for label in LABELS
        for place in range(FILMS_OF_A_LABEL)
    ]


def run_audit(films: list[Film]) -> dict:
    weights = draw_patients([answer.case.patient_id for answer, _ in films], seed=0, resamples=200)
    features = np.asarray([[answer.case.source == "north", 1.0] for answer, _ in films], dtype=np.float64)
    return audit(films, features, weights, seed=0)


def test_a_model_that_needs_the_lungs_falls_to_chance_without_them():
    report = run_audit(make_films(sees_without_lungs=False))
    assert (report["works_without_lungs"], report["verdict"]) == (False, "near_chance")
    assert report["lungs_masked"]["balanced_accuracy"]["value"] == pytest.approx(1 / 3, abs=1e-3)


def test_a_model_that_knows_the_class_without_lungs_is_stamped():
    report = run_audit(make_films(sees_without_lungs=True))
    assert (report["works_without_lungs"], report["verdict"]) == (True, "works_without_lungs")
    assert report["border_only"]["balanced_accuracy"]["value"] == pytest.approx(1 / 3, abs=1e-3)


@pytest.mark.parametrize(
    ("value", "high", "verdict", "stamped"),
    [
        (0.34, 0.40, "near_chance", False),
        (0.45, 0.45, "near_chance", False),
        (0.40, 0.47, "not_ruled_out", True),
        (0.46, 0.50, "works_without_lungs", True),
        (None, None, "not_ruled_out", True),
    ],
)
def test_the_burden_of_proof_is_the_models(value: float | None, high: float | None, verdict: str, stamped: bool):
    found = judge({"value": 0.33, "low": 0.3, "high": 0.36} if value else {"value": None, "high": None},
                  {"value": value, "high": high})  # fmt: skip
    assert (found["verdict"], found["works_without_lungs"]) == (verdict, stamped)


def test_baselines_show_what_the_data_set_gives_away():
    baselines = run_audit(make_films(sees_without_lungs=False))["baselines"]
    assert set(baselines) == {"image_size_logistic", "image_size_tree", "thumbnail_logistic"}
    # rows are 500, 600 and 700 by class
    assert baselines["image_size_tree"]["balanced_accuracy"]["value"] == 1.0
    assert baselines["image_size_tree"]["n_patients"] == 90


def test_the_source_is_told_within_each_class():
    within = run_audit(make_films(sees_without_lungs=False))["source_within_class"]
    for label in LABELS:
        assert within[label]["features"]["value"] == 1.0
        assert within[label]["framed_thumbnail"]["value"] > 0.9


def test_the_activation_is_compared_with_the_lungs_share_of_the_picture():
    activation = run_audit(make_films(sees_without_lungs=False))["activation"]
    assert activation["in_lungs"]["value"] == pytest.approx(0.6)
    assert activation["ratio"]["value"] == pytest.approx(1.5)
    assert activation["peak_in_lungs"]["value"] == pytest.approx(0.5)
    assert {label: each["n"] for label, each in activation["by_label"].items()} == dict.fromkeys(LABELS, 30)


def test_a_map_without_evidence_counts_for_nothing():
    films = make_films(sees_without_lungs=False)
    answer, evidence = films[0]
    empty = Evidence(
        evidence.framed,
        evidence.film_thumbnail,
        Focus(np.nan, 0.4, np.nan),
        evidence.without_lungs,
        evidence.border_only,
    )
    assert run_audit([(answer, empty), *films[1:]])["activation"]["in_lungs"]["value"] == pytest.approx(0.6)


def make_answer(label: str, answered: Label, probability: float) -> Film:
    prediction: Prediction = predict(answered, probability)
    _, evidence = make_film(Label.NORMAL, 0, answered=answered, without_lungs=answered)
    case = Case(film(label, f"{label}-{probability}").path, label, "p", view="PA")
    return Answer(case, prediction, 500, 500), evidence


def leave_as_it_is(framed: np.ndarray, prediction: Prediction) -> Prediction:
    return prediction


def test_the_most_certain_wrong_answers_come_first_and_right_ones_not_at_all():
    films = [make_answer("normal", LABELS[place % 2], 0.5 + place / 50) for place in range(20)]
    films.append(make_answer("normal", Label.NORMAL, 0.99))
    worst = find_worst(films, [], leave_as_it_is)
    assert len(worst) == 12
    assert worst[0]["probability"] == 0.88
    assert [each["probability"] for each in worst] == sorted((each["probability"] for each in worst), reverse=True)
    assert {each["reference_label"] for each in worst} == {"normal"}
    assert worst[0]["outcome"] == Outcome.PREDICTED
    assert worst[0]["view"] == "PA"


def test_the_pictures_are_png_and_stay_out_of_json():
    import base64

    explained: list[Prediction] = []

    def explain(framed: np.ndarray, prediction: Prediction) -> Prediction:
        assert (framed.dtype, framed.ndim) == (np.float32, 2)
        explained.append(prediction)
        return replace(prediction, activation_map=np.ones((2, 2), np.float32))

    films = [make_answer("normal", Label.COVID19, 0.9)]
    (plain,), (worst,) = find_worst(films, [], leave_as_it_is), find_worst(films, [], explain)
    assert len(explained) == 1
    assert worst["picture_png"] == plain["picture_png"]
    assert worst["overlay_png"] != plain["overlay_png"]
    for name in PICTURES:
        assert base64.b64decode(worst[name]).startswith(b"\x89PNG")
    report = {"worst": [worst], "n": 1}
    assert not set(PICTURES) & set(drop_pictures(report)["worst"][0])
    assert set(PICTURES) < set(report["worst"][0])
