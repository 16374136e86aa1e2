"""CSV files as data sets have them, and the facts in their cells."""

import math
from collections.abc import Iterator
from itertools import zip_longest
from pathlib import Path

from store.errors import SheetError
from store.sheet import read_sheet
from training.data.errors import DatasetManifestError, DatasetNotFoundError

OLDEST_YEARS = 120.0
_SEXES = {"M": "M", "MALE": "M", "F": "F", "FEMALE": "F"}
_NAMES_OF_FILES = {"file", "filename", "path"}


def read_table(path: Path, columns: tuple[str, ...]) -> Iterator[tuple[int, dict[str, str]]]:
    """Yield the line and the cells, cleaned, of each row of a CSV file; the names of columns in lower case.

    Parameters
    ----------
    path : Path
        A CSV file, as `store.sheet` reads them.
    columns : tuple of str
        Names that must be there.

    Raises
    ------
    DatasetNotFoundError
        There is no such file.
    DatasetManifestError
        A column is missing, or the file is no CSV.
    """
    if not path.is_file():
        raise DatasetNotFoundError(f"there is no table {path}")
    try:
        sheet = read_sheet(path, may_be_empty=True)
    except SheetError as error:
        raise DatasetManifestError(f"{path.name}: {error}") from None
    names = [clean(name).lower() for name in sheet.header]
    missing = [column for column in columns if column not in names]
    if missing:
        raise DatasetManifestError(f"{path} has no column named {' or '.join(map(repr, missing))}")
    for line, cells in sheet.rows:
        # a row may be too short or too long; the public metadata ends in a column without a name
        whole = zip_longest(names, cells[: len(names)], fillvalue="")
        yield line, {name: _clean_cell(name, cell) for name, cell in whole if name}


def clean(text: str | None) -> str:
    """Put text of a table on one line, without control characters."""
    words = "".join(letter if letter.isprintable() else " " for letter in text or "").split()
    return " ".join(words)


def _clean_cell(name: str, cell: str) -> str:
    # the name of a file may hold two spaces in a row, and is no longer its name without them
    return cell if name in _NAMES_OF_FILES else clean(cell)


def read_age(cell: str) -> str:
    """Return an age in years as text, or "" where the cell is none."""
    try:
        years = float(cell)
    except ValueError:
        return ""
    return f"{years:.4g}" if math.isfinite(years) and 0.0 <= years <= OLDEST_YEARS else ""


def read_sex(cell: str) -> str:
    """Return "M", "F" or ""."""
    return _SEXES.get(cell.upper(), "")
