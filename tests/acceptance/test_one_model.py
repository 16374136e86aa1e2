"""No two commands may disagree on which model serves."""

import json
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from imaging.phantoms.files import write_png_phantom
from tests.acceptance.conftest import Site
from tests.bundles import copy_bundle

EXPECTED = "the-one-that-serves"
Ask = Callable[[Site], str]


def say(site: Site, *words: str) -> str:
    answer = site.run(*words)
    assert answer.returncode == 0, answer.stderr
    return answer.stdout


def ask_doctor(site: Site) -> str:
    checks = json.loads(say(site, "doctor", "inbox", "--format", "json"))
    return str(next(check["found"] for check in checks if check["name"] == "model")).removesuffix(" is sound")


def ask_stand_in(module: str, function: str, find_folder: str, *words: str) -> Ask:
    """Let a command run with a stand-in for its long work, which says which bundle it would be given."""
    program = (
        "import sys; from importlib import import_module; from unittest import mock\n"
        "from cli.app import main; from inference.bundle import read_bundle\n"
        f"def show(given, *more, **named): print(read_bundle({find_folder}).model_version); sys.exit(0)\n"
        f"sys.argv = {['xray-cli', *words]}\n"
        f"with mock.patch.object(import_module('{module}'), '{function}', show): main()\n"
    )

    def run(site: Site) -> str:
        answer = site.run_program(sys.executable, "-c", program)
        assert answer.returncode == 0, answer.stderr
        return answer.stdout.strip()

    return run


def ask_watch(site: Site) -> str:
    site.start()
    write_png_phantom(site.inbox / "watched.png", seed=7)
    (result,) = site.wait_for_results(1)
    assert site.stop() == 0
    return str(result["model_version"])


COMMANDS: dict[str, Ask] = {
    "doctor": ask_doctor,
    "predict": lambda site: json.loads(say(site, "predict", "film.png", "--format", "json"))[0]["model_version"],
    "model show": lambda site: json.loads(say(site, "model", "show"))["model_version"],
    "model verify": lambda site: say(site, "model", "verify").partition(" is sound")[0],
    "model card": lambda site: EXPECTED if EXPECTED in say(site, "model", "card") else "another",
    "evaluate": ask_stand_in(
        "training.evaluation.assessment", "assess", "given.model", "evaluate", "--dataset", ".", "--no-audit"
    ),
    "selftest": ask_stand_in("selftest.selftest", "run_selftest", "more[0]", "selftest"),
    "watch": ask_watch,
    "status": lambda site: json.loads(say(site, "status", "--format", "json"))["model_version"],
}


@pytest.fixture
def film(site: Site) -> None:
    write_png_phantom(site.root / "film.png", seed=1)


@pytest.mark.usefixtures("film")
def test_an_activated_bundle_serves_in_every_command(site: Site, tmp_path: Path) -> None:
    folder = copy_bundle(tmp_path / "activated", model_version=EXPECTED)
    answer = site.run("model", "activate", folder)  # before the first 'watch'
    assert answer.returncode == 0, answer.stderr
    assert {name: ask(site) for name, ask in COMMANDS.items()} == dict.fromkeys(COMMANDS, EXPECTED)


@pytest.mark.usefixtures("film")
def test_the_bundle_that_is_set_goes_before_the_activated_one(site: Site, tmp_path: Path) -> None:
    site.run("model", "activate", copy_bundle(tmp_path / "other", model_version="other"))
    site.settings["XRAY_MODEL"] = str(copy_bundle(tmp_path / "set", model_version=EXPECTED))
    for name in ("doctor", "predict", "model show", "status"):
        assert COMMANDS[name](site) == EXPECTED, name
