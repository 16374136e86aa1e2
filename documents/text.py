"""Text of others (file names above all) made safe to show: on a terminal, and in a spreadsheet."""

import os
from pathlib import Path

FORMULA_BEGINNINGS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")  # noqa: RUF001  (Excel reads the wide ones)
LONGEST_NAME = 200  # signs, on a page; the longest reason in a sentence has 163


def find_file_name(path: Path) -> str:
    r"""Return the base name of a path as Unicode; bytes that are not UTF-8 become ``\xNN``."""
    return os.fsencode(path.name).decode("utf-8", "backslashreplace")


def show_text(text: str) -> str:
    r"""Return text in which nothing steers a terminal: ESC is shown as ``\x1b``."""
    if text.isprintable():
        return text
    return "".join(sign if sign.isprintable() else sign.encode("unicode_escape").decode() for sign in text)


def shorten(text: str, most: int) -> str:
    """Return at most so many characters of a text; a longer one loses its middle, since names differ at their ends."""
    if len(text) <= most:
        return text
    tail = most // 3
    return f"{text[: most - tail - 1]}…{text[-tail:]}"


def disarm_formula(text: str) -> str:
    """Return a cell which a spreadsheet takes for text; an apostrophe keeps it from being computed."""
    return f"'{text}" if text.startswith(FORMULA_BEGINNINGS) else text
