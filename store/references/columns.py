"""Which column of a file of reference labels holds what: as the options say, else by its name."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from store.errors import ReferenceFileError
from store.references.words import DATE_NAMES, IMPORTED, KEY_NAMES, LABEL_NAMES, FilmKey, ReferenceSource


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
    if choice.source not in (None, *IMPORTED):
        raise ReferenceFileError(f"reviews are given on the page, not imported: give {_listed('--source', IMPORTED)}")
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
            raise ReferenceFileError(f"who gave the labels is not clear: give {_listed('--source', IMPORTED)}")
        return source, place
    sources = (choice.source,) if choice.source else IMPORTED
    recognised = ((source, _recognise(header, LABEL_NAMES[source])) for source in sources)
    found = [(source, place) for source, place in recognised if place is not None]
    if len(found) != 1:
        how_many = "more than one column holds" if found else "no column holds"
        raise ReferenceFileError(f"{how_many} labels: give --label-column and {_listed('--source', IMPORTED)}")
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


def _listed(option: str, values: Iterable[str]) -> str:
    return f"{option} ({', '.join(values)})"
