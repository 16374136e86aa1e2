from io import BytesIO, StringIO, TextIOWrapper

import pytest

from documents.blocks import HEADING, Bullets, CellKind, Column, Content, Gallery, Row, Section, Sentences, Table, Tile
from documents.charts.columns import Stack, draw_columns
from documents.figures import Estimate
from documents.rates import Rate
from documents.terminal import write_content
from inference.labels import NOTICE

NAMED = Column("file", CellKind.NAME, 1)


def write(*blocks: object, lead: str = "How to read it.", **head: object) -> str:
    stream = StringIO()
    facts = {"title": "Title", "period": "a day", "verdict": (), "warnings": (), "tiles": (), **head}
    sections = [Section("key", "Section", lead, blocks)] if blocks else []  # type: ignore[arg-type]
    write_content(Content(**facts, sections=sections), stream)  # type: ignore[arg-type]
    return "\n".join(line.rstrip() for line in stream.getvalue().splitlines())


def test_headline_sections_and_notice_stand_below_each_other() -> None:
    written = write(Sentences(["It is so."]), verdict=["All is well."], tiles=[Tile("films", "12", "of 24")])
    rule = "─" * (80 - len("Section "))
    assert written == (
        "xray-watch: Title\na day\n\nAll is well.\n\nfilms  12  of 24\n"
        f"\nSection {rule}\nHow to read it.\n\nIt is so.\n\n{NOTICE}"
    )


def test_numbers_stand_at_the_right_and_a_line_is_drawn_over_the_whole() -> None:
    columns = (Column("part", CellKind.WORDS, 1), Column("files", CellKind.COUNT, 1), Column("rate", CellKind.RATE, 1))
    rows = [Row(["one", 7, Rate(1, 8)]), Row(["all", 1234, None], "whole")]
    assert (
        "part  files                  rate\n─────────────────────────────────\n"
        "one       7  12.5 % (2.2 to 47.1)\n\nall   1,234                     –"  # noqa: RUF001
    ) in write(Table("", columns, rows))


def test_a_long_name_is_folded_and_never_cut() -> None:
    table = Table("", (NAMED, Column("advice", CellKind.WORDS, 1)), [Row(["x" * 100, "many words " * 12])])
    lines = write(table).splitlines()
    assert max(map(len, lines)) <= 80
    assert sum(line.count("x") for line in lines) == 101  # and that of xray-watch
    assert any(line.startswith("xxx") and "x  many words" in line for line in lines)


def test_bars_give_way_where_room_is_scarce_and_so_does_the_year() -> None:
    bar, text = Column("", CellKind.BAR, 0.5), Column("words", CellKind.WORDS, 1)
    assert "█" * 22 in write(Table("", (NAMED, bar), [Row(["a", 1.0])]))
    assert "█" not in write(Table("", (NAMED, bar, text), [Row(["a" * 50, 1.0, "b" * 30])]))


def test_a_column_without_a_cell_is_left_out() -> None:
    table = Table("", (NAMED, Column("mark", CellKind.WORDS, 1)), [Row(["a", ""]), Row(["b", ""])])
    assert "mark" not in write(table)


def test_headings_of_many_figures_are_folded_and_the_names_of_rows_stay() -> None:
    columns = [Column("step", CellKind.WORDS, 1)]
    columns += [Column(f"a very long heading {number}", CellKind.NUMBER, 1) for number in range(6)]
    lines = write(Table("", columns, [Row(["read and hash", *[0.5] * 6])])).splitlines()
    assert max(map(len, lines)) <= 80
    assert any(line.startswith("read and hash") and line.count("0.500") == 6 for line in lines)


def test_a_line_over_rows_and_a_remark_beside_a_name_are_written() -> None:
    columns = (Column("group", CellKind.NAME, 1), Column("share", CellKind.RATE, 1))
    rows = [Row(["by view", None], HEADING), Row(["PA", Estimate(0.5, 0.4, 0.6)], remark="12 films")]
    written = write(Table("Groups", columns, rows, "And 2 more."))
    assert "\nby view" in written
    assert "PA, 12 films  50 % (40 to 60)\nAnd 2 more." in written


def test_items_of_a_list_hang_and_a_chart_is_drawn_with_letters_or_said() -> None:
    hours = [Stack(f"{hour:02}:00", {"a": hour}) for hour in range(1, 4)]
    chart = draw_columns("Files by hour", hours, [("a", "a")])
    written = write(Bullets(["word " * 20, "short"]), chart, Gallery([chart]))
    assert "\n- word" in written
    assert "\n  word" in written
    assert written.count("03:00  3  " + "█" * 44) == 2
    many = draw_columns("Files", [Stack(str(hour), {"a": 1}) for hour in range(40)], [("a", "a")])
    assert "Files. 40 columns from 0 to 39; the highest is 0 with 1." in write(many)


@pytest.mark.parametrize("name", ["\x1b[31mred", "[red]x", ":smiley:", "\u202egnp.exe", "a\nb"])
def test_nothing_in_a_text_steers_the_terminal(name: str) -> None:
    written = write(Table(name, (NAMED,), [Row([name])], name), Sentences([name]), title=name, lead=name)
    assert not [sign for sign in written if not sign.isprintable() and sign != "\n"]
    assert "[red]x" in written or not name.startswith("[")


def test_without_unicode_signs_of_ascii_stand_in_their_place() -> None:
    content = BytesIO()
    stream = TextIOWrapper(content, encoding="latin-1")
    table = Table("", (NAMED, Column("share", CellKind.SHARE, 1)), [Row(["xxx…", None])])
    section = Section("key", "Section", "", [table])
    write_content(Content("Title", "", (), (), (), [section]), stream)
    stream.flush()
    assert content.getvalue().isascii()
    assert b"xxx~" in content.getvalue()
