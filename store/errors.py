"""What can be wrong with the database, apart from the database itself being away.

::

    StoreError
    ├── DatabaseUrlError        no database of this kind is supported
    ├── DatabaseLocationError   SQLite on a network file system, or no folder to hold it
    ├── DatabaseEncodingError   the database cannot hold text of every script
    ├── SchemaMissingError      the database is empty or behind: ``xray-cli db upgrade``
    ├── SchemaTooNewError       a newer version of xray-watch wrote this database
    ├── ModelUnknownError       the model to be activated was never registered
    ├── LeaseLostError          another worker took the arrival over
    ├── AnswerPrunedError       the result of the same bytes was pruned just now
    ├── BackupError             the backup is not what it should be, and was not kept
    ├── RestoreError            a file cannot become the ledger, and did not
    ├── BackupToolMissingError  PostgreSQL's own programs are not there
    ├── UserError               there is no such user of the page, or one already
    └── SheetError              a CSV file makes no sense
        └── ReferenceFileError  what a file of reference labels says, or what is said of its columns, makes none

``sqlalchemy.exc.OperationalError`` (locked, stopped, unreachable) is let through: it means try again.
"""

import os

# in the words of PostgreSQL's client: waiting would not mend it
CLIENT_REFUSALS = ("certificate", "SSL", "no password supplied")


class StoreError(Exception):
    """Base of every decision of this room."""


class DatabaseUrlError(StoreError):
    """The URL names no database that is supported."""

    exit_code = os.EX_CONFIG


class DatabaseLocationError(StoreError):
    """The SQLite file lies where its locks do not hold, or its folder is missing."""

    exit_code = os.EX_CONFIG


class DatabaseEncodingError(StoreError):
    """The database keeps its text in an encoding other than UTF-8."""

    exit_code = os.EX_CONFIG


class SchemaMissingError(StoreError):
    """The tables are missing or older than this version of the program."""

    exit_code = os.EX_CONFIG


class SchemaTooNewError(StoreError):
    """The tables were made by a newer version of the program."""

    exit_code = os.EX_CONFIG


class ModelUnknownError(StoreError):
    """The model that is to be activated was never registered."""

    exit_code = os.EX_NOINPUT


class LeaseLostError(StoreError):
    """The lease on an arrival ran out and another worker holds it: nothing may be recorded."""


class AnswerPrunedError(StoreError):
    """The result that was to answer a duplicate was pruned meanwhile: the file is screened again."""


class BackupError(StoreError):
    """A backup was not written, or did not pass its checks."""

    exit_code = os.EX_CANTCREAT


class RestoreError(StoreError):
    """A file is no backup that could become the ledger; nothing was changed."""

    exit_code = os.EX_DATAERR


class BackupToolMissingError(StoreError):
    """A program of PostgreSQL that a backup needs is not on the PATH."""

    exit_code = os.EX_UNAVAILABLE


class UserError(StoreError):
    """There is no such user of the page, or one of this name already."""

    exit_code = os.EX_DATAERR


class SheetError(StoreError):
    """A file is no CSV file, too large, or has no rows."""

    exit_code = os.EX_DATAERR


class ReferenceFileError(SheetError):
    """Of a file of reference labels (RT-PCR, readers) nothing says which column holds what."""


def describe_database_error(error: BaseException) -> str:
    """Say in one line what kept the database from doing what was asked, in its own words where it has some.

    Parameters
    ----------
    error : BaseException
        SQLAlchemy's; known by its name, because importing SQLAlchemy costs a command time.

    Returns
    -------
    str
        Neither the statement nor a value of it, which may name a patient; a server's words of a refused connection
        hold none, and no password.
    """
    cause = getattr(error, "orig", None) or error
    if type(error).__name__ not in ("OperationalError", "InterfaceError"):
        return f"the database answers, and refuses what is asked or written ({type(cause).__name__})"
    said = str(cause).partition("\n")[0]
    for mark in ("FATAL:", "ERROR:", "PANIC:"):
        if mark in said:
            return f"the database refuses us ({said.partition(mark)[2].strip()})"
    if any(word in said for word in CLIENT_REFUSALS):
        return f"the database refuses us ({said.rpartition('failed: ')[2].strip()})"
    return f"the database does not answer ({type(cause).__name__})"
