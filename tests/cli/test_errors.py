import importlib
import pkgutil

import pytest
import typer

from cli.errors import EXIT_CODES, exit_codes, find_exit_code
from inference.bundle import BundleCorruptError
from store.errors import SchemaTooNewError, StoreError
from worker.errors import WorkerError

ROOMS = ("imaging", "inference", "store", "reports", "training", "worker", "cli")


def all_error_names() -> set[str]:
    names = {"OperationalError", "OSError", "BrokenPipeError"}
    for room in ROOMS:
        package = importlib.import_module(room)
        for module in pkgutil.walk_packages(package.__path__, f"{room}."):
            if module.name != "cli.__main__":
                names |= {name for name in vars(importlib.import_module(module.name)) if name.endswith("Error")}
    return names


def test_every_error_with_an_exit_code_exists() -> None:
    assert set(EXIT_CODES) - all_error_names() == set()


@pytest.mark.parametrize("base", [StoreError, WorkerError])
def test_every_decision_has_an_exit_code(base: type[Exception]) -> None:
    without = [leaf.__name__ for leaf in base.__subclasses__() if find_exit_code(leaf("x")) is None]
    # these two never leave the worker: both mean that the file is screened anew
    assert without == ["LeaseLostError", "AnswerPrunedError"] * (base is StoreError)


def test_an_expected_error_is_one_line_and_a_code(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(typer.Exit) as caught, exit_codes():
        raise BundleCorruptError("model.keras: its sha256\nis another")
    assert caught.value.exit_code == 65
    assert capsys.readouterr().err == "xray-cli: model.keras: its sha256 is another\n"


def test_a_more_special_error_wins() -> None:
    assert find_exit_code(SchemaTooNewError("x")) == 78
    assert find_exit_code(FileNotFoundError(2, "x")) == 74


def test_a_bug_keeps_its_traceback() -> None:
    with pytest.raises(ZeroDivisionError), exit_codes():
        raise ZeroDivisionError
