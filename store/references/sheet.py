"""A file of reference labels as lines of cells, and which column of it holds what."""

import csv
import hashlib
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from store.errors import ReferenceFileError
from store.references.words import DATE_NAMES, KEY_NAMES, LABEL_NAMES, FilmKey, ReferenceSource

SEPARATORS = ",;\t|"
UTF16_MARKS = (b"\xff\xfe", b"\xfe\xff")
WORKBOOK_MARKS = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")  # .xlsx and .xls
MAX_BYTES = 256 << 20


@dataclass(frozen=True, slots=True)
class Sheet:
    """A file of reference labels.

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
    """Read a file of reference labels.

    Comma, semicolon, tab or bar may separate the cells, whichever the header holds most of. The text is UTF-8 or
    UTF-16; what is not, in a column that nobody asks for, does no harm.

    Raises
    ------
    ReferenceFileError
        It is no CSV file, too large, or has no rows.
    OSError
        It cannot be read.
    """
    if path.stat().st_size > MAX_BYTES:
        raise ReferenceFileError(f"the file is larger than {MAX_BYTES >> 20} MiB; split it")
    content = path.read_bytes()
    if content.startswith(WORKBOOK_MARKS):
        raise ReferenceFileError("the file is a spreadsheet program's workbook; save it as CSV")
    text = content.decode("utf-16" if content.startswith(UTF16_MARKS) else "utf-8-sig", errors="replace")
    lines = list(_split(text))
    if len(lines) < 2:
        raise ReferenceFileError(
            "the file has no rows; expected a header with the names of the columns, and rows below"
        )
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
        raise ReferenceFileError(f"line {line}: the row is no CSV; is a quotation mark missing?") from None


@dataclass(frozen=True, slots=True)
class ColumnChoice:
    """What the options say of the columns; None: find it."""

    key: FilmKey | None = None
    key_column: str | None = None
    label_column: str | None = None
    date_column: str | None = None
    source: ReferenceSource | None = None


@dataclass(frozen=True, slots=True)
class Columns:
    """Where in a row its key, label and date stand; ``date`` is None where there is no such column."""

    key_kind: FilmKey
    source: ReferenceSource
    key: int
    label: int
    date: int | None


def find_columns(header: Sequence[str], choice: ColumnChoice) -> Columns:
    """Find the columns of a file of reference labels.

    A film's own names go before the accession number, which several films may share.

    Raises
    ------
    ReferenceFileError
        A column that was named is not there or is there twice, or nothing says which column holds what.
    """
    key_kind, key = _find_key(header, choice)
    source, label = _find_label(header, choice)
    date = _locate(header, choice.date_column) if choice.date_column else _recognise(header, DATE_NAMES)
    if len({key, label, date}) < 3:
        raise ReferenceFileError(
            "key, label and date must be columns of their own; name them with --key-column and so on"
        )
    return Columns(key_kind, source, key, label, date)


def _find_key(header: Sequence[str], choice: ColumnChoice) -> tuple[FilmKey, int]:
    if choice.key_column is not None:
        place = _locate(header, choice.key_column)
        kind = choice.key or next((kind for kind, names in KEY_NAMES.items() if _plain(header[place]) in names), None)
        if kind is None:
            raise ReferenceFileError(
                f"what the column of the key holds is not clear from its name: give {_listed('--key', FilmKey)}"
            )
        return kind, place
    for kind in (choice.key,) if choice.key else FilmKey:
        recognised = _recognise(header, KEY_NAMES[kind])
        if recognised is not None:
            return kind, recognised
    raise ReferenceFileError(f"no column names a film: name one with --key-column, and {_listed('--key', FilmKey)}")


def _find_label(header: Sequence[str], choice: ColumnChoice) -> tuple[ReferenceSource, int]:
    if choice.label_column is not None:
        place = _locate(header, choice.label_column)
        named = (source for source, names in LABEL_NAMES.items() if _plain(header[place]) in names)
        source = choice.source or next(named, None)
        if source is None:
            raise ReferenceFileError(f"who gave the labels is not clear: give {_listed('--source', ReferenceSource)}")
        return source, place
    sources = (choice.source,) if choice.source else tuple(ReferenceSource)
    recognised = ((source, _recognise(header, LABEL_NAMES[source])) for source in sources)
    found = [(source, place) for source, place in recognised if place is not None]
    if len(found) != 1:
        how_many = "more than one column holds" if found else "no column holds"
        raise ReferenceFileError(f"{how_many} labels: give --label-column and {_listed('--source', ReferenceSource)}")
    return found[0]


def _locate(header: Sequence[str], name: str) -> int:
    """Find a column that an option names; letters and signs must be alike, but for spaces around."""
    places = [place for place, found in enumerate(header) if found == name.strip()]
    if len(places) != 1:
        how_often = "more than one column has" if places else "no column has"
        raise ReferenceFileError(f"{how_often} the name {name[:40]!r}")
    return places[0]


def _recognise(header: Sequence[str], names: Sequence[str]) -> int | None:
    """Find the one column whose name is among those that are known; of several the order of the names decides."""
    plain = [_plain(name) for name in header]
    for name in names:
        if plain.count(name) > 1:
            raise ReferenceFileError(f"more than one column has the name {name}")
        if name in plain:
            return plain.index(name)
    return None


def _plain(name: str) -> str:
    return re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_")


def _listed(option: str, values: type[FilmKey | ReferenceSource]) -> str:
    return f"{option} ({', '.join(values)})"
