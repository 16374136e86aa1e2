"""``user``: who may log in to the page."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from cli.errors import InputMissingError, exit_codes
from cli.opening import opened_installation
from store.states import Role

app = typer.Typer(help="Users of the page.", no_args_is_help=True)

Name = Annotated[str, typer.Argument(metavar="NAME", help="As it is typed at the log-in.")]
PasswordFile = Annotated[
    Path | None, typer.Option(help="A file whose first line is the password; else it is asked for, twice.")
]


@app.command()
def add(
    name: Name,
    role: Annotated[Role, typer.Option(help="What the user may do; each role may do all that the one before it may.")],
    password_file: PasswordFile = None,
) -> None:
    """Add a user; makes the ledger if there is none yet.

    Example: xray-cli user add alice --role reviewer
    """
    with exit_codes(), opened_installation() as installation:
        from store.access.users import add_user
        from web.access.passwords import check_name, hash_password

        check_name(name)
        password_hash = hash_password(_read_password(password_file))
        if installation.settings.keeps_own_ledger:
            installation.upgrade_ledger()
        with installation.ledger.begin() as connection:
            add_user(connection, name, role, password_hash)
        typer.echo(f"user {name} may log in, as {role}")


@app.command("list")
def list_all() -> None:
    """List users: name, role, since when, and whether disabled."""
    with exit_codes(), opened_installation() as installation:
        from documents.text import show_text
        from store.access.users import list_users
        from store.database import reading

        with reading(installation.ledger) as connection:
            users = list_users(connection)
        for user in users:
            state = "disabled" if user.disabled else ""
            typer.echo(f"{show_text(user.name):20} {user.role:9} {user.created_at:%Y-%m-%d} {state}".rstrip())
        if not users:
            typer.echo("there are no users yet: 'xray-cli user add NAME --role admin'")


@app.command()
def disable(name: Name) -> None:
    """Let a user log in no more, and log them off everywhere; what they did stays in the audit."""
    with exit_codes(), opened_installation() as installation:
        from store.access.users import change_user

        with installation.ledger.begin() as connection:
            change_user(connection, name, "user_disabled", disabled=True)
        typer.echo(f"user {name} is disabled and logged off")


@app.command()
def password(name: Name, password_file: PasswordFile = None) -> None:
    """Give a user a new password, log them off everywhere, and let a disabled one in again."""
    with exit_codes(), opened_installation() as installation:
        from store.access.users import change_user
        from web.access.passwords import hash_password

        password_hash = hash_password(_read_password(password_file))
        with installation.ledger.begin() as connection:
            change_user(connection, name, "password_changed", password_hash=password_hash, disabled=False)
        typer.echo(f"user {name} has a new password")


def _read_password(password_file: Path | None) -> str:
    if password_file is not None:
        return password_file.read_text().partition("\n")[0]
    at_terminal = sys.stdin.isatty()  # elsewhere nothing is shown that is typed, and hiding it would warn of that
    try:
        answer: str = typer.prompt("Password", hide_input=at_terminal, confirmation_prompt="The same again", err=True)
    except typer.Abort:
        if at_terminal:
            raise
        message = "there is no terminal to ask for the password at: name a file that holds it with --password-file"
        raise InputMissingError(message) from None
    return answer
