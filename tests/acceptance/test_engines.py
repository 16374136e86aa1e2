"""A real service with two Keras engines on CPUs: as on two GPUs, but for the device."""

import csv
import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest

from imaging import Identity, Radiograph, UnsuitableRadiographError, read_radiograph
from imaging.phantoms.anatomy import draw_chest
from inference.bundle import SHIPPED_BUNDLE, read_bundle
from inference.classifier import Classifier
from inference.serving.client import load_served_classifier
from installation.home import Home
from store.database import open_database, reading
from store.ledger.arrivals import Arrival, list_arrivals
from store.states import ArrivalState
from tests.acceptance.conftest import Site, wait_until
from tests.acceptance.test_main_job import drop_phantoms, names
from worker.engines.board import read_engines

# TensorFlow starts in seconds on a quiet machine and in minutes on one where others compute too
pytestmark = [pytest.mark.acceptance, pytest.mark.timeout(600)]

AGREEMENT = 1e-3
START_SECONDS = 300.0
FILMS = 6
PATIENCE_SECONDS = 60.0
SECRET = "c4nary-s3cret"
SECRETS = {
    "XRAY_SMTP_PASSWORD": SECRET,
    "XRAY_WEBHOOK_URL": f"https://example.org/{SECRET}",
    "XRAY_WEBHOOK_SECRET": SECRET,
}


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    root = tmp_path_factory.mktemp("site")
    (root / "inbox").mkdir()
    # a socket's path has 107 bytes, and pytest's folders get longer with every run
    with TemporaryDirectory(prefix="xray-", ignore_cleanup_errors=True) as runtime:
        settings = {"XRAY_DEVICES": "cpu,cpu", "XRAY_BATCH_SIZE": "2", "XRAY_WORKERS": "2", "XRAY_READ_SECONDS": "40"}
        site = Site(root, Path(runtime), settings | SECRETS)
        site.start()
        wait_until(lambda: states(site) == ["ready", "ready"], what="both engines", seconds=START_SECONDS)
        yield site
        if not site.service_ended():
            site.kill()


def states(site: Site) -> list[str]:
    return [engine.state for engine in read_engines(Home(site.home))]


def restarts(site: Site) -> list[tuple[str, int]]:
    return [(engine.state, engine.restarts) for engine in read_engines(Home(site.home))]


def sockets(site: Site) -> list[Path]:
    return sorted(site.runtime.glob("xray-watch-*/engine-*.sock"))


@pytest.fixture(scope="module")
def both(site: Site) -> tuple[Classifier, Classifier]:
    """A classifier that asks the service's engines, and one on LiteRT."""
    assert len(sockets(site)) == 2
    served = load_served_classifier(SHIPPED_BUNDLE, sockets(site), PATIENCE_SECONDS)
    return served, Classifier.load(SHIPPED_BUNDLE)


def assert_agree(both: tuple[Classifier, Classifier], films: list[Radiograph]) -> int:
    """Compare the answers to films that the gate lets through; returns how many those were."""
    compared = 0
    for film in films:
        try:
            served, alone = (classifier.predict_radiograph(film) for classifier in both)
        except UnsuitableRadiographError:
            continue
        expected = list(alone.probabilities.values())
        assert list(served.probabilities.values()) == pytest.approx(expected, abs=AGREEMENT)
        np.testing.assert_allclose(served.activation_map, alone.activation_map, atol=1e-2)
        compared += 1
    return compared


def count_answered(site: Site) -> int:
    return sum(engine.films for engine in read_engines(Home(site.home)))


def test_engines_agree_with_litert_on_phantoms(site: Site, both: tuple[Classifier, Classifier]) -> None:
    before = count_answered(site)
    compared = assert_agree(both, [Radiograph(draw_chest(seed, 625, 512), Identity()) for seed in range(8)])
    assert compared >= 6
    wait_until(lambda: count_answered(site) >= before + compared, what="the engines' own count")


def test_engines_agree_with_litert_on_real_radiographs(
    site: Site, both: tuple[Classifier, Classifier], shared: Path
) -> None:
    folder = shared / "data" / "radiographs"
    with (folder / "manifest.csv").open(newline="") as lines:
        files = [row["file"] for row in csv.DictReader(lines)][::60]
    assert assert_agree(both, [read_radiograph(folder / file) for file in files]) >= 12


def test_no_process_of_the_service_is_told_a_secret_that_it_does_not_use(site: Site) -> None:
    assert site.service is not None
    assert SECRET.encode() in Path(f"/proc/{site.service.pid}/environ").read_bytes()
    environments = {process: Path(f"/proc/{process.pid}/environ").read_bytes() for process in site.find_processes("")}
    assert len(environments) >= 6  # broker, worker, two readers, two engines
    assert [process for process, environment in environments.items() if SECRET.encode() in environment] == []


def test_engines_that_are_killed_at_work_cost_no_film_and_no_attempt_and_come_back(site: Site) -> None:
    processes = site.find_processes("worker.engines.program")
    for process in processes:
        process.suspend()  # so that films are surely under way in them
    drop_phantoms(site.inbox, FILMS)
    wait_until(lambda: len(read_arrivals(site, ArrivalState.SCREENING)) == 2, what="two films under way")
    time.sleep(0.5)
    for process in processes:
        process.kill()
    results = site.wait_for_results(FILMS)
    assert names(results) == [f"{number:04}.dcm" for number in range(FILMS)]
    assert {result["state"] for result in results} == {"done"}
    assert {result["model_sha256"] for result in results} == {read_bundle(SHIPPED_BUNDLE).model_sha256}
    done = read_arrivals(site, ArrivalState.DONE)
    assert [(arrival.attempts, arrival.transient_faults) for arrival in done] == [(0, 0)] * FILMS
    assert "engine_away" in site.log.read_text()
    wait_until(lambda: restarts(site) == [("ready", 1)] * 2, what="both engines again", seconds=START_SECONDS)
    drop_phantoms(site.inbox, FILMS, first=FILMS)
    site.wait_for_results(2 * FILMS)
    wait_until(lambda: count_answered(site) > 0, what="the new engines' count")
    shown = site.run("status").stdout
    assert "engine cpu:0     ready, float32, " in shown
    assert "engine cpu:1     ready, float32, " in shown


def read_arrivals(site: Site, state: ArrivalState) -> list[Arrival]:
    engine = open_database(f"sqlite:///{site.home / 'xray.db'}")
    with reading(engine) as connection:
        found = list_arrivals(connection, state)
    engine.dispose()
    return found


def test_nothing_outlives_a_service_that_is_killed(site: Site) -> None:
    processes = site.find_processes("worker.engines.program")
    assert len(processes) == 2
    before = shared_memory()
    assert site.service is not None
    os.kill(site.service.pid, signal.SIGKILL)
    site.service.wait(10)
    wait_until(lambda: not any(process.is_running() for process in processes), what="the engines' end")
    assert shared_memory() <= before


def shared_memory() -> set[str]:
    """Return what has a name there, but for what the database servers of other tests have."""
    return {path.name for path in Path("/dev/shm").iterdir() if not path.name.startswith("PostgreSQL")}
