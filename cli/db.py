"""``db``: make, upgrade, check, back up, restore and prune the ledger."""

from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cli.errors import InputMissingError, exit_codes
from cli.opening import opened_installation
from store import HEAD_REVISION

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from installation.installation import Installation
    from store.upkeep.pruning import Pruned
    from store.upkeep.restore import Restored

app = typer.Typer(help="The ledger's database.", no_args_is_help=True)


@app.command()
def upgrade(
    no_backup: Annotated[
        bool, typer.Option("--no-backup", help="Make no backup first: you have seen to one yourself.")
    ] = False,
) -> None:
    """Make the tables, or bring them up to this version, with a checked backup first; safe to run again.

    `watch` does the same with a ledger of its own. How to go back is said, and stands in docs/upgrade.md.
    """
    with exit_codes(), opened_installation() as installation:
        with _stopped(installation):
            installation.upgrade_ledger(typer.echo, backs_up=not no_backup)
        typer.echo(f"the database has schema {HEAD_REVISION}")


@contextmanager
def _stopped(installation: "Installation") -> "Iterator[None]":
    """Hold the home of a ledger that is about to change; under one that is up to date a service may run."""
    if installation.settings.ledger_file is None or installation.find_older_schema() is None:
        yield
        return
    from installation.home import lock_home

    with lock_home(installation.home):
        yield


@app.command()
def restore(
    file: Annotated[Path, typer.Argument(help="A backup that 'db backup' or an upgrade has made.")],
) -> None:
    """Put a backup in the ledger's place, with the service stopped; the ledger that was there is kept aside.

    The backup is checked first. It may be of an older version: the next 'watch' upgrades it. PostgreSQL needs its
    pg_restore, and a user that may make databases; no service, worker or page may use the ledger.

    Example: xray-cli db restore /backup/xray.db
    """
    with exit_codes(), opened_installation() as installation:
        if not file.is_file():
            raise InputMissingError(f"there is no file {file}")
        restored = _restore(installation, file)
        counted = ", ".join(f"{count} {name}" for name, count in restored.rows.items())
        typer.echo(f"the ledger is {file} now ({counted}), with schema {restored.revision}, and has passed its checks")
        if restored.aside is not None:
            typer.echo(f"the ledger that was there is kept as {restored.aside}")
        typer.echo(
            "What was screened since lies in processed/ of the home and has no row any more: copy those files into the "
            "inbox again. Start 'xray-cli watch', which upgrades an older schema"
        )


def _restore(installation: "Installation", file: Path) -> "Restored":
    ledger = installation.settings.ledger_file
    if ledger is None:
        from sqlalchemy import make_url

        from store.upkeep.restore_postgresql import restore_postgresql

        return restore_postgresql(file, make_url(installation.settings.sqlalchemy_url))
    from installation.home import lock_home, prepare_home
    from store.upkeep.restore import restore_sqlite

    prepare_home(installation.home)
    with lock_home(installation.home):
        return restore_sqlite(file, ledger)


@app.command()
def check() -> None:
    """Check that the database answers and has the tables of this version."""
    with exit_codes(), opened_installation() as installation:
        from store.schema import check_schema

        check_schema(installation.ledger)
        typer.echo(f"the database answers and has schema {HEAD_REVISION}")


@app.command()
def backup(
    output: Annotated[
        Path | None,
        typer.Option(help="The file; default: backups/xray-TIME in the home. Replaced when it is whole."),
    ] = None,
) -> None:
    """Write a backup of the ledger while the service runs, check it, and only then give it its name.

    SQLite: a database file. PostgreSQL: an archive for pg_restore, made by pg_dump. Films and keys are not in it.

    Example: xray-cli db backup --output /backup/xray.db
    """
    with exit_codes(), opened_installation() as installation:
        from installation.home import name_backup
        from store.upkeep.backup import back_up

        ledger = installation.ledger
        target = output or name_backup(installation.home, ledger.dialect.name)
        rows = back_up(ledger, target)
        counted = ", ".join(f"{count} {name}" for name, count in rows.items())
        typer.echo(f"{target} holds every row ({counted}) and has passed its checks")


@app.command()
def prune(
    older_than: Annotated[
        str, typer.Option(metavar="AGE", help="`90d`, `52w`, or a date: what was finished longer ago is forgotten.")
    ],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Count, and delete nothing.")] = False,
) -> None:
    """Forget old results: delete rows of files that are finished and have left their folder. Never deletes a file.

    Pending files, files in quarantine and files that stay in their folder keep their rows. The original name of a file
    stands in its row alone: back up first ('xray-cli db backup').

    Example: xray-cli db prune --older-than 90d --dry-run
    """
    with exit_codes(), opened_installation() as installation:
        from store.upkeep.pruning import find_prunable, prune

        ledger, before = installation.ledger, _find_cutoff(older_than, installation.settings.time_zone)
        _show(find_prunable(ledger, before) if dry_run else prune(ledger, before), before, dry_run=dry_run)


def _find_cutoff(older_than: str, time_zone: str) -> "datetime":
    from datetime import UTC, datetime, timedelta

    from reports.errors import PeriodError
    from reports.question.periods import find_zone, parse_moment

    now = datetime.now(tz=UTC)
    before = parse_moment(older_than, now=now, zone=find_zone(time_zone))
    if before > now - timedelta(days=1):
        message = f"--older-than {older_than}: results of the last day are not forgotten; accepted are 1d and more"
        raise PeriodError(message)
    return before


def _show(pruned: "Pruned", before: "datetime", *, dry_run: bool) -> None:
    from rich.console import Console
    from rich.table import Table

    title = f"{'Would be forgotten' if dry_run else 'Forgotten'}: finished before {before:%Y-%m-%d %H:%M %Z}"
    table = Table("rows", "", title=title, title_justify="left", show_edge=False)
    table.columns[0].justify = "right"
    for state, count in pruned.arrivals.items():
        table.add_row(str(count), state)
    table.add_row(str(pruned.screenings), "results that answer no file any more")
    table.add_row(str(pruned.reference_labels), "labels (RT-PCR, readers) of films without a result")
    table.add_row(str(pruned.in_folders), "kept: the file lies in its folder and would be screened again")
    table.add_row(str(pruned.in_quarantine), "kept: the file waits in quarantine")
    Console().print(table)
