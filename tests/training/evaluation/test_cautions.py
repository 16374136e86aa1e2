from typing import Any

import pytest

from inference.labels import LABELS
from tests.training.evaluation.content.evaluations import make_evaluation
from tests.training.factories import make_cases
from training.evaluation.cautions import find_cautions
from training.evaluation.measures import ClassScores
from training.evaluation.result import Evaluation

TWO_FILMS_OF_ONE = make_cases(("normal", "north", "a"), ("normal", "north", "a"), ("normal", "north", "b"))


def make_some(
    *,
    seen: int | None = 0,
    same: bool = False,
    verdict: str | None = None,
    support: int = 50,
    nameless: int = 0,
) -> Evaluation:
    stamped = verdict != "near_chance"
    return make_evaluation(
        dataset={
            "name": "films",
            "n_seen": seen,
            "n_files": 100,
            "same_as_training": same,
            "n_without_patient": nameless,
        },
        audit=verdict and {"works_without_lungs": stamped, "verdict": verdict, "limit": 0.45, "chance": 0.33},
        per_class={label: {"support": support} for label in LABELS},
    )


def find_codes(**facts: Any) -> list[str]:
    return [each.code for each in find_cautions(make_some(**facts), TWO_FILMS_OF_ONE)]


def test_a_held_out_set_of_many_films_needs_no_caution():
    assert find_codes(verdict="near_chance") == []


@pytest.mark.parametrize(
    ("facts", "code"),
    [
        ({"seen": 7}, "trained_on_these_films"),
        ({"seen": None}, "training_films_unknown"),
        ({"seen": 100, "same": True}, "same_as_training"),
        ({"verdict": "works_without_lungs"}, "works_without_lungs"),
        ({"verdict": "not_ruled_out"}, "lungs_not_ruled_out"),
        ({"support": 29}, "few_films"),
        ({"nameless": 100}, "patients_unknown"),
    ],
)
def test_each_caution_is_said_alone(facts: dict[str, Any], code: str):
    assert find_codes(**facts) == [code]


def test_films_of_a_class_that_the_model_does_not_know_are_counted():
    two = make_some().model_copy(update={"per_class": {"covid19": ClassScores(support=50)}})
    (caution,) = find_cautions(two, TWO_FILMS_OF_ONE)
    assert caution.code == "unknown_classes"
    assert "the class of 3 of these films" in caution.message


def test_one_film_is_one_film():
    (caution,) = find_cautions(make_some(nameless=1), TWO_FILMS_OF_ONE)
    assert caution.message.startswith("Of 1 film no patient is known")


def test_the_sentence_says_how_many_films():
    (caution,) = find_cautions(make_some(seen=7), TWO_FILMS_OF_ONE)
    assert "7 of these 100 films" in caution.message
