"""Every line says in one word what happened, when, and to which arrival, and docs/logs.md explains the word."""

import ast
import io
import json
import logging
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from inference.serving.report import EngineState
from installation.logs import configure_logging
from store.ledger.fates import FateKind
from store.states import FINISHED_STATES

ROOT = Path(__file__).resolve().parents[2]
LOGGERS = ("logger", "log")
LEVELS = ("debug", "info", "warning", "error", "critical")
STEPS = ("work", "intake", "dispatch")
# actions that are put together where they are logged
BUILT = {
    "state.value": {state.value for state in FINISHED_STATES},
    "fate.kind.value": {FateKind.RETRY_FILE.value, FateKind.RETRY_FAULT.value},
    "f'engine_{facts.state}'": {f"engine_{state.value}" for state in EngineState},
    "f'{self.name}_paused'": {f"{step}_paused" for step in STEPS},
    "f'{self.name}_resumed'": {f"{step}_resumed" for step in STEPS},
}


def service_sources() -> Iterator[Path]:
    """Give the modules that run in the service; training and the self-test talk to a person."""
    for room in ("imaging", "inference", "store", "worker", "web", "pacs", "cli"):
        yield from (path for path in (ROOT / room).rglob("*.py") if "selftest" not in path.parts)


def find_calls(tree: ast.AST) -> Iterator[tuple[ast.Call, set[str], ast.AST]]:
    """Give each call of a logger: the call, the levels that it may have, and the function around it."""
    for function in ast.walk(tree):
        if isinstance(function, ast.FunctionDef):
            for node in ast.walk(function):
                match node:
                    case ast.Call(func=ast.Attribute(value=ast.Name(id=name), attr=level)):
                        if name in LOGGERS and level in LEVELS:
                            yield node, {level}, function
                        elif name in LOGGERS and level == "log":
                            chosen = {
                                found.attr.lower() for found in ast.walk(function) if isinstance(found, ast.Attribute)
                            }
                            yield node, chosen & set(LEVELS), function


def find_facts(call: ast.Call, function: ast.AST) -> ast.Dict | None:
    """Return the dictionary that a call passes as ``extra``, directly or by a name."""
    extra = next((keyword.value for keyword in call.keywords if keyword.arg == "extra"), None)
    if isinstance(extra, ast.Name):
        for node in ast.walk(function):
            match node:
                case ast.Assign(targets=[ast.Name(id=name)], value=ast.Dict() as facts) if name == extra.id:
                    return facts
    return extra if isinstance(extra, ast.Dict) else None


def read_actions() -> dict[str, set[str]]:
    """Return every action that the program logs, with its levels."""
    actions: dict[str, set[str]] = {}
    for path in service_sources():
        for call, levels, function in find_calls(ast.parse(path.read_text())):
            facts = find_facts(call, function)
            assert facts is not None, f"{path.name}:{call.lineno} has no extra={{'action': ...}}"
            keys = [key.value for key in facts.keys if isinstance(key, ast.Constant)]
            assert "action" in keys, f"{path.name}:{call.lineno} has no action"
            action = facts.values[keys.index("action")]
            for name in [action.value] if isinstance(action, ast.Constant) else BUILT[ast.unparse(action)]:
                actions.setdefault(str(name), set()).update(levels)
    return actions


def test_the_document_explains_every_action_with_its_level() -> None:
    listed: dict[str, str] = {}
    text = (ROOT / "docs" / "logs.md").read_text()
    for names, levels in re.findall(r"^\| (`[\w`, ]+`) \| ([\w, ]+) \| ", text, re.MULTILINE):
        actions, told = re.findall(r"`(\w+)`", names), levels.split(", ")
        listed |= dict(zip(actions, told * len(actions), strict=False))
    del listed["library"]
    logged = read_actions()
    assert listed.keys() == logged.keys()
    assert {action: level for action, level in listed.items() if level not in logged[action]} == {}


@pytest.fixture
def stream() -> Iterator[io.StringIO]:
    root = logging.getLogger()
    before, level = root.handlers[:], root.level
    stream = io.StringIO()
    yield stream
    root.handlers[:], root.level = before, level


def test_machines_get_a_line_of_json_each(stream: io.StringIO) -> None:
    configure_logging("json", logging.StreamHandler(stream))
    facts = {"action": "done", "arrival_id": 42, "outcome": "predicted"}
    logging.getLogger("worker.screening.finishing").info("done %s", "predicted", extra=facts)
    logging.getLogger("some.library").warning("it is late")
    ours, theirs = map(json.loads, stream.getvalue().splitlines())
    at = datetime.fromisoformat(ours.pop("at"))
    assert at.utcoffset() == timedelta(0)
    assert abs(datetime.now(tz=UTC) - at) < timedelta(minutes=1)
    assert ours == {"level": "INFO", "logger": "worker.screening.finishing", "message": "done predicted", **facts}
    assert (theirs["action"], theirs["level"]) == ("library", "WARNING")


def test_people_get_a_line_of_text_each(stream: io.StringIO) -> None:
    configure_logging("text", logging.StreamHandler(stream))
    logging.getLogger("worker.screening.finishing").info("done", extra={"action": "done", "arrival_id": 42})
    logging.getLogger("worker.service.watch").info("intake goes on", extra={"action": "intake_resumed"})
    first, second = stream.getvalue().splitlines()
    assert re.fullmatch(r"\d\d:\d\d:\d\d INFO    arrival 42: done", first)
    assert second.endswith("INFO    intake goes on")
