"""The figures for Prometheus: from the ledger, from the processes, and over HTTP."""

import json
import logging
import re
import shutil
import socket
import time
import urllib.error
import urllib.request
from collections import Counter
from datetime import timedelta
from http.client import HTTPResponse
from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.parser import text_string_to_metric_families
from sqlalchemy import Engine, delete, event, text, update

from inference.bundle import SHIPPED_BUNDLE, read_bundle
from inference.labels import Label
from inference.serving.report import EngineState
from installation.home import Home, lock_home
from store.columns import database_now
from store.tables import arrivals
from tests.ledger import arrive, predict, quarantine, register_model, reject
from tests.ports import find_free_port
from worker.engines.board import EngineBoard, EngineFacts
from worker.health.heartbeat import Heartbeat, ServiceState
from worker.monitoring import metrics
from worker.monitoring.metrics import (
    EngineMetrics,
    LedgerMetrics,
    ProcessMetrics,
    ServiceMetrics,
    WorkMetrics,
    describe_worker,
)
from worker.monitoring.page import serve_page
from worker.processes import KeptProcess
from worker.screening.stages import AttemptReport

DOCUMENT = Path(__file__).resolve().parents[3] / "docs" / "metrics.md"

Samples = dict[tuple[str, tuple[tuple[str, str], ...]], float]


@pytest.fixture
def registry() -> CollectorRegistry:
    return CollectorRegistry()


@pytest.fixture
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ask the ledger at each look, and for all that was committed."""
    monkeypatch.setattr(metrics, "CACHE_SECONDS", 0.0)
    monkeypatch.setattr(metrics, "SETTLED", timedelta(0))


@pytest.fixture
def port() -> int:
    return find_free_port()


def read_samples(registry: CollectorRegistry) -> Samples:
    families = text_string_to_metric_families(generate_latest(registry).decode())
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in families
        for sample in family.samples
    }


def value(samples: Samples, name: str, **labels: str) -> float:
    return samples[name, tuple(sorted(labels.items()))]


def fetch(port: int, path: str) -> tuple[int, str]:
    try:
        answer: HTTPResponse = urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=10)
    except urllib.error.HTTPError as refusal:
        with refusal:
            return refusal.code, refusal.read().decode()
    with answer:
        return answer.status, answer.read().decode()


def count_results(samples: Samples) -> dict[str, float]:
    """Sum the results by outcome, without those that are nought."""
    outcomes: Counter[str] = Counter()
    for (name, labels), count in samples.items():
        if name == "xray_results_total" and count:
            outcomes[dict(labels)["outcome"]] += int(count)
    return dict(outcomes)


@pytest.mark.usefixtures("at_once")
def test_results_are_counted_once_from_the_start_of_the_service_on(engine: Engine, registry: CollectorRegistry) -> None:
    register_model(engine)
    predict(engine, "before.dcm")
    time.sleep(0.01)
    registry.register(LedgerMetrics(engine))
    assert count_results(read_samples(registry)) == {}
    predict(engine, "a.dcm")
    predict(engine, "again.dcm", content="before.dcm")
    reject(engine, "b.dcm", "lateral")
    quarantine(engine, "c.dcm", "truncated")
    arrive(engine, "d.dcm")
    time.sleep(0.01)
    for _ in range(2):
        samples = read_samples(registry)
        assert count_results(samples) == {"predicted": 1, "duplicate": 1, "rejected": 1, "quarantined": 1}
        assert value(samples, "xray_arrivals_total") == 5
        assert value(samples, "xray_results_total", outcome="predicted", label="normal") == 1
        assert value(samples, "xray_reasons_total", outcome="rejected", reason="lateral") == 1
        assert value(samples, "xray_reasons_total", outcome="quarantined", reason="truncated") == 1
        assert value(samples, "xray_result_seconds_count") == 4
        assert value(samples, "xray_probability_bucket", label="normal", le="+Inf") == 1
        assert value(samples, "xray_pending_files", state="waiting") == 1


@pytest.mark.usefixtures("at_once")
def test_results_that_came_later_than_promised_are_counted(engine: Engine, registry: CollectorRegistry) -> None:
    register_model(engine)
    registry.register(LedgerMetrics(engine, longest_wait_minutes=30))
    predict(engine, "soon.dcm")
    late = predict(engine, "late.dcm")
    with engine.begin() as connection:
        hours_ago = database_now(-7200)
        connection.execute(update(arrivals).where(arrivals.c.id == late).values(received_at=hours_ago))
    time.sleep(0.01)
    samples = read_samples(registry)
    assert value(samples, "xray_late_results_total") == 1
    assert value(samples, "xray_longest_wait_seconds") == 1800


@pytest.mark.usefixtures("at_once")
def test_a_class_that_the_model_does_not_know_gets_no_probability(engine: Engine, registry: CollectorRegistry) -> None:
    register_model(engine)
    registry.register(LedgerMetrics(engine))
    predict(engine, "a.dcm", probabilities={Label.COVID19: 0.25, Label.NORMAL: 0.75})
    time.sleep(0.01)
    samples = read_samples(registry)
    counts = {label: value(samples, "xray_probability_count", label=label.value) for label in Label}
    assert counts == {Label.COVID19: 1, Label.VIRAL_PNEUMONIA: 0, Label.NORMAL: 1}
    assert value(samples, "xray_probability_bucket", label="viral_pneumonia", le="0.1") == 0
    assert value(samples, "xray_results_total", outcome="predicted", label="viral_pneumonia") == 0


@pytest.mark.usefixtures("at_once")
def test_pruning_does_not_make_a_counter_fall(engine: Engine, registry: CollectorRegistry) -> None:
    register_model(engine)
    registry.register(LedgerMetrics(engine))
    quarantine(engine, "a.dcm")
    time.sleep(0.01)
    assert count_results(read_samples(registry)) == {"quarantined": 1}
    with engine.begin() as connection:
        connection.execute(delete(arrivals))
    assert count_results(read_samples(registry)) == {"quarantined": 1}


@pytest.mark.usefixtures("at_once")
def test_a_database_that_is_away_leaves_the_last_figures_and_says_so(
    engine: Engine, registry: CollectorRegistry
) -> None:
    register_model(engine)
    registry.register(LedgerMetrics(engine))
    quarantine(engine, "a.dcm")
    time.sleep(0.01)
    assert value(read_samples(registry), "xray_ledger_answers") == 1
    with engine.begin() as connection:
        connection.execute(text("ALTER TABLE arrivals RENAME TO elsewhere"))
    samples = read_samples(registry)
    assert value(samples, "xray_ledger_answers") == 0
    assert count_results(samples) == {"quarantined": 1}


def test_the_ledger_is_not_asked_for_each_look(engine: Engine, registry: CollectorRegistry) -> None:
    registry.register(LedgerMetrics(engine))
    asked: list[str] = []
    event.listen(engine, "before_cursor_execute", lambda *given: asked.append(given[2]))
    for _ in range(3):
        read_samples(registry)
    assert asked == []


def test_what_processes_tell_is_counted(registry: CollectorRegistry) -> None:
    work = WorkMetrics(registry)
    work.count(AttemptReport({"read": 0.004, "infer": 0.02}, retry=("retry_fault", "enospc")))
    work.count(AttemptReport(death="reader_crashed"))
    samples = read_samples(registry)
    assert value(samples, "xray_stage_seconds_count", stage="read") == 1
    assert value(samples, "xray_stage_seconds_sum", stage="infer") == pytest.approx(0.02)
    assert value(samples, "xray_retries_total", kind="retry_fault", reason="enospc") == 1
    assert value(samples, "xray_reader_deaths_total", reason="reader_crashed") == 1


def test_the_service_tells_its_state_disk_and_processes(home: Home, registry: CollectorRegistry) -> None:
    broker = KeptProcess("broker", ["true"], ends=2)
    registry.register(ServiceMetrics(home, 7))
    registry.register(ProcessMetrics([broker]))
    assert value(read_samples(registry), "xray_service_state", state="stopped") == 1
    with lock_home(home):
        Heartbeat(home).beat(ServiceState.PAUSED, ["the disk is full"])
        samples = read_samples(registry)
    assert value(samples, "xray_service_state", state="paused") == 1
    assert value(samples, "xray_service_state", state="ready") == 0
    assert 0 <= value(samples, "xray_heartbeat_age_seconds") < 60
    assert value(samples, "xray_disk_min_free_bytes") == 7
    assert value(samples, "xray_disk_free_bytes") > 0
    assert value(samples, "xray_process_ends_total", process="broker") == 2


def write_engine(home: Home) -> None:
    """Say that a worker of this home has an engine."""
    home.engines.mkdir()
    EngineBoard(home).write([EngineFacts("cpu:0", EngineState.READY, "float32", 32, 4.5, 9, 2.0, 1, "")])


def test_the_engines_of_several_workers_are_told_together_and_each_on_one_page(
    home: Home, registry: CollectorRegistry
) -> None:
    registry.register(EngineMetrics(home, lambda notice: not notice.has_page))
    assert not [name for name, _ in read_samples(registry) if "engine" in name]
    write_engine(home)
    (board,) = home.engines.iterdir()
    shutil.copy(board, home.engines / "container-b-1-7.json")
    with_page = json.loads(board.read_text()) | {"has_page": True}
    (home.engines / "container-c-1-7.json").write_text(json.dumps(with_page))
    samples = read_samples(registry)
    assert value(samples, "xray_engines_ready", device="cpu:0") == 2
    assert value(samples, "xray_engine_films_total", device="cpu:0") == 18
    assert value(samples, "xray_engine_batch_films", device="cpu:0") == 4.5
    assert value(samples, "xray_engine_restarts_total", device="cpu:0") == 2


def test_the_page_gives_figures_and_health(registry: CollectorRegistry, port: int) -> None:
    WorkMetrics(registry)
    states = iter([(ServiceState.READY, ()), (ServiceState.PAUSED, ("the disk is full", "the inbox is away"))])
    with serve_page(f"127.0.0.1:{port}", registry, lambda: next(states)):
        assert fetch(port, "/healthz") == (200, "ready\n")
        assert fetch(port, "/healthz") == (503, "paused: the disk is full; the inbox is away\n")
        status, page = fetch(port, "/metrics")
        assert status == 200
        assert "# TYPE xray_stage_seconds histogram" in page
        assert "process_cpu_seconds_total" in page
        assert fetch(port, "/etc/passwd")[0] == 404
    with pytest.raises(urllib.error.URLError):
        fetch(port, "/healthz")


def test_a_port_in_use_is_said_and_work_goes_on(
    registry: CollectorRegistry, port: int, caplog: pytest.LogCaptureFixture
) -> None:
    page = serve_page(f"127.0.0.1:{port}", registry, lambda: (ServiceState.READY, ()))
    with caplog.at_level(logging.INFO), socket.create_server(("127.0.0.1", port)), page:
        logging.getLogger().info("works", extra={"action": "work"})
    assert [(record.levelname, record.action) for record in caplog.records] == [
        ("WARNING", "metrics_off"),
        ("INFO", "work"),
    ]  # type: ignore[attr-defined]
    assert f"127.0.0.1:{port}" in caplog.text


def test_a_client_that_hangs_up_is_no_traceback(
    registry: CollectorRegistry, port: int, capfd: pytest.CaptureFixture[str]
) -> None:
    def fail() -> tuple[ServiceState, tuple[str, ...]]:
        raise OSError("the home has gone")

    with serve_page(f"127.0.0.1:{port}", registry, fail), pytest.raises(ConnectionError):
        fetch(port, "/healthz")
    assert "Traceback" not in "".join(capfd.readouterr())


def test_the_document_lists_every_figure_and_its_labels(
    engine: Engine, home: Home, registry: CollectorRegistry
) -> None:
    register_model(engine)
    quarantine(engine, "a.dcm")
    WorkMetrics(registry).count(
        AttemptReport({"read": 1.0}, retry=("retry_file", "reader_timeout"), death="reader_timeout")
    )
    describe_worker(registry, read_bundle(SHIPPED_BUNDLE), 2)
    write_engine(home)
    registry.register(EngineMetrics(home, lambda _: True))
    registry.register(LedgerMetrics(engine, longest_wait_minutes=30))
    with lock_home(home):
        Heartbeat(home).beat(ServiceState.READY)
        registry.register(ServiceMetrics(home, None))
        registry.register(ProcessMetrics([KeptProcess("worker", ["true"])]))
        families = list(registry.collect())
    found = {}
    for family in families:
        name = family.name + {"counter": "_total", "info": "_info"}.get(family.type, "")
        labels = {label for sample in family.samples for label in sample.labels} - {"le"}
        found[name] = (family.type, ", ".join(sorted(f"`{label}`" for label in labels)))
    found["xray_reasons_total"] = ("counter", "`outcome`, `reason`")  # it has no series before the first
    rows = re.findall(r"^\| `(xray_\w+)` \| (\w+) \| (.*?) \| .+ \|$", DOCUMENT.read_text(), re.MULTILINE)
    listed = {name: ("gauge" if kind == "info" else kind, labels) for name, kind, labels in rows}
    assert listed == {name: ("gauge" if kind == "info" else kind, labels) for name, (kind, labels) in found.items()}
