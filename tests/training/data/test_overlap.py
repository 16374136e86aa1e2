from dataclasses import replace

from inference.bundle import SHIPPED_BUNDLE, Bundle, read_bundle
from tests.training.factories import make_cases
from training.data.overlap import find_overlap, name_films

CASES = make_cases(("normal", "north", "a"), ("normal", "north", "a"), ("normal", "south", "b"))
HASHES = [digit * 64 for digit in "123"]


def make_bundle(**metrics: object) -> Bundle:
    return replace(read_bundle(SHIPPED_BUNDLE), metrics=metrics, training_data_sha256="f" * 64)


def test_a_film_is_named_once_by_the_first_digits_of_its_hash():
    assert name_films(["b" * 64, "a" * 64, "b" * 64]) == ["a" * 12, "b" * 12]


def test_a_patient_with_one_film_in_training_is_seen_with_all_films():
    bundle = make_bundle(training={"film_sha256": name_films(HASHES[:1])})
    assert find_overlap(bundle, CASES, HASHES, "0" * 64).seen == (True, True, False)


def test_a_bundle_that_does_not_name_its_films_leaves_it_open():
    overlap = find_overlap(make_bundle(), CASES, HASHES, "0" * 64)
    assert overlap.seen is None
    assert not overlap.same_as_training


def test_the_training_data_themselves_are_recognised_by_their_hash():
    overlap = find_overlap(make_bundle(), CASES, HASHES, "f" * 64)
    assert overlap.same_as_training
    assert overlap.seen == (True, True, True)
