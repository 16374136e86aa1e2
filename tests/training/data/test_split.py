from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inference.labels import LABELS
from tests.training.factories import make_cases
from training.data.dataset import Case
from training.data.errors import DatasetManifestError, LabelConflictError, PatientOnTwoSidesError
from training.data.split import Side, check_patients_apart, choose_sides, deal_patients, unite_patients

SHARES = (0.7, 0.15, 0.15)

films = st.tuples(st.sampled_from(LABELS), st.sampled_from("ab"), st.integers(0, 30).map(str))
case_lists = st.lists(films, min_size=1, max_size=80).map(lambda chosen: make_cases(*chosen))


@given(case_lists, st.integers(0, 5))
def test_no_patient_is_on_two_sides(cases: list[Case], seed: int):
    homes = {(case.patient_id, side) for case, side in zip(cases, choose_sides(cases, SHARES, seed), strict=True)}
    assert len(homes) == len({case.patient_id for case in cases})


@given(case_lists, st.integers(0, 5))
def test_the_same_seed_gives_the_same_split(cases: list[Case], seed: int):
    assert choose_sides(cases, SHARES, seed) == choose_sides(cases, SHARES, seed)


@given(case_lists, st.integers(2, 5))
def test_equal_shares_give_folds_that_keep_patients_together(cases: list[Case], folds: int):
    places = deal_patients(cases, [1.0] * folds, seed=1)
    homes = {(case.patient_id, place) for case, place in zip(cases, places, strict=True)}
    assert len(homes) == len({case.patient_id for case in cases})


def test_another_seed_gives_another_split():
    cases = make_cases(*((label, "a", f"{label}{number}") for label in LABELS for number in range(20)))
    assert choose_sides(cases, SHARES, 1) != choose_sides(cases, SHARES, 2)


def test_each_class_and_source_is_divided_in_the_same_proportion():
    cases = make_cases(
        *((label, source, f"{label}{source}{n}") for label in LABELS for source in "ab" for n in range(20))
    )
    sides = choose_sides(cases, SHARES, 0)
    for side, count in ((Side.TRAIN, 14), (Side.VALIDATION, 3), (Side.TEST, 3)):
        strata = [(case.reference_label, case.source) for case, at in zip(cases, sides, strict=True) if at is side]
        assert {strata.count(stratum) for stratum in strata} == {count}


def test_a_split_named_in_the_manifest_is_kept():
    cases = [replace(case, side=side) for case, side in zip(_four_patients(), [*Side, Side.TEST], strict=True)]
    assert choose_sides(cases, SHARES, 0) == [*Side, Side.TEST]


def test_a_manifest_that_puts_a_patient_on_two_sides_is_refused_without_naming_the_patient():
    cases = [
        replace(case, patient_id="doe", side=side)
        for case, side in zip(_four_patients(), [*Side, Side.TEST], strict=True)
    ]
    with pytest.raises(PatientOnTwoSidesError, match=r"^1 patients are on more than one side") as caught:
        choose_sides(cases, SHARES, 0)
    assert "doe" not in str(caught.value)


@pytest.mark.parametrize("side", ["", "holdout"])
def test_a_split_named_on_some_rows_only_or_by_another_word_is_refused(side: str):
    cases = [replace(case, side=name) for case, name in zip(_four_patients(), [side, *Side], strict=True)]
    with pytest.raises(DatasetManifestError, match="train, validation, test"):
        choose_sides(cases, SHARES, 0)


def test_a_patient_with_films_on_one_side_only_passes():
    check_patients_apart(make_cases(("normal", "a", "p"), ("normal", "a", "p")), [Side.TRAIN, Side.TRAIN])


def test_patients_that_share_a_file_are_one():
    cases = make_cases(*(("normal", "a", patient) for patient in "abcde"))
    united = [case.patient_id for case in unite_patients(cases, ["1", "2", "1", "2", "3"])]
    assert united[0] == united[2]
    assert united[1] == united[3]
    assert len(set(united)) == 3


def test_a_chain_of_shared_files_unites_all_of_its_patients():
    cases = make_cases(*(("normal", "a", patient) for patient in ("a", "b", "b", "c", "c", "a")))
    assert len({case.patient_id for case in unite_patients(cases, ["1", "1", "2", "2", "3", "3"])}) == 1


def test_a_file_under_two_labels_is_refused_without_naming_it():
    cases = make_cases(("normal", "a", "x"), ("covid19", "a", "x"))
    with pytest.raises(LabelConflictError, match=r"^1 files stand under more than one label"):
        unite_patients(cases, ["1", "1"])


def test_a_manifest_that_puts_a_copy_on_another_side_is_refused():
    cases = [replace(case, side=side) for case, side in zip(_four_patients(), [*Side, Side.TEST], strict=True)]
    with pytest.raises(PatientOnTwoSidesError, match="share a file"):
        choose_sides(unite_patients(cases, ["1", "2", "1", "3"]), SHARES, 0)


def _four_patients() -> list[Case]:
    return make_cases(*(("normal", "a", str(number)) for number in range(4)))
