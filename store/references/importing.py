"""Importing a file of reference labels: all of it or nothing, unless the site says otherwise."""

from dataclasses import dataclass, field, replace
from datetime import tzinfo
from pathlib import Path

from sqlalchemy import Connection, Engine

from store.audit import record_event
from store.database import reading, wait_for_turn
from store.identifiers import Protect
from store.references.columns import ColumnChoice, Columns, find_columns
from store.references.labels import LabelClaim, find_references, match_films, record_references
from store.references.rows import CellFormat, RefusedRow, read_words, understand
from store.sheet import read_sheet

CONTRADICTS = "another label of this film was imported before; --replace takes this one"


@dataclass(frozen=True, slots=True)
class ImportSettings:
    """How a file of reference labels is to be imported.

    Attributes
    ----------
    choice : ColumnChoice
        Of columns.
    meanings : tuple of str
        As in ``POS=covid19``.
    date_format : str or None
        As ``strptime`` has it; None: ISO 8601.
    replace : bool
        A label that says otherwise than the ledger takes its place, instead of being refused.
    skip_refused : bool
        Take the other rows although some are refused.
    dry_run : bool
        Record nothing.
    """

    choice: ColumnChoice = field(default_factory=ColumnChoice)
    meanings: tuple[str, ...] = ()
    date_format: str | None = None
    replace: bool = False
    skip_refused: bool = False
    dry_run: bool = False


@dataclass(frozen=True, slots=True)
class LabelImport:
    """What an import did, or would do.

    ``new``, ``changed`` and ``unchanged`` count films; ``skipped`` and ``refusals`` rows. ``recorded`` is False where
    nothing was written.
    """

    columns: Columns
    header: tuple[str, ...]
    rows: int
    skipped: int
    refusals: tuple[RefusedRow, ...]
    new: int = 0
    changed: int = 0
    unchanged: int = 0
    recorded: bool = False


def import_references(
    engine: Engine, path: Path, settings: ImportSettings, protect: Protect, zone: tzinfo
) -> LabelImport:
    """Import a file of reference labels; safe to run again.

    Parameters
    ----------
    protect : Callable
        What accession numbers pass through, as on their way into the ledger.
    zone : tzinfo
        Of times without one.

    Raises
    ------
    SheetError, ReferenceFileError
        The file, or what is said of its columns, makes no sense.
    OSError
        It cannot be read.
    """
    sheet = read_sheet(path)
    columns = find_columns(sheet.header, settings.choice)
    words = read_words(columns.source, settings.meanings)
    understood = understand(sheet, columns, CellFormat(words, protect, zone, settings.date_format))
    with reading(engine) as connection:  # the long part, without the writers' lock
        claims, refusals = match_films(connection, understood.rows, columns)
    draft = LabelImport(columns, sheet.header, len(sheet.rows), understood.skipped, (*understood.refusals, *refusals))
    if settings.dry_run:
        with reading(engine) as connection:
            return _compare(connection, claims, draft, replace_known=settings.replace)
    with engine.begin() as connection:
        wait_for_turn(connection, "xray-watch outcomes")  # of two imports the second sees what the first recorded
        imported = _compare(connection, claims, draft, replace_known=settings.replace)
        if imported.refusals and not settings.skip_refused:
            return imported
        record_references(connection, [claim.label for claim in claims.values()])
        _record_import(connection, sheet.sha256, imported)
    return replace(imported, recorded=True)


def _compare(
    connection: Connection, claims: dict[str, LabelClaim], draft: LabelImport, *, replace_known: bool
) -> LabelImport:
    """Hold the claims against what was imported before; those that may not replace it are taken out."""
    known = find_references(connection, draft.columns.source, claims)
    changed = [film for film, claim in claims.items() if known.get(film) not in (None, claim.label.reference)]
    refusals = set(draft.refusals)
    if not replace_known:
        refusals |= {RefusedRow(claims.pop(film).line, CONTRADICTS) for film in changed}
        changed = []
    return replace(
        draft,
        refusals=tuple(sorted(refusals, key=lambda refusal: refusal.line)),
        new=len(claims.keys() - known.keys()),
        changed=len(changed),
        unchanged=len(claims.keys() & known.keys()) - len(changed),
    )


def _record_import(connection: Connection, sha256: str, imported: LabelImport) -> None:
    record_event(
        connection,
        "outcomes_imported",
        file_sha256=sha256,
        source=imported.columns.source,
        new=imported.new,
        changed=imported.changed,
        unchanged=imported.unchanged,
        skipped=imported.skipped,
        refused=len(imported.refusals),
    )
