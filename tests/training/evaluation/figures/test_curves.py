from inference.labels import LABELS, OTHER_FINDING
from tests.training.evaluation.test_evaluation import ANSWERS, film
from training.evaluation.answers import Refusal, is_labelled, to_patients
from training.evaluation.figures.curves import PAIR, draw_curves
from training.evaluation.figures.estimates import draw_patients
from training.evaluation.refusals import count_refusals

LABELLED = [answer for answer in ANSWERS if is_labelled(answer)]
WEIGHTS = draw_patients(to_patients(LABELLED), seed=0, resamples=50)


def test_every_label_and_the_pair_have_both_curves_of_one_length():
    curves = draw_curves(LABELLED, WEIGHTS)
    assert list(curves) == [*LABELS, PAIR]
    for curve in curves.values():
        assert {len(axis) for axis in curve["roc"].values()} == {101}
        assert len(curve["pr"]["precision"]) == 101
    assert curves["covid19"]["pr"]["prevalence"] == 0.4


def test_a_class_without_films_has_no_curve():
    some = [answer for answer in LABELLED if answer.case.reference_label != "covid19"]
    weights = draw_patients(to_patients(some), seed=0, resamples=50)
    assert list(draw_curves(some, weights)) == ["viral_pneumonia", "normal"]


def test_refusals_are_counted_by_reason_and_label():
    refusals = [
        Refusal(film("normal", "x"), "blank"),
        Refusal(film(OTHER_FINDING, "y"), "blank"),
        Refusal(film("normal", "z"), "not_a_radiograph_file", unreadable=True),
    ]
    found = count_refusals([*ANSWERS, *refusals], seed=0)
    assert (found["n"], found["unreadable"]) == (3, 1)
    # two of seven films of the three labels
    assert found["share"]["value"] == 0.2857
    assert found["by_reason"]["blank"]["by_label"] == {"normal": 1, "other_finding": 1}
    assert found["by_reason"]["blank"]["advice"]
