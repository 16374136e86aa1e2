"""What a text column takes, and what must be cleaned before it comes to store.

``DataError`` and ``UnicodeEncodeError`` say that the caller did not clean; they are never ``OperationalError``,
which means "try again" and would be tried for ever.
"""

from typing import Any

import pytest
from sqlalchemy import Engine, select
from sqlalchemy.exc import DataError

from store.tables import screenings
from tests.ledger import hold, new_screening, register_model, screen

HARMLESS = [
    "Ω 胸部 😀",
    "<script>alert(1)</script>",
    "'; DROP TABLE arrivals; --",
    "line\r\nbreak\t\x1b[31m\x7f\x85\u202e\ufeff\uffff",
    "x" * 10_000,
]


def keep(engine: Engine, column: str, value: object) -> Any:
    register_model(engine)
    screen(engine, hold(engine, "a.dcm"), new_screening(identity={column: value}))
    with engine.begin() as connection:
        return connection.execute(select(screenings.c[column])).scalar_one()


@pytest.mark.parametrize("value", HARMLESS)
def test_unicode_text_of_any_length_is_kept_as_it_is(engine: Engine, value: str) -> None:
    assert keep(engine, "station_name", value) == value


def test_a_nul_is_refused_by_postgresql(postgresql_engine: Engine) -> None:
    with pytest.raises(DataError):
        keep(postgresql_engine, "station_name", "a\0b")


def test_a_lone_surrogate_is_refused_by_both(engine: Engine) -> None:
    with pytest.raises(UnicodeEncodeError):
        keep(engine, "station_name", "a\udcffb")


def test_a_number_beyond_32_bits_is_refused_by_postgresql(postgresql_engine: Engine) -> None:
    with pytest.raises(DataError):
        keep(postgresql_engine, "rows", 2**31)


def test_a_uid_longer_than_the_standard_allows_is_refused_and_not_retried(postgresql_engine: Engine) -> None:
    from secrets import token_hex

    with pytest.raises(DataError):
        keep(postgresql_engine, "sop_instance_uid", token_hex(5_000))
