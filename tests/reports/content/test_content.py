from dataclasses import replace

import pytest

from documents.blocks import CellKind, Content, Gallery, Sentences, Table
from inference.labels import Label
from reports.columns import hide_patient
from reports.content import TERMINAL, build_content
from reports.figures.drift import DriftLevel
from reports.figures.report import Report
from store.questions.selection import Dimension
from store.states import Priority
from tests.reports.reports import make_report


def find_tables(content: Content, key: str) -> list[Table]:
    blocks = next(section.blocks for section in content.sections if section.key == key)
    return [block for block in blocks if isinstance(block, Table)]


def read(content: Content, key: str) -> str:
    blocks = next(section.blocks for section in content.sections if section.key == key)
    return " ".join(text for block in blocks if isinstance(block, Sentences) for text in block.texts)


@pytest.fixture
def report() -> Report:
    return make_report(1236)


def test_parts_and_groups_add_up_to_what_arrived(report: Report) -> None:
    parts, groups = find_tables(build_content(report), "arrivals")
    *rows, whole = parts.rows
    files = [column.heading for column in parts.columns].index("files")
    assert sum(row.cells[files] for row in rows) == whole.cells[files] == 1236
    arrived = [column.heading for column in groups.columns].index("arrived")
    assert sum(row.cells[arrived] for row in groups.rows) == 1236


def test_every_row_has_a_cell_for_each_column(report: Report) -> None:
    for section in build_content(report).sections:
        for table in (block for block in section.blocks if isinstance(block, Table)):
            assert {len(row.cells) for row in table.rows} <= {len(table.columns)}


def test_headline_and_tiles_give_a_label_the_same_share(report: Report) -> None:
    content, rate = build_content(report), report.summary.rate_of(Label.COVID19)
    (detail,) = (tile.detail for tile in content.tiles if tile.title == "COVID-19")
    share, _, whole = detail.partition(" of ")
    assert whole == f"{rate.whole:,} answered"
    assert any(f" labelled COVID-19: {share} (" in sentence for sentence in content.verdict)
    (refused,) = (tile.detail for tile in content.tiles if tile.title == "refused")
    assert refused.endswith(" of 1,236 arrived")


def test_a_film_that_came_twice_is_not_left_out_of_the_likely_positives() -> None:
    few = make_report(20)
    assert len(few.positives) == few.summary.labels[Label.COVID19] > 1
    (table,) = find_tables(build_content(replace(few, positives=few.positives[1:])), "worklist")
    assert not table.note


def test_likely_positives_that_were_not_asked_for_are_counted(report: Report) -> None:
    count = report.summary.labels[Label.COVID19]
    none = replace(report, positives=(), question=replace(report.question, positives_shown=0))
    assert read(build_content(none), "worklist").startswith(f"{count} films are labelled COVID-19: ")


def test_a_name_from_outside_is_always_of_the_kind_that_is_isolated(report: Report) -> None:
    name = "\u202eevil"
    found = make_report(1236, names=[name], by=Dimension.STATION)
    for section in build_content(found).sections:
        for table in (block for block in section.blocks if isinstance(block, Table)):
            for row in table.rows:
                kinds = [column.kind for column, cell in zip(table.columns, row.cells, strict=True) if cell == name]
                assert set(kinds) <= {CellKind.NAME}


def test_groups_that_are_too_many_are_counted(report: Report) -> None:
    (_, groups) = find_tables(build_content(make_report(100_000, days=365, by=Dimension.DAY)), "arrivals")
    assert len(groups.rows) == 60
    assert groups.rows[-1].cells[0] == "2026-11-21 Sat"  # the last days, not the first
    assert groups.note.startswith("305 more rows with ")


def test_agreement_stands_with_its_counts_and_intervals(report: Report) -> None:
    content = build_content(report)
    figures, _, missed, false_alarms = find_tables(content, "agreement")
    assert figures.caption == "Against RT-PCR: 123 films of 98 patients"
    assert [row.cells[1] for row in figures.rows] == ["given a label", "sensitivity", "specificity", "PPV", "NPV"]
    assert (missed.caption, false_alarms.caption) == ("Missed, by RT-PCR: 7", "False alarms, by RT-PCR: 12")
    assert missed.rows[0].cells[3:] == ["COVID-19", "normal, COVID-19 0.98"]
    assert false_alarms.rows[0].cells[3:] == ["not COVID-19", "COVID-19 1.00"]
    assert "And 7 films more." in false_alarms.note
    assert "By RT-PCR the model missed 7 films of an illness." in content.warnings


def test_a_site_without_references_has_no_section_on_agreement(report: Report) -> None:
    assert "agreement" not in [section.key for section in build_content(replace(report, agreement=())).sections]


def test_drift_is_said_in_words_the_worst_first(report: Report) -> None:
    content = build_content(report)
    (changed,) = find_tables(content, "drift")
    assert [row.cells[2] for row in changed.rows] == [DriftLevel.SHIFTED.value, DriftLevel.WATCH.value]
    assert [row.tone for row in changed.rows] == ["alarm", ""]
    assert changed.rows[0].cells[1] == "PSI 0.31"
    assert changed.rows[1].cells[:2] == ["refused: Station A, PA", "+4.1 points"]
    assert "1 comparison found nothing that chance does not explain." in read(content, "drift")
    assert "1 comparison with the reference found a shift: see Drift." in content.warnings


def test_scores_are_drawn_for_each_label_against_the_reference(report: Report) -> None:
    section = next(section for section in build_content(report).sections if section.key == "drift")
    (gallery,) = (block for block in section.blocks if isinstance(block, Gallery))
    assert len(gallery.charts) == len(Label)
    assert [style for style, _ in gallery.charts[0].legend] == ["bin", "reference"]


def test_without_a_reference_nothing_is_said_about_drift(report: Report) -> None:
    assert "drift" not in [section.key for section in build_content(replace(report, drift=None)).sections]


def test_a_page_names_the_study_of_each_film_that_it_lists_unless_patients_are_hidden(report: Report) -> None:
    study = {"sop_instance_uid": "1.2.3", "study_instance_uid": "1.2", "series_instance_uid": "1.2.4"}
    first, *others = report.positives
    known = first._replace(arrival_id=28, accession_number="ACC-7", station_name="ROOM-7", view_position="PA", **study)
    found = replace(report, positives=(known, *others), refusals=(known,))
    (table,) = find_tables(build_content(found), "studies")
    rows = [row.cells for row in table.rows if row.cells[0] == "00000028"]
    assert rows == [["00000028", "ACC-7", "ROOM-7", "PA", "1.2.3", "1.2", "1.2.4"]]
    (hidden,) = find_tables(build_content(found.hide_patients(hide_patient)), "studies")
    assert [row.cells for row in hidden.rows if row.cells[0] == "00000028"] == [
        ["00000028", None, "ROOM-7", "PA", None, None, None]
    ]
    assert "studies" not in [section.key for section in build_content(found, TERMINAL).sections]


def test_stat_films_have_their_speed_told_apart_and_their_mark_in_the_list(report: Report) -> None:
    content = build_content(report)
    told = "12 STAT files: half within 1.20 s, 95 of 100 within 2.10 s; the slowest took 9.00 s."
    assert told in read(content, "speed")
    (worklist,) = find_tables(content, "worklist")
    assert [row.cells[-1] for row in worklist.rows[:4]] == ["", "", "", "STAT"]
    routine = build_content(replace(report, latency_of={Priority.ROUTINE: report.latency_of[Priority.ROUTINE]}))
    assert "routine" not in read(routine, "speed")


def test_a_question_with_filters_says_so(report: Report) -> None:
    filters = replace(report.question.filters, labels=(Label.COVID19,), minimums=((None, 0.8),))
    found = replace(report, question=replace(report.question, filters=filters))
    (asked,) = find_tables(build_content(found), "about")
    answers = {row.cells[0]: row.cells[1] for row in asked.rows}
    assert answers["only label"] == "covid19"
    assert answers["only probability of the likeliest label"] == "0.8 or more"


@pytest.mark.parametrize("by", Dimension)
def test_whatever_divides_the_arrivals_heads_its_table(by: Dimension) -> None:
    groups = find_tables(build_content(make_report(1236, by=by)), "arrivals")[-1]
    assert groups.columns[0].heading == ("inbox" if by is Dimension.SOURCE else by.value)
    assert groups.caption == f"By {groups.columns[0].heading}"


def test_a_report_that_is_limited_says_so_at_its_head(report: Report) -> None:
    filters = replace(report.question.filters, labels=(Label.COVID19, Label.NORMAL), minimums=((None, 0.8),))
    found = replace(report, question=replace(report.question, filters=filters))
    first, second, *_ = build_content(found).verdict
    assert first == "Limited to label: covid19 or normal; probability of the likeliest label: 0.8 or more."
    assert second.startswith("1,236 files arrived")


def test_turn_around_is_held_against_what_is_promised_by_the_hour(report: Report) -> None:
    assert "promised" not in read(build_content(report), "speed")
    promising = replace(report, question=replace(report.question, longest_wait_minutes=60))
    assert "A result within 1 h is promised, and was kept for all of" in read(build_content(promising), "speed")
    first, *others = promising.hours
    late = replace(promising, hours=(replace(first, late=3), *(replace(hour, late=0) for hour in others)))
    said = read(build_content(late), "speed")
    assert "had to wait for longer, most of them in the hour from" in said
    assert f"{first.begins_at:%Y-%m-%d %H:%M} on (3)." in said
    assert ": 3 of " in said
