"""Files of reference labels against a ledger: what is taken, what is refused, and on which line."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import Engine, select

from store.audit import list_events
from store.database import reading
from store.references.columns import ColumnChoice
from store.references.importing import LabelImport
from store.references.labels import find_references
from store.references.words import FilmKey, ReferenceSource
from store.tables import reference_labels
from tests.ledger import digest, predict
from tests.store.references.conftest import take, write


def find_pcr(engine: Engine) -> dict[str, str]:
    names = ("pa.dcm", "ap.dcm", "b.dcm", "c.dcm", "d.dcm", "d-edited.dcm", "e.png")
    with reading(engine) as connection:
        found = find_references(connection, ReferenceSource.PCR, map(digest, names))
    return {name: found[digest(name)].value for name in names if digest(name) in found}


def refused(found: LabelImport) -> list[tuple[int, str]]:
    return [(refusal.line, refusal.reason) for refusal in found.refusals]


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        ("accession_number,pcr\nA1,positive\n", "utf-8"),
        ("Accession Number;RT-PCR result;Name\n A1 ; Positive ;Grün\n", "cp1252"),
        ("AccessionNumber\tPCR\r\nA1\tPOS\r\n\r\n", "utf-16"),
        ('"accession","pcr"\n"A1","detected"\n', "utf-8-sig"),
    ],
)
def test_a_label_of_an_order_is_that_of_its_films(engine: Engine, tmp_path: Path, text: str, encoding: str) -> None:
    found = take(engine, write(tmp_path, text, encoding))
    assert (found.new, found.recorded, found.refusals) == (2, True, ())
    assert find_pcr(engine) == {"pa.dcm": "covid19", "ap.dcm": "covid19"}


@pytest.mark.parametrize(
    ("text", "film"),
    [("SOPInstanceUID,pcr\n1.2.1,neg\n", "pa.dcm"), (f"sha256,pcr\n{digest('e.png').upper()},neg\n", "e.png")],
)
def test_a_film_is_named_by_its_uid_or_its_hash(engine: Engine, tmp_path: Path, text: str, film: str) -> None:
    take(engine, write(tmp_path, text))
    assert find_pcr(engine) == {film: "not_covid19"}


def test_a_uid_with_letters_names_its_film_as_the_header_writes_it(engine: Engine, tmp_path: Path) -> None:
    predict(engine, "lettered.dcm", identity={"sop_instance_uid": "1.2.Ab-7"})
    take(engine, write(tmp_path, "SOPInstanceUID,pcr\n1.2.Ab-7,neg\n"))
    with reading(engine) as connection:
        assert find_references(connection, ReferenceSource.PCR, [digest("lettered.dcm")])
    wrong = take(engine, write(tmp_path, "SOPInstanceUID,pcr\n1.2.AB-7,neg\n"))
    assert refused(wrong) == [(2, "no film with this key was screened here")]


def test_options_name_columns_words_dates_and_who_says_so(engine: Engine, tmp_path: Path) -> None:
    path = write(tmp_path, "order,pcr,verdict,on\nA1,x,Clear,21.11.2020\nA2,x,?,\n")
    choice = ColumnChoice(FilmKey.ACCESSION_NUMBER, "order", "verdict", "on", ReferenceSource.READER)
    found = take(engine, path, choice=choice, meanings=("clear=normal", "?=skip"), date_format="%d.%m.%Y")
    assert (found.new, found.skipped) == (2, 1)
    with reading(engine) as connection:
        rows = connection.execute(select(reference_labels)).all()
    assert {(row.source, row.reference) for row in rows} == {("reader", "normal")}
    assert {row.obtained_at for row in rows} == {datetime(2020, 11, 20, 23, tzinfo=UTC)}  # midnight in Berlin


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("A9,positive,", "no film with this key"),
        (",positive,", "the key is empty"),
        ("A2,positive,", "films of different patients"),
        ("A1,maybe,", "unknown label"),
        ("A1,viral_pneumonia,", "unknown label"),
        ("A1,,", "the label is empty"),
        ("A1", "the label is empty"),
        ("A1,positive,21/11/2020", "the date cannot be read"),
        ("A1,positive,2999-01-01", "in the future"),
        ("A1,positive,1002-01-01", "before 1900"),
    ],
)
def test_a_doubtful_row_is_refused_with_its_line_and_nothing_is_recorded(
    engine: Engine, tmp_path: Path, row: str, reason: str
) -> None:
    found = take(engine, write(tmp_path, f"accession,pcr,date\nA5,positive,2020-11-21\n\n{row}\n"))
    assert [line for line, _ in refused(found)] == [4]
    assert reason in found.refusals[0].reason
    assert not found.recorded
    assert find_pcr(engine) == {}
    with reading(engine) as connection:
        assert "outcomes_imported" not in {event[1] for event in list_events(connection)}


@pytest.mark.parametrize(
    ("key", "reason"), [("1.2.5", "different films have this UID"), ("1.2 x", "not a sop_instance_uid")]
)
def test_a_uid_that_names_two_films_or_is_none_is_refused(
    engine: Engine, tmp_path: Path, key: str, reason: str
) -> None:
    found = take(engine, write(tmp_path, f"sop_instance_uid,pcr\n{key},positive\n"))
    assert reason in found.refusals[0].reason


def test_two_labels_of_one_film_are_refused_on_both_lines_and_the_same_twice_is_one(
    engine: Engine, tmp_path: Path
) -> None:
    path = write(tmp_path, "accession,pcr\nA1,positive\nA5,positive\nA5,positive\nA1,negative\n")
    found = take(engine, path, skip_refused=True)
    assert [line for line, _ in refused(found)] == [2, 5]
    assert "line 2 has another label" in found.refusals[1].reason
    assert find_pcr(engine) == {"d.dcm": "covid19", "d-edited.dcm": "covid19"}
    assert found.recorded


def test_importing_again_changes_nothing(engine: Engine, tmp_path: Path) -> None:
    path = write(tmp_path, "accession,pcr\nA1,positive\n")
    take(engine, path)
    again = take(engine, path)
    assert (again.new, again.unchanged, again.changed) == (0, 2, 0)
    with reading(engine) as connection:
        assert len(connection.execute(select(reference_labels)).all()) == 2


def test_another_label_than_before_is_refused_unless_it_is_to_replace_it(engine: Engine, tmp_path: Path) -> None:
    take(engine, write(tmp_path, "accession,pcr\nA1,positive\n"))
    path = write(tmp_path, "accession,pcr\nA1,negative\nA5,positive\n")
    found = take(engine, path)
    assert len(found.refusals) == 1
    assert "imported before" in found.refusals[0].reason
    assert find_pcr(engine) == {"pa.dcm": "covid19", "ap.dcm": "covid19"}
    assert take(engine, path, replace=True).changed == 2
    assert find_pcr(engine)["pa.dcm"] == "not_covid19"


def test_a_dry_run_says_the_same_and_records_nothing(engine: Engine, tmp_path: Path) -> None:
    path = write(tmp_path, "accession,pcr\nA1,positive\nA9,positive\n")
    dry = take(engine, path, dry_run=True, skip_refused=True)
    assert (dry.new, len(dry.refusals), dry.recorded) == (2, 1, False)
    assert find_pcr(engine) == {}
    real = take(engine, path, skip_refused=True)
    assert (real.new, real.refusals, real.recorded) == (2, dry.refusals, True)


def test_an_import_leaves_an_audit_event_without_identity(engine: Engine, tmp_path: Path) -> None:
    take(engine, write(tmp_path, "accession,pcr\nA1,positive\n"))
    with reading(engine) as connection:
        _, action, _, detail = list_events(connection)[0]
    assert action == "outcomes_imported"
    assert set(detail) == {"file_sha256", "source", "new", "changed", "unchanged", "skipped", "refused"}


def test_no_refusal_quotes_the_file(engine: Engine, tmp_path: Path) -> None:
    secret = "CANARY^PATIENT"
    rows = f"{secret},positive,\nA1,{secret},\nA1,positive,{secret}\n"
    found = take(engine, write(tmp_path, f"accession,pcr,date\n{rows}"), dry_run=True)
    assert len(found.refusals) == 3
    assert secret not in repr(found)
