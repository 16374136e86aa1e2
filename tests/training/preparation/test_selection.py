import random

from tests.training.preparation.factories import make_film
from training.preparation.selection import Link, Selected, select_films


def reasons(selection: Selected) -> dict[str, str]:
    return {offer.origin: offer.why for offer in selection.dropped}


def origins(selection: Selected) -> list[str]:
    return [film.offer.origin for film in selection.kept]


def test_the_larger_copy_stays_and_the_other_says_whose_copy_it_is() -> None:
    films = [make_film("a", rows=10), make_film("b", rows=20), make_film("c")]
    selection = select_films(films, [Link(0, 1)], None)
    assert origins(selection) == ["b", "c"]
    assert [(offer.why, offer.duplicate_of) for offer in selection.dropped] == [("near_duplicate", "site/b")]


def test_a_copy_that_names_its_patient_goes_before_a_larger_one() -> None:
    films = [make_film("a", patient="p"), make_film("b", rows=99)]
    assert origins(select_films(films, [Link(0, 1)], None)) == ["a"]


def test_each_kind_of_copy_has_its_reason() -> None:
    films = [
        make_film("a", sha256="x", rows=20),
        make_film("b", sha256="x"),
        make_film("c", pixel_sha256="x"),
        make_film("d"),
    ]
    selection = select_films(films, [Link(0, 3, mirrored=True)], None)
    assert reasons(selection) == {"b": "exact_duplicate", "c": "same_pixels", "d": "mirrored_duplicate"}


def test_a_film_under_two_labels_goes_with_all_its_copies() -> None:
    films = [make_film("a"), make_film("b"), make_film("c", "normal"), make_film("d", "normal")]
    selection = select_films(films, [Link(0, 1), Link(1, 2)], None)
    assert origins(selection) == ["d"]
    assert reasons(selection) == dict.fromkeys("abc", "label_conflict")
    assert selection.dropped[0].duplicate_of == "normal: site/c"


def test_patients_who_share_a_film_become_one() -> None:
    films = [make_film("a", patient="p1"), make_film("b", patient="p2"), make_film("c", patient="p2")]
    selection = select_films(films, [Link(0, 1)], None)
    assert {film.offer.patient_id for film in selection.kept} == {"p1"}


def test_the_cap_counts_films_of_one_patient_and_leaves_those_without_one() -> None:
    films = [make_film(f"p{n}", patient="p") for n in range(5)] + [make_film(f"n{n}") for n in range(5)]
    selection = select_films(films, [], 2)
    assert len(selection.kept) == 7
    assert set(reasons(selection).values()) == {"over_patient_cap"}


def test_the_order_of_the_films_does_not_matter() -> None:
    films = [make_film(f"f{n}", "normal" if n == 7 else "covid19", f"p{n // 4}", rows=n + 1) for n in range(12)]
    pairs = [(0, 5), (5, 9), (6, 7), (2, 3)]
    expected = select_films(films, [Link(*pair) for pair in pairs], 2)
    order = list(range(12))
    for seed in range(5):
        random.Random(seed).shuffle(order)
        links = [Link(order.index(first), order.index(second)) for first, second in pairs]
        assert select_films([films[place] for place in order], links, 2) == expected


def test_a_film_without_bytes_cannot_stay() -> None:
    from dataclasses import replace

    film = make_film("a")
    selection = select_films([replace(film, offer=replace(film.offer, path=None))], [], None)
    assert reasons(selection) == {"a": "bytes_not_at_hand"}
