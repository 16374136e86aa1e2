"""``config show``: the settings in force, with what each is for."""

import os
from typing import TYPE_CHECKING, Annotated

import typer

from cli.choices import TextFormat
from cli.errors import exit_codes

if TYPE_CHECKING:
    from installation.sources import SettingsFound

app = typer.Typer(help="Settings.", no_args_is_help=True)

SECRET = "(set, not shown)"  # noqa: S105  (this is what is shown instead)


@app.callback()
def _group() -> None:
    """Keep ``show`` a subcommand although it is the only one."""


@app.command()
def show(
    output_format: Annotated[TextFormat, typer.Option("--format", help="How it is written.")] = TextFormat.TEXT,
) -> None:
    """Show every setting: its value, its variable, where it was set, and what it is for.

    Set them on the command line, as XRAY_ variables, in xray.toml in the working folder, or in /etc/xray-watch.toml
    (lower case, without XRAY_); a secret may also stand in a file that XRAY_..._FILE names. Exit code 78: one is wrong;
    it is shown with what is wrong.
    """
    with exit_codes():
        from installation.sources import look_at_settings

        found = look_at_settings()
        if output_format is TextFormat.JSON:
            import json

            typer.echo(json.dumps({f"XRAY_{name.upper()}": _as_text(found, name) for name in _names()}, indent=2))
        else:
            for line in _as_lines(found):
                typer.echo(line)
        for fault in found.faults.values():
            typer.echo(f"xray-cli: {fault}", err=True)
    if found.faults:
        raise typer.Exit(os.EX_CONFIG)


def _names() -> list[str]:
    from installation.settings import Settings

    return list(Settings.model_fields)


def _as_lines(found: "SettingsFound") -> list[str]:
    from installation.sources import COMMAND_LINE, ENVIRONMENT, FILE_SUFFIX

    lines, fields = [], type(found.settings).model_fields
    for name in _names():
        origin = found.origins.get(name, "")
        where = f"  (from {origin})" if origin not in ("", COMMAND_LINE, ENVIRONMENT, FILE_SUFFIX) else ""
        lines.append(f"{f'XRAY_{name.upper()}':26} {_as_text(found, name) or '(empty)'}{where}")
        if name in found.faults:
            lines.append(f"{'':26} ! {found.faults[name]}")
        lines.append(f"{'':26} {fields[name].description or ''}")
    return [*lines, *(f"! {fault}" for name, fault in found.faults.items() if name not in fields)]


def _as_text(found: "SettingsFound", name: str) -> str:
    """Say a setting's value; of one that is wrong, what was found there."""
    from installation.sources import is_secret

    value = found.values[name] if name in found.faults else getattr(found.settings, name)
    if value is None:
        return ""
    if is_secret(name):
        return SECRET
    return ",".join(map(str, value)) if isinstance(value, tuple | list) else str(value)
