"""What the help of a command says is what was written, nothing eaten by its markup."""

from collections.abc import Iterator
from typing import Any

import pytest
from typer.main import get_command
from typer.testing import CliRunner

from cli.app import app


def walk(command: Any, names: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    yield names, command
    for name, child in getattr(command, "commands", {}).items():
        yield from walk(child, (*names, name))


@pytest.mark.parametrize(
    ("names", "command"), [pytest.param(*each, id=" ".join(each[0])) for each in walk(get_command(app))]
)
def test_every_word_of_the_help_is_shown(names: tuple[str, ...], command: Any) -> None:
    shown = CliRunner().invoke(app, [*names, "--help"], env={"COLUMNS": "400"})
    written = " ".join([command.help, *(parameter.help or "" for parameter in command.params)])
    wanted = {word for word in written.replace("`", "").split() if not set(word) <= set("-")}
    assert shown.exit_code == 0
    assert wanted <= set(shown.output.replace("│", " ").split())


def test_a_paragraph_is_one_whatever_its_lines_in_the_source() -> None:
    shown = CliRunner().invoke(app, ["daily", "--help"], env={"COLUMNS": "400"})
    assert "sends nothing twice. What could not be sent (exit code 69)" in shown.output
