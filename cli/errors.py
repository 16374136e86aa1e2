"""The one place where an expected error becomes a line on standard error and an exit code."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import typer

from store.errors import describe_database_error

# the other codes are those of sysexits.h (os.EX_...), and stand as ``exit_code`` in the classes of our own errors
FAILED = 1

# of other libraries by class name, most specific first: importing them to name their errors would cost each command
# time; a reader that has gone (``xray-cli report | head``) is no failure
FOREIGN_EXIT_CODES = {
    "OperationalError": os.EX_UNAVAILABLE,  # SQLAlchemy, SQLite, Kombu
    "BrokenPipeError": os.EX_OK,
    "OSError": os.EX_IOERR,
}


class InputMissingError(Exception):
    """A file that was named is not there."""

    exit_code = os.EX_NOINPUT


class PackageMissingError(Exception):
    """A command needs packages that serving does not.

    Parameters
    ----------
    needs : str
        What needs what, for a person.
    """

    exit_code = os.EX_UNAVAILABLE

    def __init__(self, needs: str) -> None:
        super().__init__(f"{needs}: install it with 'make training', or with pip install '.[train]' in the project")


@contextmanager
def exit_codes() -> Iterator[None]:
    """End the command with one clear line where an error was to be expected; a bug keeps its traceback."""
    try:
        yield
    except (typer.Exit, typer.BadParameter):  # Typer's own, which have codes too
        raise
    except Exception as error:
        code = find_exit_code(error)
        if code is None:
            raise
        if code:
            typer.secho(
                f"xray-cli: {_spell(describe_error(error))}", err=True, fg="red" if sys.stderr.isatty() else None
            )
        raise typer.Exit(code) from None


def _spell(message: str) -> str:
    """Name settings as the site's own file does; most messages name none, and nothing is read for them."""
    if "XRAY_" not in message:
        return message
    from installation.sources import spell_as_set

    return spell_as_set(message)


def find_exit_code(error: BaseException) -> int | None:
    """Return the exit code of an expected error, or None for a bug."""
    code: int | None = getattr(error, "exit_code", None)
    if code is not None:
        return code
    kinds = (kind.__name__ for kind in type(error).__mro__)
    return next((FOREIGN_EXIT_CODES[name] for name in kinds if name in FOREIGN_EXIT_CODES), None)


def describe_error(error: BaseException) -> str:
    """Say in one line what an expected error means."""
    if type(error).__name__ == "OperationalError":
        said = describe_database_error(error)
        if "does not answer" not in said:
            return f"{said}; see XRAY_DATABASE_URL"
        return "the database or the broker does not answer; is it running, and is its URL right? ('xray-cli doctor')"
    if isinstance(error, OSError):
        return f"{error.strerror or error}" + (f": {error.filename}" if error.filename else "")
    return " ".join(str(error).split())
