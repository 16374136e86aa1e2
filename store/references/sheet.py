"""A results file as lines of cells: CSV as laboratories and spreadsheets write it."""

import csv
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from store.errors import ResultsFileError

SEPARATORS = ",;\t|"
UTF16_MARKS = (b"\xff\xfe", b"\xfe\xff")
WORKBOOK_MARKS = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")  # .xlsx and .xls
MAX_BYTES = 256 << 20


@dataclass(frozen=True, slots=True)
class Sheet:
    """A results file.

    Attributes
    ----------
    sha256 : str
        Of the file, in hex: the audit event names it.
    header : tuple of str
        The names of the columns.
    rows : tuple of (int, tuple of str)
        The line on which a row begins (the header's is 1), and its cells.
    """

    sha256: str
    header: tuple[str, ...]
    rows: tuple[tuple[int, tuple[str, ...]], ...]


def read_sheet(path: Path) -> Sheet:
    """Read a results file.

    Comma, semicolon, tab or bar may separate the cells, whichever the header holds most of. The text is UTF-8 or
    UTF-16; what is not, in a column that nobody asks for, does no harm.

    Raises
    ------
    ResultsFileError
        It is no CSV file, too large, or has no rows.
    OSError
        It cannot be read.
    """
    if path.stat().st_size > MAX_BYTES:
        raise ResultsFileError(f"the file is larger than {MAX_BYTES >> 20} MiB; split it")
    content = path.read_bytes()
    if content.startswith(WORKBOOK_MARKS):
        raise ResultsFileError("the file is a spreadsheet program's workbook; save it as CSV")
    text = content.decode("utf-16" if content.startswith(UTF16_MARKS) else "utf-8-sig", errors="replace")
    lines = list(_split(text))
    if len(lines) < 2:
        raise ResultsFileError("the file has no rows; expected a header with the names of the columns, and rows below")
    return Sheet(hashlib.sha256(content).hexdigest(), lines[0][1], tuple(lines[1:]))


def _split(text: str) -> Iterator[tuple[int, tuple[str, ...]]]:
    head = text.lstrip().partition("\n")[0]
    reader = csv.reader(text.splitlines(keepends=True), delimiter=max(SEPARATORS, key=head.count), strict=True)
    line = 1
    try:
        for cells in reader:
            stripped = tuple(cell.strip() for cell in cells)
            if any(stripped):
                yield line, stripped
            line = reader.line_num + 1
    except csv.Error:
        raise ResultsFileError(f"line {line}: the row is no CSV; is a quotation mark missing?") from None
