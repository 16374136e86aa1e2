from pathlib import Path

import numpy as np
import pytest

from inference.labels import LABELS, OTHER_FINDING
from inference.prediction import calibrate
from training.data.dataset import Case
from training.fit.calibration import (
    Calibration,
    choose_calibration,
    choose_operating_points,
    fit_temperature,
    hold_at_known_hospitals,
)

OUTPUTS = (*LABELS, OTHER_FINDING)


def test_the_temperature_that_made_the_labels_is_found():
    generator = np.random.default_rng(0)
    logits = generator.normal(0.0, 3.0, (20_000, 3)).astype(np.float32)
    chances = calibrate(logits, 2.5)
    reference = np.array([generator.choice(3, p=row) for row in chances])
    assert fit_temperature(logits, reference) == pytest.approx(2.5, rel=0.05)


def test_overconfident_logits_are_softened():
    logits = np.array([[9.0, 0.0, 0.0]] * 10, np.float32)
    reference = np.array([0] * 7 + [1] * 3)
    calibrated = calibrate(logits, fit_temperature(logits, reference))
    assert calibrated[0, 0] == pytest.approx(0.7, abs=0.02)


def test_a_label_gets_the_smallest_threshold_that_is_precise_enough():
    probability = np.concatenate([np.linspace(0.51, 0.60, 10), np.linspace(0.61, 0.99, 39)])
    reference = ["normal"] * 10 + ["covid19"] * 39
    probabilities = np.column_stack([probability, 1 - probability, np.zeros(49)])
    points = choose_operating_points(probabilities, reference, LABELS)
    answered = probability >= points["covid19"]
    # 39 right and 2 wrong are 95.1 %, 39 and 3 are 92.9 %.
    assert answered.sum() == 41
    assert points["covid19"] == pytest.approx(0.59)


def test_a_label_that_is_never_precise_enough_gets_its_most_precise_threshold():
    probabilities = np.array([[0.6, 0.4, 0.0], [0.8, 0.2, 0.0], [0.9, 0.1, 0.0]] * 10)
    points = choose_operating_points(probabilities, ["covid19", "covid19", "normal"] * 10, LABELS)
    assert points["covid19"] == pytest.approx(0.6)


@pytest.mark.parametrize(("films", "chosen"), [(19, ()), (20, ("covid19",))])
def test_a_threshold_is_chosen_only_where_twenty_films_are_answered(films: int, chosen: tuple[str, ...]):
    points = choose_operating_points(np.array([[0.9, 0.1, 0.0]] * films), ["covid19"] * films, LABELS)
    assert tuple(points) == chosen


def make_films(patients: int, films: int, *, right: float) -> tuple[np.ndarray, list[Case]]:
    """Make logits of two classes, so many patients with so many films each, and that share of them right."""
    cases, logits = [], []
    for place, label in enumerate(("covid19", "normal")):
        for film in range(patients * films):
            cases.append(Case(Path("a.png"), label, f"{label}-{film // films}"))
            is_right = film < right * patients * films
            logits.append([4.0 * (is_right == (place == 0)), 4.0 * (is_right != (place == 0))])
    return np.asarray(logits, np.float32), cases


def test_of_nine_patients_of_a_class_nothing_is_fitted_however_many_films_they_have():
    found = choose_calibration(*make_films(9, 10, right=1.0), ("covid19", "normal"))
    assert not found.is_fitted
    assert (found.temperature, found.operating_points) == (1.0, {"covid19": 0.5, "normal": 0.5})
    assert found.patients == {"covid19": 9, "normal": 9}
    assert found.chosen == ()


def test_of_ten_patients_a_temperature_is_fitted_and_no_threshold():
    found = choose_calibration(*make_films(10, 1, right=1.0), ("covid19", "normal"))
    assert found.is_fitted
    assert 0.5 <= found.temperature < 1.0
    assert (found.operating_points, found.chosen) == ({"covid19": 0.5, "normal": 0.5}, ())


def test_of_many_patients_both_are_fitted():
    found = choose_calibration(*make_films(30, 1, right=0.9), ("covid19", "normal"))
    assert found.temperature > 1.0
    assert found.chosen == ("covid19", "normal")


@pytest.mark.parametrize("films", [5, 20, 100, 1000])
def test_a_few_right_answers_sharpen_less_than_many(films: int):
    logits = np.array([[2.0, 0.0]] * films, np.float32)
    few, more = (fit_temperature(logits[:count], np.zeros(count, np.intp)) for count in (films // 5, films))
    assert 0.5 <= more <= few < 1.0


def test_at_most_five_percent_of_each_label_are_lost_to_other_findings():
    generator = np.random.default_rng(1)
    probabilities = calibrate(generator.normal(0, 2, (400, 4)).astype(np.float32), 1.0)
    reference = [OUTPUTS[place] for place in generator.integers(0, 4, 400)]
    points = choose_operating_points(probabilities, reference, OUTPUTS)
    lost = probabilities[:, 3] >= points[OTHER_FINDING]
    for label in LABELS:
        assert lost[[name == label for name in reference]].mean() <= 0.05


def test_at_most_five_percent_of_other_findings_are_called_a_disease_and_no_more_films_of_it_are_given_up_for_that():
    covid19 = np.linspace(0.5, 0.98, 100)
    other = np.linspace(0.5, 0.9, 100)
    shares = np.concatenate([covid19, other])
    probabilities = np.column_stack([shares, (1 - shares) / 2, (1 - shares) / 4, (1 - shares) / 4])
    points = choose_operating_points(probabilities, ["covid19"] * 100 + [OTHER_FINDING] * 100, OUTPUTS)
    labels = probabilities[:, 0] / probabilities[:, :3].sum(axis=1)
    assert np.count_nonzero(labels[100:] >= points["covid19"]) == 5
    assert points["covid19"] < labels[100 + 95]


def test_a_film_of_another_finding_raises_the_bar_for_a_disease():
    probabilities = np.array([[0.7, 0.1, 0.1, 0.1], [0.9, 0.05, 0.03, 0.02]] * 20)
    points = choose_operating_points(probabilities, [OTHER_FINDING, "covid19"] * 20, OUTPUTS)
    assert points["covid19"] > 0.7 / 0.9


def test_films_of_other_findings_do_not_raise_the_bar_for_normal():
    probabilities = np.array([[0.1, 0.1, 0.7, 0.1], [0.05, 0.03, 0.9, 0.02], [0.2, 0.2, 0.5, 0.1]] * 10)
    points = choose_operating_points(probabilities, [OTHER_FINDING, "normal", "normal"] * 10, OUTPUTS)
    assert points["normal"] == pytest.approx(0.5 / 0.9)


def test_every_output_has_an_operating_point():
    cases = [Case(Path("a.png"), output, str(place)) for output in OUTPUTS for place in range(12)]
    found = choose_calibration(np.zeros((48, 4), np.float32), cases, OUTPUTS)
    assert tuple(found.operating_points) == OUTPUTS
    assert all(0.5 <= point <= 1.0 for point in found.operating_points.values())


def make_answers(*counts: tuple[str, str, float, int]) -> tuple[np.ndarray, list[Case]]:
    """Make logits of (true label, answer, its probability, how many films)."""
    logits, cases = [], []
    for label, answer, probability, films in counts:
        rest = np.log((1 - probability) / 2)
        logits += [[np.log(probability) if name == answer else rest for name in LABELS]] * films
        cases += [Case(Path("a.png"), label, f"{label}-{place}") for place in range(films)]
    return np.asarray(logits, np.float32), cases


def test_the_lowest_points_are_raised_until_95_percent_of_all_labels_are_right_at_known_hospitals():
    logits, cases = make_answers(
        ("covid19", "covid19", 0.9, 40), ("normal", "normal", 0.85, 40), ("normal", "normal", 0.7, 15),
        ("covid19", "normal", 0.7, 10), ("viral_pneumonia", "normal", 0.6, 10),
    )  # fmt: skip
    before = Calibration(1.0, {"covid19": 0.88, "viral_pneumonia": 0.5, "normal": 0.55})
    held = hold_at_known_hospitals(before, logits, cases, LABELS)
    assert held.operating_points["covid19"] == 0.88
    assert held.operating_points["normal"] == pytest.approx(0.85, abs=1e-6)
    assert held.operating_points["viral_pneumonia"] == pytest.approx(0.85, abs=1e-6)


def test_points_that_hold_already_or_never_can_stay_as_they_are():
    points = {"covid19": 0.6, "viral_pneumonia": 0.5, "normal": 0.7}
    for label in ("normal", "covid19"):
        held = hold_at_known_hospitals(Calibration(1.0, points), *make_answers((label, "normal", 0.8, 50)), LABELS)
        assert held.operating_points == points


def test_films_of_other_findings_do_not_raise_points_and_nothing_is_raised_where_nothing_was_fitted():
    others = make_answers((OTHER_FINDING, "normal", 0.8, 50))
    points = dict.fromkeys(LABELS, 0.5)
    assert hold_at_known_hospitals(Calibration(1.0, points), *others, LABELS).operating_points == points
    few = Calibration(1.0, points, is_fitted=False)
    wrong = make_answers(("covid19", "normal", 0.6, 50), ("normal", "normal", 0.9, 50))
    assert hold_at_known_hospitals(few, *wrong, LABELS) is few
