"""The units for hosts without docker: systemd understands them, and LiteRT lives with their hardening."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from installation.settings import Settings
from installation.sources import FILE_SUFFIX
from tests.deploy.compose import ROOT
from tests.needs import find_program

UNITS = sorted((ROOT / "deploy" / "systemd").iterdir())
HIGHEST_EXPOSURE = 2.0  # of 10, by systemd's own reckoning; it is 1.5 with systemd 252


@pytest.fixture
def analyze() -> str:
    return find_program("systemd-analyze", "systemd")


@pytest.fixture
def installed(tmp_path: Path) -> list[Path]:
    """The units with a program that is there, the template as its first instance; the timer starts one of them."""
    units = []
    for unit in UNITS:
        path = tmp_path / unit.name.replace("@.", "@1.")
        path.write_text(re.sub(r"(?m)^ExecStart=/opt/xray-watch/bin/xray-cli", "ExecStart=/bin/true", unit.read_text()))
        units.append(path)
    return units


def test_systemd_understands_the_units(analyze: str, installed: list[Path]) -> None:
    command = [analyze, "verify", "--man=no", *installed]
    answer = subprocess.run(command, capture_output=True, text=True, check=False)
    told = [line for line in answer.stderr.splitlines() if any(unit.name in line for unit in installed)]
    assert (answer.returncode, told) == (0, [])


def test_the_units_are_hardened(analyze: str, installed: list[Path]) -> None:
    for unit in (unit for unit in installed if unit.suffix == ".service"):
        threshold = f"--threshold={int(HIGHEST_EXPOSURE * 10)}"
        command = [analyze, "security", "--offline=yes", "--no-pager", threshold, unit]
        answer = subprocess.run(command, capture_output=True, text=True, check=False)
        assert answer.returncode == 0, answer.stdout


def test_the_units_run_commands_and_settings_that_there_are() -> None:
    known = {f"XRAY_{name.upper()}" for name in Settings.model_fields}
    for unit in (unit for unit in UNITS if unit.suffix == ".service"):
        text = unit.read_text()
        words = re.search(r"^ExecStart=/opt/xray-watch/bin/xray-cli (\w+)", text, re.MULTILINE)
        assert words is not None
        assert words[1] in ("watch", "worker", "daily")
        said = {name.removesuffix(FILE_SUFFIX) for name in re.findall(r"(XRAY_\w+)=", text)}
        assert said <= known


def test_the_model_answers_where_no_memory_may_be_written_and_run() -> None:
    """MemoryDenyWriteExecute= is prctl(PR_SET_MDWE) and a filter of the same calls (Linux 6.3 and newer)."""
    program = (
        "import ctypes, mmap, sys\n"
        "if ctypes.CDLL(None).prctl(65, 1, 0, 0, 0): sys.exit(77)\n"
        "try: mmap.mmap(-1, 4096, prot=7)\n"
        "except OSError: pass\n"
        "else: sys.exit(77)\n"
        "import celery, imagecodecs, psycopg, redis, watchdog.observers\n"
        "from imaging import Identity, Radiograph\n"
        "from imaging.phantoms.anatomy import draw_chest\n"
        "from inference.bundle import SHIPPED_BUNDLE\n"
        "from inference.classifier import Classifier\n"
        "Classifier.load(SHIPPED_BUNDLE).predict_radiograph(Radiograph(draw_chest(1, 625, 512), Identity()))\n"
    )
    answer = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=100, check=False)
    if answer.returncode == 77:
        pytest.skip("this kernel has no PR_SET_MDWE")
    assert answer.returncode == 0, answer.stderr


def test_the_timer_starts_the_report_every_morning(analyze: str) -> None:
    timer = ROOT / "deploy" / "systemd" / "xray-watch-report.timer"
    assert timer.with_suffix(".service").is_file()
    when = re.search(r"^OnCalendar=(.*)$", timer.read_text(), re.MULTILINE)
    assert when is not None
    command = [analyze, "calendar", "--iterations=2", when[1]]
    told = subprocess.run(command, capture_output=True, text=True, env={"TZ": "UTC"}, check=True).stdout
    assert re.findall(r"\d\d:\d\d:\d\d UTC", told)[-2:] == ["06:00:00 UTC"] * 2
