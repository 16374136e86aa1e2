from inference.labels import LABELS
from tests.training.evaluation.test_evaluation import FILMS
from training.evaluation.figures.estimates import draw_patients
from training.evaluation.figures.scores import PAIR, trace_curves
from training.evaluation.judged_films import is_of_a_class, to_patients

LABELLED = [film for film in FILMS if is_of_a_class(film)]
WEIGHTS = draw_patients(to_patients(LABELLED), seed=0, resamples=50)


def test_every_label_and_the_pair_have_both_curves_of_one_length():
    curves = trace_curves(LABELLED, WEIGHTS)
    assert list(curves) == [*LABELS, PAIR]
    for curve in curves.values():
        assert {len(axis) for axis in curve.to_json()["roc"].values()} == {101}
        assert len(curve.pr.precision) == len(curve.pr.low) == 101
    assert curves["covid19"].pr.prevalence == 0.4


def test_a_class_without_films_has_no_curve():
    some = [film for film in LABELLED if film.case.reference_label != "covid19"]
    weights = draw_patients(to_patients(some), seed=0, resamples=50)
    assert list(trace_curves(some, weights)) == ["viral_pneumonia", "normal"]
