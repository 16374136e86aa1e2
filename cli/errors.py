"""The one place where an expected error becomes a line on standard error and an exit code."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager

import typer

# sysexits.h, as the contract of the command line names them
FAILED = 1
USAGE = 2
BAD_DATA = 65
NO_INPUT = 66
UNAVAILABLE = 69
CANNOT_CREATE = 73
CANNOT_WRITE = 74
BAD_CONFIGURATION = 78

# by class name, most specific first: importing every room to name its errors would cost each command a second
EXIT_CODES = {
    "InputMissingError": NO_INPUT,
    "SettingsError": BAD_CONFIGURATION,
    "DatabaseUrlError": BAD_CONFIGURATION,
    "DatabaseLocationError": BAD_CONFIGURATION,
    "SchemaMissingError": BAD_CONFIGURATION,
    "SchemaTooNewError": BAD_CONFIGURATION,
    "BackupError": CANNOT_CREATE,
    "BackupToolMissingError": UNAVAILABLE,
    "ResultsFileError": BAD_DATA,
    "BundleNotFoundError": NO_INPUT,
    "BundleCorruptError": BAD_DATA,
    "ModelUnknownError": NO_INPUT,
    "BundleMismatchError": BAD_CONFIGURATION,
    "EngineUnavailableError": UNAVAILABLE,
    "DatasetNotFoundError": NO_INPUT,
    "DatasetError": BAD_DATA,
    "CardError": BAD_DATA,
    "OutputTakenError": CANNOT_CREATE,
    "WeightsError": BAD_DATA,
    "ExportError": CANNOT_CREATE,
    "ExperimentNotFoundError": NO_INPUT,
    "TrainingSettingsError": BAD_CONFIGURATION,
    "RunNotFoundError": NO_INPUT,
    "ResumeMismatchError": BAD_CONFIGURATION,
    "RunFolderError": CANNOT_CREATE,
    "CheckpointError": BAD_DATA,
    "PackageMissingError": UNAVAILABLE,
    "HomeError": CANNOT_CREATE,
    "HomeInUseError": CANNOT_CREATE,
    "HomeLostError": CANNOT_WRITE,
    "InboxError": NO_INPUT,
    "InboxInUseError": CANNOT_CREATE,
    "DeviceError": BAD_CONFIGURATION,
    "BrokerUnavailableError": UNAVAILABLE,
    "WorkerFailedError": UNAVAILABLE,
    "FaultPointError": BAD_CONFIGURATION,
    "PeriodError": USAGE,
    "QuestionError": USAGE,
    "ReportFormatError": USAGE,
    "DeliverySettingsError": BAD_CONFIGURATION,
    "TimeZoneError": BAD_CONFIGURATION,
    "OperationalError": UNAVAILABLE,
    "BrokenPipeError": 0,
    "OSError": CANNOT_WRITE,
}


# in PostgreSQL's words, or its client's
REFUSALS = ("certificate", "SSL", "authentication failed", "no password supplied", "pg_hba.conf", "does not exist")


class InputMissingError(Exception):
    """A file that was named is not there."""


class PackageMissingError(Exception):
    """A command needs packages that serving does not.

    Parameters
    ----------
    needs : str
        What needs what, for a person.
    """

    def __init__(self, needs: str) -> None:
        super().__init__(f"{needs}: install it with 'make training', or with pip install '.[train]' in the project")


@contextmanager
def exit_codes() -> Iterator[None]:
    """End the command with one clear line where an error was to be expected; a bug keeps its traceback."""
    try:
        yield
    except Exception as error:
        code = find_exit_code(error)
        if code is None:
            raise
        if code:
            typer.secho(f"xray-cli: {describe_error(error)}", err=True, fg="red" if sys.stderr.isatty() else None)
        raise typer.Exit(code) from None


def find_exit_code(error: BaseException) -> int | None:
    """Return the exit code of an expected error, or None for a bug."""
    if type(error).__name__ == "WorkerRefusedError":  # the worker's own
        return int(getattr(error, "exit_code", UNAVAILABLE))
    return next((EXIT_CODES[kind.__name__] for kind in type(error).__mro__ if kind.__name__ in EXIT_CODES), None)


def describe_error(error: BaseException) -> str:
    """Say in one line what an expected error means."""
    if type(error).__name__ == "OperationalError":
        return _describe_refusal(error) or (
            "the database or the broker does not answer; is it running, and is its URL right? ('xray-cli doctor')"
        )
    if isinstance(error, OSError):
        return f"{error.strerror or error}" + (f": {error.filename}" if error.filename else "")
    return " ".join(str(error).split())


def _describe_refusal(error: BaseException) -> str | None:
    """Say why the database refuses us, where waiting would not mend it; its words hold no password."""
    said = str(getattr(error, "orig", None) or "").partition("\n")[0]
    if any(word in said for word in REFUSALS):
        return f"the database refuses us ({said.rpartition('failed: ')[2].strip()}); see XRAY_DATABASE_URL"
    return None
