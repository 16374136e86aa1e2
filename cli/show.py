"""``show``: all that is known of one film."""

import hashlib
import json
import stat
from datetime import tzinfo
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cli.choices import TextFormat
from cli.errors import InputMissingError, exit_codes
from cli.opening import opened_installation

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Connection

    from installation.installation import Installation
    from reports.film.facts import FilmFacts

ASKED_HELP = "An arrival's number, a file's name, a SOP, study or series UID, an accession number, or a hash's start."


def show(
    asked: Annotated[str, typer.Argument(metavar="FILM", help=ASKED_HELP)],
    output_format: Annotated[TextFormat, typer.Option("--format", help="How it is written.")] = TextFormat.TEXT,
) -> None:
    """Show all that is known of one film: where it lies, what was said of it and why, and what happened to it.

    Where a name or UID means several films, they are listed. Exit code 66: there is no such film.

    Example: xray-cli show 28
    """
    with exit_codes(), opened_installation() as installation:
        from reports.question.periods import find_zone
        from store.database import reading

        zone = find_zone(installation.settings.time_zone)
        with reading(installation.ledger) as connection:
            films = _read_films(installation, connection, asked, zone)
        if output_format is TextFormat.JSON:
            _write_json(asked, films, zone)
        else:
            _write_text(asked, films, zone)


def _read_films(
    installation: "Installation", connection: "Connection", asked: str, zone: tzinfo
) -> "Sequence[FilmFacts]":
    from cli.delivering import find_outbox
    from documents.text import shorten, show_text
    from reports.film.facts import read_facts
    from reports.film.finding import ACCEPTED, find_films
    from store.ledger.fates import REASONS

    found = find_films(connection, asked, lambda said: installation.protect(said), _hash_file(asked))
    outbox = find_outbox(installation.home)
    films = [facts for each in found if (facts := read_facts(connection, each, REASONS, outbox, zone))]
    if not films:
        raise InputMissingError(f"there is no film {show_text(shorten(asked, 60))!r} in this ledger; {ACCEPTED}")
    return films


def _hash_file(asked: str) -> str | None:
    """Return the SHA-256 of the file that is named, where one lies there: it is found whatever it was called."""
    path = Path(asked)
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            return None
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except (OSError, ValueError):
        return None


def _write_json(asked: str, films: "Sequence[FilmFacts]", zone: tzinfo) -> None:
    from inference.labels import NOTICE
    from reports.film.as_json import SCHEMA, film_to_json

    found = [film_to_json(facts, zone) for facts in films]
    typer.echo(json.dumps({"schema": SCHEMA, "notice": NOTICE, "asked": asked, "films": found}, indent=2))


def _write_text(asked: str, films: "Sequence[FilmFacts]", zone: tzinfo) -> None:
    from documents.output import open_output
    from documents.terminal import write_content
    from reports.film.content import build_film, build_list

    if len(films) == 1:
        content = build_film(films[0], zone)
    else:
        content = build_list(asked, [facts.record.result for facts in films], zone)
    with open_output(None) as stream:
        write_content(content, stream)
