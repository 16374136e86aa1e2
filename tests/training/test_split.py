from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inference.labels import LABELS
from tests.training.factories import make_cases
from training.dataset import Case, DatasetManifestError, PatientOnTwoSidesError
from training.split import Side, check_patients_apart, deal_patients, split_by_patient

SHARES = (0.7, 0.15, 0.15)

films = st.tuples(st.sampled_from(LABELS), st.sampled_from("ab"), st.integers(0, 30).map(str))
case_lists = st.lists(films, min_size=1, max_size=80).map(lambda chosen: make_cases(*chosen))


@given(case_lists, st.integers(0, 5))
def test_no_patient_is_on_two_sides(cases: list[Case], seed: int):
    split = split_by_patient(cases, SHARES, seed)
    train, validation, test = (
        {case.patient_id for case in side} for side in (split.train, split.validation, split.test)
    )
    assert not train & validation
    assert not train & test
    assert not validation & test


@given(case_lists, st.integers(0, 5))
def test_every_case_is_on_one_side(cases: list[Case], seed: int):
    split = split_by_patient(cases, SHARES, seed)
    assert sorted(case.path for case in (*split.train, *split.validation, *split.test)) == sorted(
        case.path for case in cases
    )


@given(case_lists, st.integers(0, 5))
def test_the_same_seed_gives_the_same_split(cases: list[Case], seed: int):
    assert split_by_patient(cases, SHARES, seed) == split_by_patient(cases, SHARES, seed)


@given(case_lists, st.integers(2, 5))
def test_equal_shares_give_folds_that_keep_patients_together(cases: list[Case], folds: int):
    places = deal_patients(cases, [1.0] * folds, seed=1)
    homes = {(case.patient_id, place) for case, place in zip(cases, places, strict=True)}
    assert len(homes) == len({case.patient_id for case in cases})


def test_another_seed_gives_another_split():
    cases = make_cases(*((label, "a", f"{label}{number}") for label in LABELS for number in range(20)))
    assert split_by_patient(cases, SHARES, 1) != split_by_patient(cases, SHARES, 2)


def test_each_class_and_source_is_divided_in_the_same_proportion():
    cases = make_cases(
        *((label, source, f"{label}{source}{n}") for label in LABELS for source in "ab" for n in range(20))
    )
    split = split_by_patient(cases, SHARES, 0)
    for side, count in ((split.train, 14), (split.validation, 3), (split.test, 3)):
        strata = [(case.reference_label, case.source) for case in side]
        assert {strata.count(stratum) for stratum in strata} == {count}


def test_a_split_named_in_the_manifest_is_kept():
    cases = [replace(case, side=side) for case, side in zip(_four_patients(), [*Side, Side.TEST], strict=True)]
    split = split_by_patient(cases, SHARES, 0)
    assert (split.train, split.validation, split.test) == ((cases[0],), (cases[1],), (cases[2], cases[3]))


def test_a_manifest_that_puts_a_patient_on_two_sides_is_refused_without_naming_the_patient():
    cases = [
        replace(case, patient_id="doe", side=side)
        for case, side in zip(_four_patients(), [*Side, Side.TEST], strict=True)
    ]
    with pytest.raises(PatientOnTwoSidesError, match=r"^1 patients are on more than one side") as caught:
        split_by_patient(cases, SHARES, 0)
    assert "doe" not in str(caught.value)


@pytest.mark.parametrize("side", ["", "holdout"])
def test_a_split_named_on_some_rows_only_or_by_another_word_is_refused(side: str):
    cases = [replace(case, side=name) for case, name in zip(_four_patients(), [side, *Side], strict=True)]
    with pytest.raises(DatasetManifestError, match="train, validation, test"):
        split_by_patient(cases, SHARES, 0)


def test_a_patient_with_films_on_one_side_only_passes():
    check_patients_apart(make_cases(("normal", "a", "p"), ("normal", "a", "p")), [Side.TRAIN, Side.TRAIN])


def _four_patients() -> list[Case]:
    return make_cases(*(("normal", "a", str(number)) for number in range(4)))
