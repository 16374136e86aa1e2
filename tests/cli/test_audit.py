import json
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import text
from typer.testing import CliRunner

from cli.app import app
from installation.settings import InstallationSettings
from store.audit import find_head
from store.database import open_database, reading

ZONE = "Pacific/Kiritimati"  # no machine's own
PASSWORD = "correct horse battery staple"


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XRAY_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("XRAY_TIME_ZONE", ZONE)
    (tmp_path / "password").write_text(PASSWORD + "\n")
    return tmp_path / "home"


def run(*words: str, given: str = "") -> tuple[int, str]:
    answer = CliRunner().invoke(app, words, input=given)
    return answer.exit_code, answer.output


def add_alice(home: Path, role: str = "admin") -> None:
    code, said = run("user", "add", "alice", "--role", role, "--password-file", str(home.parent / "password"))
    assert (code, said) == (0, f"user alice may log in, as {role}\n")


def test_the_page_does_not_run_before_there_is_a_user(home: Path) -> None:
    for _ in ("no ledger", "a ledger without users"):
        code, said = run("web", "--address", "127.0.0.1:1")
        assert code == 78
        assert said.count("xray-cli user add") == 1
        run("db", "upgrade")
    assert home.is_dir()


def test_a_user_is_asked_for_the_password_twice(home: Path) -> None:
    code, said = run("user", "add", "bob", "--role", "viewer", given=f"{PASSWORD}\n{PASSWORD}\n")
    assert code == 0, said
    assert run("user", "add", "bob", "--role", "viewer", given=f"{PASSWORD}\n{PASSWORD}\n")[0] == 65
    assert run("user", "add", "eve", "--role", "viewer", given="short\nshort\n")[0] == 65
    assert run("user", "add", " eve", "--role", "viewer", given=f"{PASSWORD}\n{PASSWORD}\n")[0] == 65
    assert "bob" in run("user", "list")[1]
    assert (home / "xray.db").exists()


def test_where_nobody_can_be_asked_for_a_password_the_option_for_it_is_named(home: Path) -> None:
    code, said = run("user", "add", "bob", "--role", "viewer")
    assert code == 66
    assert "name a file that holds it with --password-file" in said
    assert "echoed" not in said


def test_users_are_disabled_and_let_in_again(home: Path) -> None:
    add_alice(home)
    assert run("user", "disable", "alice")[0] == 0
    assert "disabled" in run("user", "list")[1]
    assert run("user", "password", "alice", "--password-file", str(home.parent / "password"))[0] == 0
    assert "disabled" not in run("user", "list")[1]
    assert run("user", "disable", "nobody")[0] == 65


def test_the_audit_says_who_did_what_and_notices_a_change(home: Path) -> None:
    add_alice(home)
    run("user", "disable", "alice")
    code, said = run("audit", "--since", "today")
    assert code == 0
    assert [line.split()[4] for line in said.splitlines()] == ["user_disabled", "user_added"]
    listed = json.loads(run("audit", "--since", "7d", "--format", "json")[1])
    here = datetime.fromisoformat(listed[0]["at"]).astimezone(ZoneInfo(ZONE))
    assert run("audit", "--since", "7d")[1].startswith(f"{here:%Y-%m-%d %H:%M:%S}  ")
    assert json.loads(run("audit", "--format", "json")[1])[0]["action"] == "user_disabled"
    engine = open_database(InstallationSettings(home=home).sqlalchemy_url)
    with reading(engine) as connection:
        head = find_head(connection)
    assert run("audit", "verify", "--holds", str(head))[0] == 0
    assert run("audit", "verify", "--holds", "0" * 64)[0] == 1
    report = run("report", "--format", "html")[1]
    assert str(head) in report
    with engine.begin() as connection:
        connection.execute(text("UPDATE audit_events SET action = 'user_added' WHERE id = 2"))
    engine.dispose()
    code, said = run("audit", "verify")
    assert (code, "broken at event 2" in said) == (1, True)
