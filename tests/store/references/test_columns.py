"""Files of reference labels, and options about them, that make no sense as a whole."""

from pathlib import Path

import pytest
from sqlalchemy import Engine

from store.errors import ReferenceFileError, SheetError
from store.references.columns import ColumnChoice
from tests.store.references.conftest import take, write


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "no rows"),
        ("accession,pcr\n", "no rows"),
        ('accession,pcr\nA1,"positive\n', "line 2: the row is no CSV"),
        ("number,pcr\nA1,positive\n", "no column names a film"),
        ("accession,outcome\nA1,positive\n", "no column holds labels"),
        ("accession,pcr,label\nA1,positive,normal\n", "more than one column holds labels"),
        ("accession,pcr,pcr\nA1,positive,negative\n", "more than one column has the name pcr"),
        ("PK\x03\x04", "save it as CSV"),
    ],
)
def test_a_file_that_makes_no_sense_is_refused_as_a_whole(
    engine: Engine, tmp_path: Path, text: str, reason: str
) -> None:
    with pytest.raises(SheetError, match=reason):
        take(engine, write(tmp_path, text))


@pytest.mark.parametrize(
    ("settings", "reason"),
    [
        ({"meanings": ("POS=viral_pneumonia",)}, "expected TEXT=MEANING, with one of covid19, not_covid19, skip"),
        ({"meanings": ("POS",)}, "expected TEXT=MEANING"),
        ({"choice": ColumnChoice(key_column="order")}, "no column has the name 'order'"),
        ({"choice": ColumnChoice(key_column="note")}, "give --key"),
        ({"choice": ColumnChoice(label_column="note")}, "give --source"),
        ({"choice": ColumnChoice(date_column="pcr")}, "columns of their own"),
    ],
)
def test_options_that_make_no_sense_are_refused(
    engine: Engine, tmp_path: Path, settings: dict[str, object], reason: str
) -> None:
    with pytest.raises(ReferenceFileError, match=reason):
        take(engine, write(tmp_path, "accession,pcr,note\nA1,positive,\n"), **settings)
