from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from inference.labels import LABELS, Label
from inference.prediction import to_prediction
from tests.training.evaluation.test_evaluation import FILMS
from training.data.dataset import Case
from training.evaluation.evaluation import evaluate
from training.evaluation.figures.estimates import draw_patients
from training.evaluation.figures.scores import PAIR, trace_curves
from training.evaluation.judged_films import JudgedFilm, is_of_a_class, to_patients

LABELLED = [film for film in FILMS if is_of_a_class(film)]
WEIGHTS = draw_patients(to_patients(LABELLED), seed=0, resamples=50)


def test_every_label_and_the_pair_have_both_curves_of_one_length():
    curves = trace_curves(LABELLED, WEIGHTS, LABELS)
    assert list(curves) == [*LABELS, PAIR]
    for curve in curves.values():
        assert {len(axis) for axis in curve.to_json()["roc"].values()} == {101}
        assert len(curve.pr.precision) == len(curve.pr.low) == 101
    assert curves["covid19"].pr.prevalence == 0.4


def test_a_class_without_films_has_no_curve():
    some = [film for film in LABELLED if film.case.reference_label != "covid19"]
    weights = draw_patients(to_patients(some), seed=0, resamples=50)
    assert list(trace_curves(some, weights, LABELS)) == ["viral_pneumonia", "normal"]


def list_estimates(found: Any) -> Iterator[Mapping[str, float | None]]:
    """Yield every estimate that stands somewhere in an evaluation's JSON."""
    if isinstance(found, Mapping) and set(found) == {"value", "low", "high"}:
        yield found
    elif isinstance(found, Mapping):
        for part in found.values():
            yield from list_estimates(part)
    elif isinstance(found, list):
        for part in found:
            yield from list_estimates(part)


SHARES = st.lists(st.integers(0, 20), min_size=3)


@given(
    labels=st.sampled_from([LABELS, (LABELS[0], LABELS[2]), LABELS[:2], LABELS[1:]]),
    answers=st.lists(st.tuples(st.integers(0, 2), st.integers(0, 9), SHARES), max_size=25),
    seed=st.integers(0, 3),
)
@settings(max_examples=60, deadline=None)
def test_no_figure_lies_outside_of_its_interval(labels: Sequence[Label], answers: Sequence[Any], seed: int):
    films = []
    for truth, patient, shares in answers:
        parts = np.asarray(shares[: len(labels)], dtype=np.float64) + 1e-3
        found = parts / parts.sum()
        case = Case(Path("a.png"), labels[truth % len(labels)], str(patient), source=str(patient % 2))
        prediction = to_prediction(found, np.zeros((1, 1, len(labels)), np.float32), dict.fromkeys(labels, 0.6))
        films.append(JudgedFilm(case, prediction))
    measured = evaluate(films, labels, seed=seed).to_json()
    estimates = list(list_estimates(measured))
    assert len(estimates) > 50
    assert set(measured["per_class"]) == set(labels)
    for each in estimates:
        if each["value"] is not None and each["low"] is not None and each["high"] is not None:
            assert each["low"] <= each["value"] <= each["high"]
