import pytest
from hypothesis import given
from hypothesis import strategies as st

from inference.labels import LABELS
from tests.training.factories import make_cases
from training.data.sampling import balance_sources

films = st.tuples(st.sampled_from(LABELS), st.sampled_from("abc"), st.just("p"))


def test_a_rare_source_of_a_class_is_drawn_as_often_as_a_frequent_one():
    cases = make_cases(*[("normal", "a", "p")] * 9, ("normal", "b", "p"), ("covid19", "a", "p"))
    chances = balance_sources(cases)
    assert chances[:9].sum() == pytest.approx(0.25)
    assert chances[9] == pytest.approx(0.25)
    assert chances[10] == pytest.approx(0.5)


@given(st.lists(films, min_size=1, max_size=60))
def test_chances_sum_to_one_and_every_class_has_the_same(chosen: list[tuple[str, str, str]]):
    cases = make_cases(*chosen)
    chances = balance_sources(cases)
    assert chances.sum() == pytest.approx(1.0)
    labels = {case.reference_label for case in cases}
    for label in labels:
        share = sum(chance for chance, case in zip(chances, cases, strict=True) if case.reference_label == label)
        assert share == pytest.approx(1 / len(labels))


def test_with_a_power_the_number_of_a_sources_films_counts():
    cases = make_cases(*[("normal", "a", "p")] * 9, ("normal", "b", "p"), ("covid19", "a", "p"))
    assert balance_sources(cases, 0.5)[:9].sum() == pytest.approx(0.5 * 3 / 4)
    assert balance_sources(cases, 1.0)[:9].sum() == pytest.approx(0.5 * 9 / 10)


def test_collections_of_one_origin_are_one_source():
    cases = make_cases(("covid19", "cohen", "p"), ("covid19", "cxnet", "q"), ("covid19", "a", "r"))
    assert balance_sources(cases).tolist() == pytest.approx([0.25, 0.25, 0.5])
