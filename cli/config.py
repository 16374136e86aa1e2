"""``config show``: the settings in force, with what each is for."""

from typing import Annotated

import typer

from cli.errors import exit_codes

app = typer.Typer(help="Settings.", no_args_is_help=True)

SECRET = "(set, not shown)"  # noqa: S105  (this is what is shown instead)


@app.callback()
def _group() -> None:
    """Keep ``show`` a subcommand although it is the only one."""


@app.command()
def show(
    output_format: Annotated[str, typer.Option("--format", help="`text` or `json`.")] = "text",
) -> None:
    """Show every setting: its value, its variable, and what it is for.

    Set them on the command line, as XRAY_ variables, or in xray.toml (lower case, without XRAY_); a secret
    may also stand in a file that XRAY_..._FILE names.
    """
    with exit_codes():
        from installation.sources import read_settings

        settings = read_settings()
        rows = [
            (f"XRAY_{name.upper()}", _as_text(getattr(settings, name)), field.description or "")
            for name, field in type(settings).model_fields.items()
        ]
        if output_format == "json":
            import json

            typer.echo(json.dumps({variable: value for variable, value, _ in rows}, indent=2))
            return
        for variable, value, description in rows:
            typer.echo(f"{variable:26} {value or '(empty)'}\n{'':26} {description}")


def _as_text(value: object) -> str:
    from pydantic import SecretStr

    if value is None:
        return ""
    return SECRET if isinstance(value, SecretStr) else str(value)
