from collections import Counter
from collections.abc import Collection
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from inference.labels import LABELS
from tests.training.factories import make_cases
from training.data.dataset import Case
from training.data.errors import DatasetManifestError, DatasetTooSmallError
from training.fit.settings import FitSettings, TrainingSettings
from training.run.stages import Stage, plan_stages

SETTINGS = TrainingSettings(dataset=Path("dataset"), fit=FitSettings(seed=4))


def plan(cases: list[Case], settings: TrainingSettings, seen: Collection[int] = ()) -> list[Stage]:
    return plan_stages(cases, settings, np.isin(np.arange(len(cases)), list(seen)))


def make_balanced(patients: int, films: int = 2) -> list[Case]:
    films_of = [(label, "ab"[n % 2], f"{label}{n}") for label in LABELS for n in range(patients)]
    return make_cases(*(film for film in films_of for _ in range(films)))


def test_without_folds_a_fifth_is_held_out_and_validation_is_a_part_of_the_rest():
    (stage,) = plan(make_balanced(100), SETTINGS)
    assert stage.is_final
    assert len(stage.test) == 120
    assert len(stage.validation) == pytest.approx(0.15 * 480, abs=6)
    assert len(stage.train) + len(stage.validation) + len(stage.test) == 600


def test_with_folds_every_film_is_held_out_once_and_the_final_training_has_all():
    cases = make_balanced(12)
    *folds, final = plan(cases, replace(SETTINGS, folds=4))
    assert [stage.name for stage in folds] == ["fold 1", "fold 2", "fold 3", "fold 4"]
    assert Counter(np.concatenate([stage.test for stage in folds]).tolist()) == Counter(range(len(cases)))
    assert sorted(np.concatenate([final.train, final.validation]).tolist()) == list(range(len(cases)))
    assert not len(final.test)


def test_no_patient_is_on_two_sides_of_any_training():
    cases = make_balanced(11, films=3)
    for stage in plan(cases, replace(SETTINGS, folds=3)):
        sides = [{cases[place].patient_id for place in side} for side in (stage.train, stage.validation, stage.test)]
        assert sum(map(len, sides)) == len(set().union(*sides))


def test_the_plan_follows_from_the_seed():
    cases, settings = make_balanced(12), replace(SETTINGS, folds=3)
    for left, right in zip(plan(cases, settings), plan(cases, settings), strict=True):
        np.testing.assert_array_equal(left.train, right.train)
    other = plan(cases, replace(settings, fit=FitSettings(seed=5)))
    assert not np.array_equal(plan(cases, settings)[0].test, other[0].test)


def test_ten_films_can_be_trained_on():
    counts = zip(LABELS, (4, 3, 3), strict=True)
    cases = make_cases(*((label, "a", f"{label}{n}") for label, count in counts for n in range(count)))
    (stage,) = plan(cases, SETTINGS)
    assert [len(stage.train), len(stage.validation), len(stage.test)] == [4, 3, 3]


def test_a_label_with_two_patients_is_refused():
    kept = ("normal0", "normal2")
    cases = [case for case in make_balanced(9) if case.reference_label != "normal" or case.patient_id in kept]
    with pytest.raises(DatasetTooSmallError, match="no readable film of normal on the test side: each label needs"):
        plan(cases, SETTINGS)


def test_more_folds_than_patients_are_refused():
    with pytest.raises(DatasetTooSmallError, match="3 patients of covid19: 5 folds"):
        plan(make_balanced(3), replace(SETTINGS, folds=5))


def test_folds_and_sides_named_in_the_manifest_contradict_each_other():
    cases = [replace(case, side="train") for case in make_balanced(9)]
    with pytest.raises(DatasetManifestError, match="leave out the column, or --folds"):
        plan(cases, replace(SETTINGS, folds=3))


def test_what_the_starting_weights_have_seen_is_trained_on_and_never_held_out():
    cases = make_balanced(20)
    seen = set(range(0, len(cases), 8)) | set(range(1, len(cases), 8))  # whole patients: each has two films
    (stage,) = plan(cases, SETTINGS, seen)
    assert seen <= set(stage.train.tolist())
    *folds, final = plan(cases, replace(SETTINGS, folds=3), seen)
    held_out = np.concatenate([fold.test for fold in folds]).tolist()
    assert sorted(held_out) == sorted(set(range(len(cases))) - seen)
    assert all(seen <= {*fold.train.tolist(), *fold.validation.tolist()} for fold in folds)
    assert len(final.train) + len(final.validation) == len(cases)


@pytest.mark.parametrize("folds", [0, 2])
def test_where_too_few_others_remain_films_that_were_seen_are_held_out_all_the_same(folds: int):
    cases = make_balanced(10)
    *_, first_unseen = range(len(cases))
    stages = plan(cases, replace(SETTINGS, folds=folds), range(first_unseen))
    assert len(np.concatenate([stage.test for stage in stages])) > 10


def test_of_a_manifests_own_test_side_only_what_is_new_is_measured():
    sides = ("train", "validation", "test", "test")
    cases = [replace(case, side=sides[place // 2 % 4]) for place, case in enumerate(make_balanced(8))]
    on_test = [place for place, case in enumerate(cases) if case.side == "test"]
    (stage,) = plan(cases, SETTINGS, on_test[:2])
    assert stage.test.tolist() == on_test[2:]
    assert not set(on_test[:2]) & {*stage.train.tolist(), *stage.validation.tolist()}


def test_a_source_that_is_left_out_is_only_measured_on_and_the_final_trainings_patients_stay_unseen():
    cases = make_balanced(30)
    without, final = plan(cases, replace(SETTINGS, leave_out=(("b",),), leave_out_epochs=2))
    assert (without.name, without.left_out, without.epochs) == ("without b", ("b",), 2)
    learnt_from = {*without.train.tolist(), *without.validation.tolist()}
    assert {cases[place].source for place in learnt_from} == {"a"}
    assert {place for place, case in enumerate(cases) if case.source == "b"} <= set(without.test.tolist())
    assert not learnt_from & set(final.test.tolist())
    assert final.is_final
    assert final.epochs is None


def test_a_source_that_is_not_there_cannot_be_left_out():
    with pytest.raises(DatasetManifestError, match="no film of it"):
        plan(make_balanced(30), replace(SETTINGS, leave_out=(("c",),)))
