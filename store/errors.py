"""What can be wrong with the database, apart from the database itself being away.

::

    StoreError
    ├── DatabaseUrlError        no database of this kind is supported
    ├── DatabaseLocationError   SQLite on a network file system, or no folder to hold it
    ├── SchemaMissingError      the database is empty or behind: ``xray-cli db upgrade``
    ├── SchemaTooNewError       a newer version of xray-watch wrote this database
    ├── ModelUnknownError       the model to be activated was never registered
    ├── LeaseLostError          another worker took the arrival over
    ├── AnswerPrunedError       the result of the same bytes was pruned just now
    ├── BackupError             the backup is not what it should be, and was not kept
    ├── BackupToolMissingError  PostgreSQL's own programs are not there
    └── SheetError              a CSV file makes no sense
        └── ReferenceFileError  what a file of reference labels says, or what is said of its columns, makes none

``sqlalchemy.exc.OperationalError`` (locked, stopped, unreachable) is let through: it means try again.
"""

import os


class StoreError(Exception):
    """Base of every decision of this room."""


class DatabaseUrlError(StoreError):
    """The URL names no database that is supported."""

    exit_code = os.EX_CONFIG


class DatabaseLocationError(StoreError):
    """The SQLite file lies where its locks do not hold, or its folder is missing."""

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


class BackupToolMissingError(StoreError):
    """A program of PostgreSQL that a backup needs is not on the PATH."""

    exit_code = os.EX_UNAVAILABLE


class SheetError(StoreError):
    """A file is no CSV file, too large, or has no rows."""

    exit_code = os.EX_DATAERR


class ReferenceFileError(SheetError):
    """Of a file of reference labels (RT-PCR, readers) nothing says which column holds what."""
