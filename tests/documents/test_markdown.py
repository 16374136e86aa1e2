from documents.blocks import CellKind, Column, Gallery, Row, Section, Sentences, Table
from documents.charts.columns import Stack, draw_columns
from documents.markdown import render_markdown
from documents.rates import Rate

COLUMNS = (
    Column("label", CellKind.WORDS, 1),
    Column("", CellKind.BAR, 1),
    Column("films", CellKind.COUNT, 1),
    Column("rate", CellKind.RATE, 1),
)
TABLE = Table("Rates", COLUMNS, [Row(["normal", 0.5, 1234, Rate(1, 8)])], "And 2 more.")


def test_a_section_is_a_heading_with_what_follows_it() -> None:
    written = render_markdown(
        [Section("rates", "Rates of labels", "How to read it.", [TABLE, Sentences(["So.", "It is."])])]
    )
    assert written.startswith("## Rates of labels\n\nHow to read it.\n\n**Rates**\n\n")
    assert written.endswith("\n\nAnd 2 more.\n\nSo.\n\nIt is.\n")


def test_cells_are_written_by_their_kind_and_bars_are_left_out() -> None:
    written = render_markdown([TABLE])
    assert "| label | films | rate |\n| --- | --- | --- |\n| normal | 1,234 | 12.5 % (2.2 to 47.1) |" in written


def test_nothing_in_a_cell_ends_its_table_and_a_name_is_no_markup() -> None:
    columns = (Column("name", CellKind.NAME, 1), Column("words", CellKind.WORDS, 1))
    written = render_markdown([Table("", columns, [Row(["a|b\n*c* <i>[x](y)", "**ours** | theirs"])])])
    assert written.splitlines()[-1] == r"| a\|b\\n\*c\* \<i\>\[x\](y) | **ours** \| theirs |"


def test_prose_is_wrapped_and_a_list_keeps_its_lines() -> None:
    written = render_markdown([Sentences(["word " * 60, "- one\n- two"])])
    assert max(map(len, written.splitlines())) < 120
    assert "\n\n- one\n- two\n" in written


def test_a_chart_is_written_as_what_it_says() -> None:
    chart = draw_columns("Files by hour", [Stack("08:00", {"a": 2}), Stack("09:00", {"a": 3})], [("a", "a")])
    written = render_markdown([chart, Gallery([chart])])
    said = "**Files by hour.** 2 columns from 08:00 to 09:00; the highest is 09:00 with 3."
    assert written == f"{said}\n\n{said}\n"
