"""The mark of an answer about a patient of another age than the model has learnt from."""

from dataclasses import replace

import numpy as np
import pytest

from imaging import Identity
from inference.bundle import SHIPPED_BUNDLE, read_bundle
from inference.labels import LABELS, OUTSIDE_TRAINING_POPULATION, Label, Outcome
from inference.prediction import Prediction, mark_population, withhold_undecided
from reports.advice import MARKS

AGES_YEARS = read_bundle(SHIPPED_BUNDLE).training_ages_years


def answer(label: Label | None, reason_code: str | None = None) -> Prediction:
    outcome = Outcome.PREDICTED if label else Outcome.INDETERMINATE
    probabilities = dict.fromkeys(LABELS, 1 / 3)
    return Prediction(
        outcome,
        label,
        probabilities=probabilities,
        reason_code=reason_code,
        activation_map=np.zeros((7, 7), np.float32),
    )


@pytest.mark.parametrize(
    ("label", "age_years", "marked"),
    [
        (Label.VIRAL_PNEUMONIA, 42.0, True),
        (Label.VIRAL_PNEUMONIA, 18.0, True),
        (Label.VIRAL_PNEUMONIA, 17.0, False),
        (Label.VIRAL_PNEUMONIA, 0.5, False),
        (Label.COVID19, 15.0, True),
        (Label.COVID19, 0.0, True),
        (Label.COVID19, 17.0, True),
        (Label.COVID19, 18.0, False),
        (Label.COVID19, 94.0, False),
        (Label.NORMAL, 3.0, False),
        (Label.NORMAL, 80.0, False),
    ],
)
def test_a_label_that_was_learnt_at_another_age_is_marked(label: Label, age_years: float, marked: bool) -> None:
    given = mark_population(answer(label), Identity(patient_age_years=age_years), AGES_YEARS)
    assert given.reason_code == (OUTSIDE_TRAINING_POPULATION if marked else None)
    assert (given.outcome, given.label) == (Outcome.PREDICTED, label)


@pytest.mark.parametrize("label", LABELS)
def test_without_an_age_nothing_is_marked(label: Label) -> None:
    given = answer(label)
    assert mark_population(given, Identity(), AGES_YEARS) is given


def test_an_answer_without_a_label_keeps_its_reason() -> None:
    given = answer(None, "other_finding")
    assert mark_population(given, Identity(patient_age_years=42.0), AGES_YEARS) is given


def test_what_another_bundle_was_learnt_from_decides_for_it() -> None:
    adults = {Label.VIRAL_PNEUMONIA: (18.0, float("inf"))}
    child, adult = Identity(patient_age_years=4.0), Identity(patient_age_years=42.0)
    assert mark_population(answer(Label.VIRAL_PNEUMONIA), child, adults).reason_code == OUTSIDE_TRAINING_POPULATION
    assert mark_population(answer(Label.VIRAL_PNEUMONIA), adult, adults).reason_code is None
    assert mark_population(answer(Label.COVID19), child, adults).reason_code is None


def test_every_label_has_its_ages_and_the_mark_its_advice() -> None:
    assert set(AGES_YEARS) == set(LABELS)
    assert set(MARKS) == {OUTSIDE_TRAINING_POPULATION}


@pytest.mark.parametrize(
    ("shares", "age_years", "label"),
    [
        ((0.95, 0.04, 0.01), 42.0, None),
        ((0.95, 0.01, 0.04), 42.0, Label.COVID19),
        ((0.985, 0.010, 0.005), 42.0, Label.COVID19),
        ((0.95, 0.04, 0.01), 4.0, Label.COVID19),
        ((0.95, 0.04, 0.01), None, Label.COVID19),
    ],
)
def test_covid19_before_viral_pneumonia_is_not_said_lightly_of_an_adult(
    shares: tuple[float, ...], age_years: float | None, label: Label | None
) -> None:
    given = replace(answer(Label.COVID19), probabilities=dict(zip(LABELS, shares, strict=True)))
    decided = withhold_undecided(given, Identity(patient_age_years=age_years), AGES_YEARS)
    assert decided.label is label
    assert decided.probabilities == given.probabilities
    assert decided.reason_code == (None if label else "below_operating_point")
