"""A ledger of each earlier version keeps every row through the upgrade, on both databases."""

import pytest
from sqlalchemy import Engine

from store.schema import check_schema, find_older, upgrade_schema
from tests.earlier import list_revisions, make_earlier, read_rows

*EARLIER, NEWEST = list_revisions()


@pytest.mark.parametrize("revision", EARLIER)
def test_every_row_of_an_earlier_ledger_is_there_after_the_upgrade(empty_engine: Engine, revision: str) -> None:
    make_earlier(empty_engine, revision)
    before = read_rows(empty_engine)
    assert all(len(rows) == 1 for rows in before.values())
    assert find_older(empty_engine) == revision
    upgrade_schema(empty_engine)
    check_schema(empty_engine)
    assert find_older(empty_engine) is None
    after = read_rows(empty_engine)
    assert {name: after[name] for name in before} == before


def test_a_ledger_that_is_new_is_no_older_one(empty_engine: Engine) -> None:
    assert find_older(empty_engine) is None
