import os
from pathlib import Path

import pytest

from installation.settings import Settings
from installation.sources import SettingsError, read_settings


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
        ("XRAY_STABEL_SECONDS", "2", "unknown setting XRAY_STABEL_SECONDS"),
        ("XRAY_STABLE_SECONDS", "soon", "^setting 'stable_seconds' is 'soon'; accepted is a number$"),
        ("XRAY_AFTER", "delete", "^setting 'after' is 'delete'; accepted are 'move' and 'keep'$"),
        ("XRAY_LEASE_SECONDS", "20", "^setting 'lease_seconds' is 20, but must exceed read_seconds"),
        ("XRAY_WORKERS", "0", "^setting 'workers' is '0'; accepted are 1 and more$"),
        ("XRAY_SMTP_PORT", "65536", "^setting 'smtp_port' is '65536'; accepted are 65535 and less$"),
        ("XRAY_STORE_IDENTIFIERS", "maybe", "^setting 'store_identifiers' is 'maybe'; accepted is true or false$"),
        ("XRAY_BROKER_CA_FILE", "/no/ca.pem", "^setting 'broker_ca_file' is '/no/ca.pem'; accepted is a file that is"),
        ("XRAY_DEVICES", "tpu", "^setting 'devices': 'tpu' is no list of devices: accepted are auto, cpu"),
        ("XRAY_BATCH_SIZE", "0", "'batch_size'"),
        ("XRAY_LINGER_MS", "-1", "'linger_ms'"),
        ("XRAY_DATABASE_URL_FILE", "/nonexistent/secret", "/nonexistent/secret"),
        ("XRAY_TIME_ZONE", "Mars/Olympus", "'time_zone'"),
    ],
)
def test_what_is_wrong_is_named(monkeypatch: pytest.MonkeyPatch, variable: str, value: str, says: str) -> None:
    monkeypatch.setenv(variable, value)
    with pytest.raises(SettingsError, match=says):
        read_settings()


@pytest.mark.parametrize(
    ("toml", "says"), [("colour = 1\n", "unknown setting 'colour'"), ("workers = \n", "not valid TOML")]
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
    with pytest.raises(SettingsError, match=f"^setting '{toml.partition(' ')[0]}' is not accepted as it is") as caught:
        read_settings()
    assert "s3cret" not in str(caught.value)


def test_what_a_worker_uses_passes_through_the_environment_unchanged(monkeypatch: pytest.MonkeyPatch) -> None:
    before = read_settings(workers=3, read_seconds=7, broker_url="redis://:s3cret@broker/0", store_identifiers=True)
    for name, value in before.for_worker().items():
        monkeypatch.setenv(name, value)
    assert read_settings() == before


def test_a_worker_is_not_told_the_secrets_of_mail_and_webhook() -> None:
    secrets = {name: "s3cret" for name, field in Settings.model_fields.items() if "Secret" in str(field.annotation)}
    told = read_settings(**secrets).for_worker()
    assert {name for name, value in told.items() if value == "s3cret"} == {
        *("XRAY_DATABASE_URL", "XRAY_BROKER_URL", "XRAY_IDENTIFIER_KEY"),
    }


def test_every_setting_says_what_it_is_for() -> None:
    assert [name for name, field in Settings.model_fields.items() if not field.description] == []
