"""CSV files as inputs have them, and the facts in their cells."""

import csv
import math
from collections.abc import Iterator, Mapping
from pathlib import Path

from training.data.dataset import DatasetManifestError, DatasetNotFoundError
from training.preparation.offer import clean

OLDEST_YEARS = 120.0
_SEXES = {"M": "M", "MALE": "M", "F": "F", "FEMALE": "F"}


def read_table(path: Path, columns: tuple[str, ...]) -> Iterator[tuple[int, dict[str, str]]]:
    """Yield line number and cells, cleaned, of each row of a CSV file.

    Parameters
    ----------
    path : Path
        A CSV file in UTF-8; bytes that are none become U+FFFD, as they already are in the public metadata.
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
        raise DatasetNotFoundError(f"there is no table {path.name} at {path.parent}")
    with path.open(encoding="utf-8-sig", errors="replace", newline="") as lines:
        rows = csv.DictReader(lines)
        try:
            missing = [column for column in columns if column not in (rows.fieldnames or ())]
            if missing:
                raise DatasetManifestError(f"{path.name} lacks the column {', '.join(missing)}")
            for row in rows:
                yield rows.line_num, _clean_row(row)
        except csv.Error as error:
            raise DatasetManifestError(f"{path.name} line {rows.line_num}: {error}") from None


def _clean_row(row: Mapping[str | None, str | list[str] | None]) -> dict[str, str]:
    # a row that is too long has a list under the name None; the public metadata ends in a column without a name
    return {name: clean(cell) for name, cell in row.items() if name and not isinstance(cell, list)}


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
