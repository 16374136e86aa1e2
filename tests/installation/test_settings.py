import os
import re
from pathlib import Path

import pytest

from installation.errors import SettingsError
from installation.settings import Settings
from installation.sources import look_at_settings, read_settings, spell_as_set


@pytest.fixture(autouse=True)
def clean(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in os.environ:
        if name.startswith("XRAY_"):
            monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)


def test_defaults_are_those_of_the_design() -> None:
    settings = read_settings()
    assert settings.home == Path.cwd() / "var"
    assert settings.sqlalchemy_url == f"sqlite:///{Path.cwd() / 'var' / 'xray.db'}"
    assert (settings.stable_seconds, settings.rescan_seconds, settings.lease_seconds) == (2, 10, 60)
    assert (settings.after, settings.devices, settings.workers) == ("move", "auto", None)
    assert settings.store_identifiers is False


def test_the_command_line_goes_before_the_environment_before_the_file(monkeypatch: pytest.MonkeyPatch) -> None:
    Path("xray.toml").write_text("workers = 3\nrescan_seconds = 33\nlease_seconds = 133\n")
    monkeypatch.setenv("XRAY_WORKERS", "5")
    monkeypatch.setenv("XRAY_RESCAN_SECONDS", "55")
    settings = read_settings(workers=7)
    assert (settings.workers, settings.rescan_seconds, settings.lease_seconds) == (7, 55, 133)


def test_a_secret_may_stand_in_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "url").write_text("postgresql+psycopg://xray:s3cret@db/xray\n")
    monkeypatch.setenv("XRAY_DATABASE_URL_FILE", str(tmp_path / "url"))
    settings = read_settings()
    assert settings.sqlalchemy_url == "postgresql+psycopg://xray:s3cret@db/xray"
    assert "s3cret" not in repr(settings)


@pytest.mark.parametrize(
    ("variable", "value", "says"),
    [
        ("XRAY_STABEL_SECONDS", "2", "^unknown setting XRAY_STABEL_SECONDS; did you mean XRAY_STABLE_SECONDS\\? "),
        ("XRAY_STABLE_SECONDS", "soon", "^XRAY_STABLE_SECONDS is 'soon'; accepted is a number$"),
        ("XRAY_AFTER", "delete", "^XRAY_AFTER is 'delete'; accepted are 'move' and 'keep'$"),
        ("XRAY_LEASE_SECONDS", "20", "^setting 'lease_seconds' is 20, but must exceed read_seconds"),
        ("XRAY_WORKERS", "0", "^XRAY_WORKERS is '0'; accepted are 1 and more$"),
        ("XRAY_SMTP_PORT", "65536", "^XRAY_SMTP_PORT is '65536'; accepted are 65535 and less$"),
        ("XRAY_STORE_IDENTIFIERS", "maybe", "^XRAY_STORE_IDENTIFIERS is 'maybe'; accepted is true or false$"),
        ("XRAY_BROKER_CA_FILE", "/no/ca.pem", "^XRAY_BROKER_CA_FILE is '/no/ca.pem'; accepted is a file that is"),
        ("XRAY_DEVICES", "tpu", "^XRAY_DEVICES: 'tpu' is no list of devices: accepted are auto, cpu"),
        ("XRAY_BATCH_SIZE", "0", "XRAY_BATCH_SIZE"),
        ("XRAY_LINGER_MS", "-1", "XRAY_LINGER_MS"),
        ("XRAY_DATABASE_URL_FILE", "/nonexistent/secret", "/nonexistent/secret"),
        ("XRAY_TIME_ZONE", "Mars/Olympus", "XRAY_TIME_ZONE"),
    ],
)
def test_what_is_wrong_is_named(monkeypatch: pytest.MonkeyPatch, variable: str, value: str, says: str) -> None:
    monkeypatch.setenv(variable, value)
    with pytest.raises(SettingsError, match=says):
        read_settings()


@pytest.mark.parametrize(
    ("toml", "says"),
    [
        ("colour = 1\n", "^unknown setting 'colour' in xray.toml; 'xray-cli config show' lists the settings$"),
        ("stabel_seconds = 1\n", "^unknown setting 'stabel_seconds' in xray.toml; did you mean 'stable_seconds'\\? "),
        ("workers = 0\n", "^setting 'workers' in xray.toml is '0'; accepted are 1 and more$"),
        ("inbox = 3\n", "^setting 'inbox' in xray.toml is '3'; accepted is a path in quotes, or several in brackets$"),
        ("[settings]\nworkers = 1\n", "^unknown setting 'settings' in xray.toml; "),
        ("workers = \n", "^xray.toml is not valid TOML: "),
        ("home = var\n", '^xray.toml is not valid TOML: .*; text is put in quotes: home = "var"$'),
    ],
)
def test_the_file_is_checked_as_strictly(toml: str, says: str) -> None:
    Path("xray.toml").write_text(toml)
    with pytest.raises(SettingsError, match=says):
        read_settings()


@pytest.mark.parametrize(
    "toml", ["smtp_password = ['s3cret']", "max_attempts = 'redis://:s3cret@broker/0'", "smtp_port = 's3cret@host'"]
)
def test_a_secret_is_not_quoted_in_a_message(toml: str) -> None:
    Path("xray.toml").write_text(toml)
    with pytest.raises(
        SettingsError, match=f"^setting '{toml.partition(' ')[0]}' in xray.toml is not accepted as it is"
    ) as caught:
        read_settings()
    assert "s3cret" not in str(caught.value)


@pytest.fixture
def system_toml(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr("installation.sources.SYSTEM_TOML", tmp_path / "etc.toml")
    return tmp_path / "etc.toml"


def test_the_file_of_the_system_stands_below_that_of_the_folder(system_toml: Path) -> None:
    system_toml.write_text("workers = 3\nrescan_seconds = 33\nhome = '/srv/xray/home'\n")
    Path("xray.toml").write_text("workers = 5\n")
    settings = read_settings()
    assert (settings.workers, settings.rescan_seconds, settings.home) == (5, 33, Path("/srv/xray/home"))


def test_a_fault_names_the_file_of_the_system(system_toml: Path) -> None:
    system_toml.write_text("workers = 'many'\n")
    says = f"setting 'workers' in {system_toml} is 'many'; accepted is a whole number"
    with pytest.raises(SettingsError, match=re.escape(says)):
        read_settings()


def test_an_option_is_named_as_it_was_given() -> None:
    with pytest.raises(SettingsError, match=r"^--workers is '0'; accepted are 1 and more$"):
        read_settings(workers=0)


@pytest.mark.parametrize(
    ("value", "inboxes"),
    [("'a'", ["a"]), ("['/a', 'b,c']", ["/a", "b,c"]), ("'a, /b'", ["a", "/b"])],
)
def test_one_inbox_or_several_stand_in_the_file(value: str, inboxes: list[str]) -> None:
    Path("xray.toml").write_text(f"inbox = {value}\n")
    assert [str(inbox) for inbox in read_settings().inbox] == inboxes


def test_inboxes_stand_in_a_variable_with_commas(monkeypatch: pytest.MonkeyPatch) -> None:
    assert read_settings().inbox == (Path("inbox"),)
    monkeypatch.setenv("XRAY_INBOX", "/data/a,/data/b")
    assert read_settings().inbox == (Path("/data/a"), Path("/data/b"))


def test_what_is_wrong_does_not_hide_what_is_right(monkeypatch: pytest.MonkeyPatch) -> None:
    Path("xray.toml").write_text("workers = 'many'\nlease_seconds = 20\nrescan_seconds = 33\ncolour = 1\n")
    found = look_at_settings()
    assert set(found.faults) == {"workers", "", "colour"}
    assert found.faults[""].startswith("setting 'lease_seconds' is 20")
    assert (found.settings.rescan_seconds, found.settings.workers, found.settings.lease_seconds) == (33, None, 60)


def test_a_fault_between_settings_of_which_only_one_is_set_does_not_hide_the_others() -> None:
    Path("xray.toml").write_text("read_seconds = 55\nworkers = 3\n")
    found = look_at_settings()
    assert list(found.faults) == [""]
    assert (found.settings.read_seconds, found.settings.workers) == (20, 3)


def test_a_message_spells_a_setting_as_the_file_that_sets_it(monkeypatch: pytest.MonkeyPatch) -> None:
    Path("xray.toml").write_text("home = 'x'\nafter = 'move'\n")
    assert spell_as_set("set XRAY_HOME to a folder") == "set home (in xray.toml) to a folder"
    assert spell_as_set("or set XRAY_AFTER=keep.") == "or set after=keep (in xray.toml)."
    assert spell_as_set("XRAY_WORKERS, XRAY_HOMELY") == "XRAY_WORKERS, XRAY_HOMELY"
    monkeypatch.setenv("XRAY_HOME", "y")
    assert spell_as_set("set XRAY_HOME") == "set XRAY_HOME"


def test_what_a_worker_uses_passes_through_the_environment_unchanged(monkeypatch: pytest.MonkeyPatch) -> None:
    before = read_settings(workers=3, read_seconds=7, broker_url="redis://:s3cret@broker/0", store_identifiers=True)
    for name, value in before.for_worker().items():
        monkeypatch.setenv(name, value)
    assert read_settings() == before


def test_a_worker_is_not_told_the_secrets_of_mail_and_webhook() -> None:
    secrets = {name: "s3cret" for name, field in Settings.model_fields.items() if "Secret" in str(field.annotation)}
    secrets["targets"] = "PACS=https://us:s3cret@pacs/dicom-web"
    told = read_settings(**secrets).for_worker()
    assert {name for name, value in told.items() if "s3cret" in value} == {
        *("XRAY_DATABASE_URL", "XRAY_BROKER_URL", "XRAY_IDENTIFIER_KEY"),
    }


def test_every_setting_says_what_it_is_for() -> None:
    assert [name for name, field in Settings.model_fields.items() if not field.description] == []
