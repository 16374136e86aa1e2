"""docker-compose.yml: what it promises to administrators."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from installation.settings import Settings
from installation.sources import FILE_SUFFIX
from tests.deploy.compose import COMPOSE, DOCKERFILE, ROOT, interpolate, read_compose, read_image_settings

SERVICES = read_compose()["services"]
OURS = {name for name, service in SERVICES.items() if service["image"].startswith("xray-watch:")}
TOOLS = Path(sys.executable).parent
ALLOWED = {line.removeprefix("!") for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")}


def test_the_file_follows_the_compose_specification() -> None:
    check = [TOOLS / "check-jsonschema", "--builtin-schema", "vendor.compose-spec", COMPOSE]
    answer = subprocess.run(check, capture_output=True, text=True, check=False)
    assert answer.returncode == 0, answer.stdout + answer.stderr


def test_docker_compose_reads_it_where_there_is_one(tmp_path: Path) -> None:
    if not shutil.which("docker") or subprocess.run(["docker", "compose", "version"], capture_output=True).returncode:
        pytest.skip("there is no 'docker compose' here")
    given = {"INBOX_FOLDER": str(tmp_path), "SECRETS_FOLDER": str(tmp_path), "PATH": "/usr/bin:/bin:/usr/local/bin"}
    command = ["docker", "compose", "--file", COMPOSE, "--profile", "*", "config", "--quiet"]
    answer = subprocess.run(command, env=given, capture_output=True, text=True, check=False)
    assert answer.returncode == 0, answer.stderr
    del given["SECRETS_FOLDER"]
    assert subprocess.run(command, env=given, capture_output=True, check=False).returncode != 0


def test_the_dockerfile_is_clean() -> None:
    answer = subprocess.run([TOOLS / "hadolint", ROOT / "Dockerfile"], capture_output=True, text=True, check=False)
    assert answer.returncode == 0, answer.stdout + answer.stderr


@pytest.mark.parametrize("name", SERVICES)
def test_every_service_is_hardened_and_limited(name: str) -> None:
    service = SERVICES[name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert "no-new-privileges:true" in service["security_opt"]
    assert {"cpus", "memory", "pids"} <= service["deploy"]["resources"]["limits"].keys()
    assert "privileged" not in service
    assert service.get("user") not in ("0", "root", "0:0")
    assert all(interpolate(port, {}).startswith("127.0.0.1:") for port in service.get("ports", []))


@pytest.mark.parametrize("name", sorted(set(SERVICES) - {"migrate"}))
def test_every_lasting_service_has_a_health_check(name: str) -> None:
    assert SERVICES[name]["healthcheck"]["test"][0] in ("CMD", "CMD-SHELL")


@pytest.mark.parametrize("name", sorted(set(SERVICES) - OURS))
def test_every_image_of_others_is_pinned(name: str) -> None:
    assert re.fullmatch(r"[\w./-]+:v?\d+\.\d+(\.\d+)?(-\w+)?", SERVICES[name]["image"])


def test_our_image_is_built_from_what_is_pinned_and_runs_without_root() -> None:
    stages = set(re.findall(r" AS (\S+)$", DOCKERFILE, re.MULTILINE))
    bases = {line.split()[1] for line in DOCKERFILE.splitlines() if line.startswith("FROM ")}
    assert [re.fullmatch(r"python:3\.11\.\d+-slim-\w+", base) is not None for base in bases - stages] == [True]
    assert DOCKERFILE.count("pip install") - 1 == DOCKERFILE.count("--require-hashes")  # the one is our own
    assert re.search(r"^USER 10001:10001$", DOCKERFILE, re.MULTILINE)
    assert {SERVICES[name]["build"]["target"] for name in OURS} <= stages
    assert all(SERVICES[name]["user"] == "10001:10001" for name in OURS)


def test_there_is_no_password_in_the_file_and_no_default_for_one() -> None:
    text = COMPOSE.read_text()
    assert not re.search(r"(?i)password\w*: (?!/run/secrets/|\{file: )", text)
    secrets = read_compose()["secrets"]
    assert all(list(secret) == ["file"] and "${SECRETS_FOLDER" in secret["file"] for secret in secrets.values())
    assert "${SECRETS_FOLDER:?" in text
    assert "${INBOX_FOLDER:?" in text


def test_every_variable_is_explained() -> None:
    page = (ROOT / "docs" / "deploy.md").read_text()
    variables = set(re.findall(r"(?<!\$)\$\{(\w+)", COMPOSE.read_text()))
    assert {name for name in variables if f"`{name}`" not in page and f"{name}=" not in page} == set()


@pytest.mark.parametrize("name", sorted(OURS))
def test_every_setting_of_our_services_is_one(name: str) -> None:
    said = {**read_image_settings(), **SERVICES[name]["environment"]}
    assert {setting.removesuffix(FILE_SUFFIX) for setting in said} <= {
        f"XRAY_{field.upper()}" for field in Settings.model_fields
    }


def test_secrets_are_made_once_and_for_their_owner(tmp_path: Path) -> None:
    folder = tmp_path / "secrets"
    make = [ROOT / "deploy" / "make-secrets", folder]
    subprocess.run(make, check=True)
    made = {path.name: path.read_text() for path in folder.iterdir()}
    assert made.keys() == read_compose()["secrets"].keys()
    assert folder.stat().st_mode & 0o777 == 0o700
    assert made["postgres_password"] in made["database_url"]
    assert made["valkey_password"] in made["broker_url"]
    assert made["valkey_password_conf"].split() == ["requirepass", made["valkey_password"]]
    assert len({made["postgres_password"], made["valkey_password"], made["grafana_password"]}) == 3
    assert all(len(made[name]) == 48 for name in ("postgres_password", "valkey_password", "grafana_password"))
    assert subprocess.run(make, capture_output=True, check=False).returncode != 0
    assert {path.name: path.read_text() for path in folder.iterdir()} == made


def test_an_installed_copy_has_every_file_of_its_packages(tmp_path: Path) -> None:
    layers = re.search(r"^root_packages = \[(.*)\]$", (ROOT / "pyproject.toml").read_text(), re.MULTILINE)
    assert layers is not None
    packages = {name.strip('" ') for name in layers[1].split(",")}
    assert packages <= ALLOWED
    tracked = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    of_packages = [path for path in map(Path, tracked.splitlines()) if path.parts[0] in packages]
    wanted = {path for path in of_packages if path.name != "README.md" and (ROOT / path).exists()}
    source = tmp_path / "source"
    for path in (*sorted(wanted), "pyproject.toml", "README.md", "LICENSE"):
        (source / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / path, source / path)
    build = "import sys; from setuptools.build_meta import build_wheel; build_wheel(sys.argv[1])"
    answer = subprocess.run([sys.executable, "-c", build, tmp_path], cwd=source, capture_output=True, text=True)
    assert answer.returncode == 0, answer.stderr
    (wheel,) = tmp_path.glob("*.whl")
    shutil.unpack_archive(wheel, tmp_path / "installed", "zip")
    assert {path for path in wanted if not (tmp_path / "installed" / path).exists()} == set()
    (facts,) = (tmp_path / "installed").glob("*.dist-info")
    said = (facts / "METADATA").read_text().splitlines()
    assert {"License-Expression: Apache-2.0", "License-File: LICENSE"} <= set(said)
    assert (facts / "licenses" / "LICENSE").read_bytes() == (ROOT / "LICENSE").read_bytes()
