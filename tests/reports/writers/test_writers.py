import csv
import json
from collections.abc import Iterator
from io import StringIO
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from documents.text import disarm_formula, find_file_name, shorten, show_text
from inference.labels import NOTICE, Label
from reports.columns import result_to_json
from reports.figures.summary import Summary
from reports.question.periods import Period
from reports.writers.csv_report import NAMES, write_csv
from reports.writers.json_report import write_json
from store.questions.queries import SAID, Result
from store.states import ArrivalState
from tests.reports.results import HOSTILE_NAMES, PERIOD, PREDICTED, GivenSource, named, new_report, refused


def as_json(*results: Result) -> str:
    stream = StringIO()
    write_json(GivenSource(new_report(Summary(arrived=len(results))), results), stream)
    return stream.getvalue()


def as_csv(*results: Result) -> str:
    stream = StringIO(newline="")
    write_csv(GivenSource(new_report(), results), stream)
    return stream.getvalue()


def test_the_json_of_a_result_is_the_contract() -> None:
    header = {"station_name": "ROOM-1", "view_position": "PA", "accession_number": "hmac-sha256:12"}
    uids = {"sop_instance_uid": "1.2.3", "study_instance_uid": "1.2"}
    result = PREDICTED._replace(notes=("window_not_used",), **header, **uids)
    assert result_to_json(result, ZoneInfo("Europe/Berlin")) == {
        "file_name": "film.dcm",
        "source_sha256": "ab" * 32,
        "state": "done",
        "outcome": "predicted",
        "label": "normal",
        "probabilities": {"covid19": 0.125, "viral_pneumonia": 0.25, "normal": 0.625},
        "reason_code": None,
        "model_version": "1",
        "model_sha256": "cd" * 32,
        "received_at": "2026-11-01T09:30:00.500000+01:00",
        "finished_at": "2026-11-01T09:30:00.500000+01:00",
        "priority": "routine",
        "conflict_with": None,
        "arrival_id": 1,
        "reason": None,
        "notes": ["window_not_used"],
        "station_name": "ROOM-1",
        "view_position": "PA",
        "accession_number": "hmac-sha256:12",
        "sop_instance_uid": "1.2.3",
        "study_instance_uid": "1.2",
        "series_instance_uid": None,
    }


def test_films_in_conflict_name_one_another_in_json_and_csv() -> None:
    one = PREDICTED._replace(conflict=True, conflict_with="arrival-2 b.dcm")
    assert result_to_json(one)["conflict_with"] == "arrival-2 b.dcm"
    assert "arrival-2 b.dcm" in as_csv(one)


def test_what_is_not_known_is_null() -> None:
    waiting = refused("x", state=ArrivalState.WAITING, source_sha256=None, model_version=None, finished_at=None)
    found = result_to_json(waiting._replace(reason_code=None))
    unknown = {"source_sha256", "outcome", "label", "probabilities", "reason_code", "model_version", "finished_at"}
    assert {name for name, value in found.items() if value is None} == unknown | {"conflict_with", "reason", *SAID}
    assert found["received_at"] == "2026-11-01T08:30:00.500000+00:00"


def test_a_json_report_has_the_shape_of_the_contract() -> None:
    report = json.loads(as_json(PREDICTED, refused("lateral")))
    assert {"schema", "notice", "since", "until", "summary", "results"} <= report.keys()
    assert list(report)[-1] == "results"
    assert (report["schema"], report["notice"]) == (1, NOTICE)
    assert (report["since"], report["until"]) == ("2026-11-01T00:00:00+00:00", "2026-11-02T00:00:00+00:00")
    assert report["results"] == [result_to_json(PREDICTED), result_to_json(refused("lateral"))]


def test_an_empty_json_report_is_whole() -> None:
    assert json.loads(as_json())["results"] == []


def test_hostile_names_come_through_json_as_plain_ascii() -> None:
    written = as_json(*map(named, HOSTILE_NAMES))
    assert written.isascii()
    assert "\x1b" not in written
    names = [result["file_name"] for result in json.loads(written)["results"]]
    assert names[:13] == HOSTILE_NAMES[:13]
    assert r"bytes\xff\x80.dcm" in names


def test_a_probability_that_is_no_number_is_never_written() -> None:
    with pytest.raises(ValueError, match="not JSON compliant"):
        as_json(PREDICTED._replace(probabilities={Label.NORMAL: float("nan")}))


def test_csv_is_rfc_4180_with_the_notice_in_each_line() -> None:
    written = as_csv(PREDICTED, refused("lateral"))
    assert written.count("\r\n") == written.count("\n") == 3
    first, second = csv.DictReader(StringIO(written, newline=""))
    assert (first["file_name"], first["label"], first["probability_normal"]) == ("film.dcm", "normal", "0.625")
    assert (second["outcome"], second["label"], second["reason_code"]) == ("rejected", "", "lateral")
    assert first["notice"] == second["notice"] == NOTICE


def test_an_empty_csv_has_its_header() -> None:
    assert as_csv() == ",".join(NAMES) + "\r\n"


def test_no_cell_of_a_csv_is_computed_or_breaks_its_line() -> None:
    written = as_csv(*map(named, HOSTILE_NAMES))
    rows = list(csv.reader(StringIO(written, newline="")))
    assert {len(row) for row in rows} == {len(NAMES)}
    assert written.count("\n") == len(HOSTILE_NAMES) + 1
    for row in rows:
        assert not row[0].startswith(("=", "+", "-", "@", "\t", "\r"))
    assert rows[1][0] == "'" + HOSTILE_NAMES[0]
    assert "\x1b" not in written
    assert "\x9b" not in written


@given(st.text())
def test_shown_text_steers_nothing_and_a_disarmed_cell_stays_readable(text: str) -> None:
    shown = show_text(text)
    assert shown.isprintable()
    shown.encode()
    assert disarm_formula(shown).lstrip("'") == shown.lstrip("'")


def test_a_name_that_is_not_utf_8_is_shown_by_its_bytes() -> None:
    assert find_file_name(Path("/inbox/R\udcf6ntgen.dcm")) == r"R\xf6ntgen.dcm"


def test_times_are_written_in_the_zone_of_the_period() -> None:
    zone = ZoneInfo("Asia/Tokyo")
    period = Period(PERIOD.since.astimezone(zone), PERIOD.until.astimezone(zone))
    stream = StringIO()
    write_json(GivenSource(new_report(period=period), [PREDICTED]), stream)
    report = json.loads(stream.getvalue())
    assert report["since"] == "2026-11-01T09:00:00+09:00"
    assert report["results"][0]["finished_at"] == "2026-11-01T17:30:00.500000+09:00"


@pytest.mark.parametrize("output_format", ["json", "csv"])
def test_each_result_is_written_before_the_next_is_read(output_format: str) -> None:
    stream = StringIO()

    def read_slowly() -> Iterator[Result]:
        for number in range(3):
            yield named(f"{number}.dcm")
            assert f"{number}.dcm" in stream.getvalue()

    write = {"json": write_json, "csv": write_csv}[output_format]
    write(GivenSource(new_report(), read_slowly()), stream)
    assert "2.dcm" in stream.getvalue()


@settings(deadline=None)
@given(st.text("abcdef", max_size=200), st.integers(3, 90))
def test_a_shortened_text_keeps_its_ends_and_its_length(text: str, most: int) -> None:
    found = shorten(text, most)
    assert len(found) == min(len(text), most)
    head, _, tail = found.partition("…")
    assert text.startswith(head)
    assert text.endswith(tail)
    assert found == text or "…" in found
