import pytest
from sqlalchemy import Engine

from installation.errors import IdentifierKeyError
from reports.film.finding import find_films
from store.database import reading
from store.identifiers import build_protection
from tests.ledger import UID, digest, predict, quarantine, register_model

PROTECT = build_protection(store_identifiers=False, key=b"site")


@pytest.fixture
def ids(engine: Engine) -> list[int]:
    register_model(engine)
    uids = {"sop_instance_uid": f"{UID}.1", "study_instance_uid": UID}
    first = predict(engine, "a film.dcm", identity={**uids, "accession_number": PROTECT("ACC 7")})
    second = quarantine(engine, "cut.dcm", header={"accession_number": PROTECT("0042"), "study_instance_uid": UID})
    return [first, second]


FOUND: list[tuple[str, list[int]]] = [
    ("1", [0]),
    (" arrival-2 ", [1]),
    ("00000002", [1]),
    ("00000002-0123456789abcdef.dcm", [1]),
    ("/home/processed/2026/11/29/00000001-unread.bin", [0]),
    ("a film.dcm", [0]),
    ("somewhere/else/a film.dcm", [0]),
    (f"{UID}.1", [0]),
    (UID, [1, 0]),
    ("ACC 7", [0]),
    ("0042", [1]),
    (digest("a film.dcm")[:6].upper(), [0]),
    (digest("cut.dcm"), [1]),
    (digest("cut.dcm")[:5], []),
    ("nobody's", []),
    ("", []),
    ("9" * 18, []),
    ("9" * 400, []),
]


def test_a_film_is_found_by_what_people_call_it(engine: Engine, ids: list[int]) -> None:
    with reading(engine) as connection:
        for asked, found in FOUND:
            assert list(find_films(connection, asked, PROTECT)) == [ids[place] for place in found], asked


def test_a_file_is_found_by_its_bytes_whatever_it_is_called(engine: Engine, ids: list[int]) -> None:
    with reading(engine) as connection:
        assert list(find_films(connection, "copy.dcm", PROTECT, digest("cut.dcm"))) == [ids[1]]


def test_a_key_is_asked_for_only_where_it_is_needed(engine: Engine, ids: list[int]) -> None:
    def has_no_key(_identifier: str | None) -> str:
        raise IdentifierKeyError("the key is missing")

    with reading(engine) as connection:
        assert list(find_films(connection, "1", has_no_key)) == [ids[0]]
        with pytest.raises(IdentifierKeyError):
            find_films(connection, "ACC 7", has_no_key)
