import importlib
import pkgutil
from collections.abc import Iterator
from pathlib import Path

import pytest
import typer

from cli.errors import exit_codes, find_exit_code
from imaging import RadiographError
from inference.bundle import BundleCorruptError
from store.errors import SchemaTooNewError

ROOMS = sorted(
    place.parent.name for place in Path(__file__).parents[2].glob("*/__init__.py") if place.parent.name != "tests"
)

# a contract: what starts xray-cli from a script or a service file reads these
EXIT_CODES = {
    0: {"BrokenPipeError"},
    2: {"PeriodError", "QuestionError", "ReportFormatError", "UnknownWeightsError"},
    65: {
        *(
            "BundleCorruptError",
            "CardError",
            "CheckpointError",
            "EvaluationError",
            "ReferenceFileError",
            "RestoreError",
            "SheetError",
        ),
        *("DatasetError", "DatasetFolderError", "DatasetManifestError", "DatasetTooSmallError", "LabelConflictError"),
        *("WeightsError", "WrongPackageError"),
        *("NothingToPrepareError", "PatientOnTwoSidesError"),
        *("NoStudyError", "PasswordError", "UserError"),
    },
    66: {
        *("BundleNotFoundError", "DatasetNotFoundError", "ExperimentNotFoundError", "InboxError", "InputMissingError"),
        *("AnswerNotMadeError", "ModelUnknownError", "RunNotFoundError"),
    },
    69: {
        *("ActiveModelUnknownError", "BackupToolMissingError", "BrokerUnavailableError", "EngineUnavailableError"),
        *("FetchError", "ListenError", "PackageNotHadError", "WebAddressError"),
        *("OperationalError", "PackageMissingError", "WorkerFailedError", "WorkerRefusedError"),
    },
    73: {
        *("BackupError", "HomeError", "HomeInUseError", "InboxInUseError", "OutputTakenError"),
        *("EnginesDisagreeError", "ExportError", "TargetTakenError", "TargetUnwritableError"),
        *("PlotError", "RunFolderError", "RunFolderTakenError"),
    },
    74: {"CallerError", "DiskLowError", "FilmChangedError", "HomeLostError", "OSError", "SourceChangedError"},
    78: {
        *("BundleMismatchError", "DatabaseEncodingError", "DatabaseLocationError", "DatabaseUrlError"),
        *("DeliverySettingsError", "DeviceError", "IdentifierKeyError"),
        *("FaultPointError", "ResumeMismatchError", "SchemaMissingError", "SchemaTooNewError", "SettingsError"),
        *("NoUserError", "TargetError", "TimeZoneError", "TrainingSettingsError"),
    },
}
# bases, and what is dealt with before it could end a command; so are all errors of a radiograph
WITHOUT = {
    *("BundleError", "InstallationError", "ReportError", "StoreError", "WorkerError"),
    *("AnswerPrunedError", "LeaseLostError", "RowRefusedError", "ViewError", "CheckpointFormatError"),
    *("DeliveryError", "ParityError", "EngineUnusableError", "WireError"),
    *("CannotMountError", "SiteError"),
    *("PacsError", "ReceivingError", "TargetAwayError"),
    *("WebError", "VisitError", "LoginNeededError", "RoleError", "TokenError", "TooLargeError"),
    *("FileChangedError", "MissingError", "NoPictureError", "PictureBusyError", "PictureGoneError"),
}


def list_modules() -> Iterator[str]:
    for room in sorted(ROOMS):
        for module in pkgutil.walk_packages(importlib.import_module(room).__path__, f"{room}."):
            if module.name not in {"cli.__main__", "migrations.env"}:
                yield module.name


def list_errors() -> dict[str, type[BaseException]]:
    """Return the error classes of all rooms, and those of other libraries that a room imports."""
    found: dict[str, type[BaseException]] = {"OSError": OSError, "BrokenPipeError": BrokenPipeError}
    for name in list_modules():
        for value in vars(importlib.import_module(name)).values():
            if isinstance(value, type) and issubclass(value, BaseException):
                found[value.__name__] = value
    return found


def test_each_error_of_each_room_has_the_exit_code_that_it_always_had() -> None:
    expected = {name: code for code, names in EXIT_CODES.items() for name in names}
    found = {}
    for name, kind in list_errors().items():
        ours = kind.__module__.partition(".")[0] in ROOMS and not issubclass(kind, RadiographError) and name[0] != "_"
        if ours or name in expected:
            try:
                found[name] = find_exit_code(kind("message"))
            except TypeError:  # SQLAlchemy's own want more
                found[name] = find_exit_code(kind("statement", {}, Exception("message")))
    assert found == expected | dict.fromkeys(WITHOUT)


def test_an_expected_error_is_one_line_and_a_code(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(typer.Exit) as caught, exit_codes():
        raise BundleCorruptError("model.keras: its sha256\nis another")
    assert caught.value.exit_code == 65
    assert capsys.readouterr().err == "xray-cli: model.keras: its sha256 is another\n"


def test_a_more_special_error_wins() -> None:
    assert find_exit_code(SchemaTooNewError("x")) == 78
    assert find_exit_code(FileNotFoundError(2, "x")) == 74


@pytest.mark.parametrize("raised", [typer.Exit(1), typer.BadParameter("two of one")])
def test_what_ends_a_command_by_itself_passes_through(raised: Exception, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(type(raised)) as caught, exit_codes():
        raise raised
    assert caught.value is raised
    assert capsys.readouterr().err == ""


def test_a_bug_keeps_its_traceback() -> None:
    with pytest.raises(ZeroDivisionError), exit_codes():
        raise ZeroDivisionError
