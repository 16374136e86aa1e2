"""What the help of a command says is what was written, whole, whatever is the width of the terminal."""

import re
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
    shown = CliRunner().invoke(app, [*names, "--help"], env={"COLUMNS": "80"})
    below = (re.split(r"(?<=\.)\s", child.help)[0] for child in getattr(command, "commands", {}).values())
    assert shown.exit_code == 0
    for said in (command.help, *below, *(parameter.help or "" for parameter in command.params)):
        assert _join(said) in _join(shown.output)


def _join(text: str) -> str:
    return "".join(text.split())


def test_a_paragraph_is_one_whatever_its_lines_in_the_source() -> None:
    shown = CliRunner().invoke(app, ["daily", "--help"], env={"COLUMNS": "400"})
    assert "sends nothing twice. What could not be sent (exit code 69)" in " ".join(shown.output.split())
    assert max(map(len, shown.output.splitlines())) <= 100


@pytest.mark.parametrize(
    ("words", "usage"),
    [
        (["retry"], "[ID]..."),
        (["quarantine", "release"], "{ID}..."),
        (["watch"], "[INBOX]..."),
        (["predict"], "{FILE}..."),
        (["model", "show"], "[FOLDER]"),
    ],
)
def test_a_usage_line_says_once_what_may_be_left_out_or_repeated(words: list[str], usage: str) -> None:
    shown = CliRunner().invoke(app, [*words, "--help"], env={"COLUMNS": "400"})
    (line,) = (line for line in shown.output.splitlines() if "Usage:" in line)
    assert line.rstrip().endswith(f" {' '.join(words)} [OPTIONS] {usage}")


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["report", "--open"], "Invalid value for '--output': there is nothing to open"),
        (["retry", "one"], "Invalid value for 'ID'"),
        (["watch", "--workers", "few"], "Invalid value for '--workers'"),
    ],
)
def test_a_usage_error_quotes_every_option_alike(words: list[str], says: str) -> None:
    shown = CliRunner().invoke(app, words, env={"COLUMNS": "400"})
    assert shown.exit_code == 2
    assert says in shown.output


def test_a_command_to_type_stands_in_quotes() -> None:
    shown = CliRunner().invoke(app, ["train", "--help"], env={"COLUMNS": "400"})
    assert "Needs TensorFlow, which 'make training' installs." in " ".join(shown.output.split())
