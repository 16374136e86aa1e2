"""docker-compose.yml as it stands, run: films in, rows out, whatever is killed meanwhile."""

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from selftest.site import wait_until
from tests.acceptance.test_main_job import drop_phantoms
from tests.containers.composed import Composed
from tests.containers.podman import Podman
from tests.containers.stand_ins import build_stand_ins
from tests.containers.test_image import USER
from tests.deploy.compose import ROOT
from tests.needs import find_program
from tests.ports import find_free_port

pytestmark = [pytest.mark.containers, pytest.mark.timeout(1500)]

FILMS = 200
WORKERS = 2
LASTING = ("watch", "worker", "listen", "web", "report")
PORTS = ("METRICS_PORT", "LISTEN_PORT", "WEB_PORT")
ANSWERED = "outcome <> 'pending'"


@pytest.fixture(scope="module")
def inbox(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give the folder into which films are dropped; it is the containers' user's."""
    folder = tmp_path_factory.mktemp("inbox")
    os.chown(folder, USER, USER)
    return folder


@pytest.fixture(scope="module")
def composed(podman: Podman, image: str, inbox: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Composed]:
    """Start every service of ours, as docs/deploy.md says it, with two workers."""
    del image
    build_stand_ins(podman)
    secrets = tmp_path_factory.mktemp("deploy") / "secrets"
    subprocess.run([ROOT / "deploy" / "make-secrets", secrets], check=True)
    variables = {"INBOX_FOLDER": str(inbox), "SECRETS_FOLDER": str(secrets), "WORKER_REPLICAS": str(WORKERS)}
    variables |= {port: str(find_free_port()) for port in PORTS} | {"LISTEN_ALLOW": "CT1@*"}
    composed = Composed(podman, variables)
    for service in ("postgres", "valkey"):
        composed.up(service)
    composed.wait_for_health("postgres", healthy=True)
    composed.run("migrate")
    password = ("--password-file", "/dev/stdin")
    composed.run("migrate", "user", "add", "alice", "--role", "admin", *password, stdin="four words of a kind\n")
    for service in LASTING:
        composed.up(service)
    yield composed
    podman.tidy()


def count_rows(composed: Composed, where: str = "true") -> tuple[int, int]:
    """Count rows and different films in the view that sites ask."""
    question = f"SELECT count(*), count(DISTINCT source_sha256) FROM films WHERE {where}"
    words = ("psql", "--username=xray", "--dbname=xray", "--tuples-only", "--no-align", "--command", question)
    rows, films = composed.inside("postgres", *words).split("|")
    return int(rows), int(films)


def finish(inbox: Path, what: str) -> None:
    wait_until(lambda: not list(inbox.glob("**/*.dcm")), what=f"an empty inbox: {what}", seconds=240)


def test_every_service_starts_and_is_healthy(composed: Composed) -> None:
    for service in LASTING:
        composed.wait_for_health(service, healthy=True)
    composed.wait_for_health("worker", healthy=True, replica=2)
    assert composed.fetch("METRICS_PORT", "/healthz")[0] == 200
    assert composed.fetch("WEB_PORT", "/readyz")[0] == 200
    status, login = composed.fetch("WEB_PORT", "/")
    assert status == 200
    assert "Research use only. Not for diagnosis." in login


def test_no_film_is_lost_or_doubled_while_a_worker_is_killed_and_the_database_restarts(
    composed: Composed, inbox: Path
) -> None:
    drawn = inbox.with_name("drawn")
    drawn.mkdir()
    drop_phantoms(drawn, FILMS)
    for film in sorted(drawn.iterdir()):
        film.rename(inbox / film.name)
    wait_until(lambda: count_rows(composed, ANSWERED)[0] > 10, what="first results", seconds=120)
    killed = composed.kill("worker")
    wait_until(lambda: count_rows(composed, ANSWERED)[0] > 40, what="results without it", seconds=120)
    assert count_rows(composed, ANSWERED)[0] < FILMS
    composed.podman.ask("restart", composed.name("postgres"))
    composed.wait_for_health("postgres", healthy=True)
    finish(inbox, "all films")
    assert count_rows(composed) == count_rows(composed, ANSWERED) == (FILMS, FILMS)
    wait_until(lambda: composed.is_back("worker", killed), what="the killed worker", seconds=60)
    composed.wait_for_health("worker", healthy=True)


def test_films_come_by_dicom(composed: Composed, inbox: Path, tmp_path: Path) -> None:
    before = count_rows(composed)[0]
    drop_phantoms(tmp_path, 1, first=FILMS)
    program = find_program("storescu", "dcmtk")
    call = [program, "-aet", "CT1", "-aec", "XRAY", "127.0.0.1", composed.variables["LISTEN_PORT"]]
    sent = subprocess.run([*call, tmp_path / f"{FILMS:04}.dcm"], capture_output=True, timeout=60, check=False)
    assert sent.returncode == 0, sent.stderr
    wait_until(lambda: count_rows(composed, ANSWERED)[0] == before + 1, what="its row", seconds=60)
    finish(inbox, "the film that was sent")
    stranger = [*call[:2], "NOBODY", *call[3:], tmp_path / f"{FILMS:04}.dcm"]
    assert subprocess.run(stranger, capture_output=True, timeout=60, check=False).returncode != 0


@pytest.mark.parametrize("away", ["valkey", "postgres"])
def test_health_says_what_is_away_and_that_it_is_back(composed: Composed, away: str) -> None:
    composed.podman.ask("stop", "--time", "10", composed.name(away))
    wait_until(lambda: composed.fetch("METRICS_PORT", "/healthz")[0] == 503, what="an unready watch", seconds=60)
    for service in ("watch", "worker"):
        composed.wait_for_health(service, healthy=False)
    assert composed.fetch("WEB_PORT", "/readyz")[0] == 503
    composed.podman.ask("start", composed.name(away))
    wait_until(lambda: composed.fetch("METRICS_PORT", "/healthz")[0] == 200, what="a ready watch", seconds=60)
    for service in ("watch", "worker"):
        composed.wait_for_health(service, healthy=True)


def test_a_container_is_given_its_secrets_as_files_alone(composed: Composed) -> None:
    folder = Path(composed.variables["SECRETS_FOLDER"])
    secrets = [(folder / name).read_text() for name in ("postgres_password", "valkey_password")]
    for service in (*LASTING, "postgres", "valkey"):
        known = str(composed.podman.inspect(composed.name(service)))
        logs = composed.podman.call("logs", composed.name(service))
        seen = composed.inside(service, "sh", "-c", "cat /proc/1/environ /proc/[0-9]*/cmdline | tr '\\0' ' '")
        for secret in secrets:
            assert secret not in known + logs.stdout + logs.stderr + seen, service


def test_every_container_has_the_limits_of_the_file_and_no_rights(composed: Composed) -> None:
    for service in (*LASTING, "postgres", "valkey"):
        limits = composed.file["services"][service]["deploy"]["resources"]["limits"]
        host = composed.podman.inspect(composed.name(service))["HostConfig"]
        gibibytes = host["Memory"] / 2**30
        assert {f"{gibibytes:g}g", f"{gibibytes * 1024:g}m"} & {limits["memory"]}
        assert host["PidsLimit"] == limits["pids"]
        assert host["ReadonlyRootfs"]
        rights = composed.inside(service, "grep", "-hE", "^(Uid|CapBnd|NoNewPrivs)", "/proc/1/status").split()
        assert rights[1] != "0"
        assert rights[-3:] == ["0" * 16, "NoNewPrivs:", "1"], service


def test_a_container_that_wants_more_memory_than_its_limit_is_ended(podman: Podman, image: str) -> None:
    greedy = ("--entrypoint", '["python", "-c", "held = b\'x\' * (200 << 20)"]', image)
    assert podman.run_once("--memory", "500m", *greedy).returncode == 0
    assert podman.run_once("--memory", "100m", *greedy).returncode == 137
