"""The rows of a file of reference labels, understood one by one: which film, what is said of it, and when."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, tzinfo

from store.errors import ReferenceFileError
from store.identifiers import Protect
from store.references.columns import Columns
from store.references.words import OBVIOUS, REFERENCES, FilmKey, Reference, ReferenceSource
from store.sheet import Sheet

SKIP = "skip"
EARLIEST_YEAR = 1900
# a UID as the ledger keeps it: with the letters and hyphens of some archives, large and small as they are written
KEY_FORMS = {FilmKey.SOP_INSTANCE_UID: r"[0-9A-Za-z.-]{1,64}", FilmKey.SOURCE_SHA256: r"[0-9a-f]{64}"}


class RowRefusedError(Exception):
    """A row cannot be taken; the message quotes nothing of it."""


@dataclass(frozen=True, slots=True)
class RefusedRow:
    """Why a row is not taken; ``reason`` quotes nothing of it."""

    line: int
    reason: str


@dataclass(frozen=True, slots=True)
class LabelRow:
    """A row that was understood; ``key`` as the ledger holds it, accession numbers hashed where the site says so."""

    line: int
    key: str
    reference: Reference
    obtained_at: datetime | None


@dataclass(slots=True)
class SheetRows:
    """What a sheet says, row by row; ``skipped`` counts rows whose label is mapped to ``skip``."""

    rows: list[LabelRow] = field(default_factory=list)
    refusals: list[RefusedRow] = field(default_factory=list)
    skipped: int = 0


@dataclass(frozen=True, slots=True)
class CellFormat:
    """How cells are to be read.

    Attributes
    ----------
    words : mapping
        What a label means, by its text in lower case; None: the row is skipped.
    protect : Callable
        What accession numbers pass through, as on their way into the ledger (``store.identifiers``).
    zone : tzinfo
        Of times without one.
    date_format : str or None
        As ``datetime.strptime`` has it; None: ISO 8601.
    """

    words: Mapping[str, Reference | None]
    protect: Protect
    zone: tzinfo
    date_format: str | None = None


def read_words(source: ReferenceSource, pairs: Iterable[str]) -> dict[str, Reference | None]:
    """Return what each label means: the obvious words, and the site's own, as in ``POS=covid19`` or ``invalid=skip``.

    Raises
    ------
    ReferenceFileError
        A pair is none, or means what this source cannot say: an RT-PCR knows COVID-19 and not COVID-19 only.
    """
    words: dict[str, Reference | None] = dict(OBVIOUS[source])
    for pair in pairs:
        word, equals, meaning = pair.rpartition("=")
        accepted = (*REFERENCES[source], SKIP)
        if not equals or meaning.strip() not in accepted:
            raise ReferenceFileError(f"--map {pair[:40]!r}: expected TEXT=MEANING, with one of {', '.join(accepted)}")
        words[word.strip().lower()] = None if meaning.strip() == SKIP else Reference(meaning.strip())
    return words


def understand(sheet: Sheet, columns: Columns, form: CellFormat) -> SheetRows:
    """Read every row of a sheet; what cannot be understood is refused with its line."""
    found = SheetRows()
    for line, cells in sheet.rows:
        try:
            row = _read_row(line, cells, columns, form)
        except RowRefusedError as refusal:
            found.refusals.append(RefusedRow(line, str(refusal)))
            continue
        if row is None:
            found.skipped += 1
        else:
            found.rows.append(row)
    return found


def _read_row(line: int, cells: Sequence[str], columns: Columns, form: CellFormat) -> LabelRow | None:
    key, label, date = (
        cells[place] if place is not None and place < len(cells) else ""
        for place in (columns.key, columns.label, columns.date)
    )
    if label.lower() not in form.words:
        raise RowRefusedError(
            "the label is empty; --map =skip skips such rows" if not label else "unknown label; see --map"
        )
    reference = form.words[label.lower()]
    if reference is None:
        return None
    return LabelRow(line, _read_key(key, columns.key_kind, form.protect), reference, _read_date(date, form))


def _read_key(text: str, kind: FilmKey, protect: Protect) -> str:
    if kind is FilmKey.ACCESSION_NUMBER:
        protected = protect(text)
        if protected is None:
            raise RowRefusedError("the key is empty")
        return protected
    key = text.lower() if kind is FilmKey.SOURCE_SHA256 else text
    if not re.fullmatch(KEY_FORMS[kind], key):
        raise RowRefusedError("the key is empty" if not key else f"the key is not a {kind}")
    return key


def _read_date(text: str, form: CellFormat) -> datetime | None:
    if not text:
        return None
    try:
        read = datetime.strptime(text, form.date_format) if form.date_format else datetime.fromisoformat(text)  # noqa: DTZ007
        moment = (read if read.tzinfo else read.replace(tzinfo=form.zone)).astimezone(UTC)
    except (ValueError, OverflowError):
        expected = form.date_format or "2026-11-21; see --date-format"
        raise RowRefusedError(f"the date cannot be read; expected is {expected}") from None
    if moment.year < EARLIEST_YEAR or moment > datetime.now(tz=UTC):
        raise RowRefusedError(f"the date lies in the future, or before {EARLIEST_YEAR}")
    return moment
