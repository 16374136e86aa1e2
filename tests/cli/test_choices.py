"""What may be given for an option stands in its help, and anything else ends the command with exit code 2."""

from collections.abc import Iterator
from enum import EnumMeta, StrEnum
from typing import Any, get_args, get_type_hints

import pytest
from typer.main import get_command
from typer.testing import CliRunner

from cli.app import app
from cli.train import BackboneName
from tests.cli.test_help import walk
from training.fit.settings import Backbone


def list_choices() -> Iterator[Any]:
    for names, command in walk(get_command(app)):
        hints = get_type_hints(command.callback) if command.callback else {}
        for parameter in command.params:
            kinds = (hints.get(parameter.name), *get_args(hints.get(parameter.name)))
            for accepted in (kind for kind in kinds if isinstance(kind, EnumMeta)):
                yield pytest.param(names, parameter.opts[0], accepted, id=" ".join((*names, parameter.opts[0])))


@pytest.mark.parametrize(("names", "option", "accepted"), list(list_choices()))
def test_a_choice_is_listed_in_the_help_and_where_another_is_given(
    names: tuple[str, ...], option: str, accepted: type[StrEnum]
) -> None:
    for words, code in ((["--help"], 0), ([option, "neither"], 2)):
        answer = CliRunner().invoke(app, [*names, *words], env={"COLUMNS": "400"})
        assert answer.exit_code == code
        assert all(choice in answer.output for choice in accepted)


def test_there_are_choices() -> None:
    assert len(list(list_choices())) > 4


def test_a_backbone_is_one_that_the_settings_know() -> None:
    assert tuple(BackboneName) == get_args(Backbone)
