"""A table as lines of cells: CSV as laboratories, spreadsheets and public data sets write it. All CSV is read here."""

import codecs
import csv
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from io import StringIO
from pathlib import Path

from store.errors import SheetError

SEPARATORS = ",;\t|"
UTF16_MARKS = (b"\xff\xfe", b"\xfe\xff")
WORKBOOK_MARKS = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")  # .xlsx and .xls
MAX_BYTES = 256 << 20
SEPARATOR_HINT = "sep="
"""Excel writes and reads a first line such as `sep=;`."""


@dataclass(frozen=True, slots=True)
class Sheet:
    """A table.

    Attributes
    ----------
    sha256 : str
        Of the file, in hex: the audit event names it.
    header : tuple of str
        The names of the columns.
    rows : tuple of (int, tuple of str)
        The line on which a row begins (the file's first is 1), and its cells.
    """

    sha256: str
    header: tuple[str, ...]
    rows: tuple[tuple[int, tuple[str, ...]], ...]


def read_sheet(path: Path, *, may_be_empty: bool = False) -> Sheet:
    """Read a table.

    Comma, semicolon, tab or bar may separate the cells: the one that a first line `sep=;` names, else the one that the
    header holds most of. The text is UTF-8 or UTF-16; a byte that is neither is read as in Windows' code page 1252,
    in which Excel writes CSV.

    Parameters
    ----------
    path : Path
        The file.
    may_be_empty : bool
        A header without rows will do.

    Raises
    ------
    SheetError
        It is no CSV file, too large, or has no rows.
    OSError
        It cannot be read.
    """
    if path.stat().st_size > MAX_BYTES:
        raise SheetError(f"the file is larger than {MAX_BYTES >> 20} MiB; split it")
    content = path.read_bytes()
    if content.startswith(WORKBOOK_MARKS):
        raise SheetError("the file is a spreadsheet program's workbook; save it as CSV")
    lines = list(_split(_decode(content)))
    if len(lines) < (1 if may_be_empty else 2):
        raise SheetError("the file has no rows; expected a header with the names of the columns, and rows below")
    return Sheet(hashlib.sha256(content).hexdigest(), lines[0][1], tuple(lines[1:]))


def _decode(content: bytes) -> str:
    if content.startswith(UTF16_MARKS):
        return content.decode("utf-16", errors="replace")
    return content.decode("utf-8-sig", errors=_WINDOWS)


def _read_as_windows(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeDecodeError):
        raise error
    return error.object[error.start : error.end].decode("cp1252", errors="replace"), error.end


_WINDOWS = "xray-watch-cp1252"
codecs.register_error(_WINDOWS, _read_as_windows)


def _find_hint(line: str) -> str:
    hint = line.strip('" \r\n')
    separator = hint[len(SEPARATOR_HINT) :]
    return separator if hint[: len(SEPARATOR_HINT)].lower() == SEPARATOR_HINT and separator in [*SEPARATORS] else ""


def _split(text: str) -> Iterator[tuple[int, tuple[str, ...]]]:
    # str.splitlines would also break lines at signs that may stand in a cell, such as U+2028
    lines = list(StringIO(text, newline=""))
    head = next((place for place, line in enumerate(lines) if line.strip()), None)
    if head is None:
        return
    separator = _find_hint(lines[head])
    if separator:
        lines[head] = "\n"
    reader = csv.reader(lines, delimiter=separator or max(SEPARATORS, key=lines[head].count), strict=True)
    line = 1
    try:
        for cells in reader:
            stripped = tuple(cell.strip() for cell in cells)
            if any(stripped):
                yield line, stripped
            line = reader.line_num + 1
    except csv.Error:
        raise SheetError(f"line {line}: the row is no CSV; is a quotation mark missing?") from None
