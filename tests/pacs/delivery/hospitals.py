"""A home whose ledger holds answers about real files, as after screening; and the PACS of others to send them to."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from threading import Event, Thread
from typing import Any
from urllib.request import Request, urlopen

import pytest
from sqlalchemy import Engine, func, select

from imaging import Identity, RadiographError, decode_radiograph
from imaging.dicom.header import read_header
from imaging.dicom.identity import read_identity
from imaging.phantoms.files import write_dicom_phantom
from inference.bundle import SHIPPED_BUNDLE, Bundle, read_bundle
from inference.classifier import Classifier
from inference.labels import Answer, Outcome
from installation.home import Home
from installation.installation import Installation
from installation.settings import Settings
from pacs.delivery.office import deliver
from pacs.delivery.queueing import find_target, queue_period
from store.database import open_database, reading
from store.ledger.deliveries import Delivery, list_deliveries
from store.ledger.models import record_model
from store.ledger.outcomes import NewScreening, record_quarantine, record_screening
from store.schema import upgrade_schema
from store.tables import delivery_marks
from tests.ledger import OWNER, hold
from tests.needs import skip
from tests.ports import find_free_port
from worker.screening.finishing import describe_identity

ORTHANC, STORESCP = Path("/usr/sbin/Orthanc"), Path("/usr/bin/storescp")
DICOMWEB = Path("/usr/share/orthanc/plugins/libOrthancDicomWeb.so")


def wait_until(is_so: Callable[[], object], what: str, seconds: float = 60.0) -> None:
    deadline = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < deadline, f"{what}: not within {seconds} s"
        time.sleep(0.1)


@dataclass
class Hospital:
    """A home with a ledger, and the program's own processes on it."""

    home: Path
    engine: Engine
    bundle: Bundle
    classifier: Classifier
    settings: dict[str, str] = field(default_factory=dict)

    def screen(self, seed: int, **attributes: object) -> int:
        """Record what the model that ships says of a phantom; returns the arrival's number."""
        path = self.home / "processed" / f"{seed}.dcm"
        write_dicom_phantom(path, seed=seed, rows=640, columns=512, attributes=attributes)
        content = path.read_bytes()
        try:
            radiograph = decode_radiograph(content)
            prediction = self.classifier.predict_radiograph(radiograph)
            identity = radiograph.identity
            answer = Answer(prediction.outcome, prediction.label, prediction.probabilities, prediction.reason_code)
        except RadiographError as error:
            answer = Answer(Outcome.REJECTED, reason_code=error.reason_code, reason=str(error))
            identity = error.identity or read_identity(read_header(content))
        return self._record(path, content, answer, identity)

    def quarantine(self, content: bytes, name: str = "broken.dcm") -> int:
        path = self.home / "quarantine" / name
        path.write_bytes(content)
        arrival_id = hold(self.engine, name)
        known = {"source_sha256": sha256(content).hexdigest(), "stored_path": path}
        with self.engine.begin() as connection:
            record_quarantine(
                connection, arrival_id, OWNER, reason_code="truncated_file", reason="it ends early", **known
            )
        return arrival_id

    def _record(self, path: Path, content: bytes, answer: Answer, identity: Identity) -> int:
        arrival_id = hold(self.engine, path.name)
        columns = describe_identity(identity, lambda identifier: identifier and "hidden")
        screening = NewScreening(sha256(content).hexdigest(), self.bundle.model_sha256, answer, columns)
        with self.engine.begin() as connection:
            record_screening(connection, arrival_id, OWNER, screening, path)
        return arrival_id

    def list_deliveries(self) -> list[Delivery]:
        with reading(self.engine) as connection:
            return list_deliveries(connection, limit=10_000)

    def knows_target(self) -> bool:
        """Return whether new answers are queued from now on."""
        with reading(self.engine) as connection:
            return connection.scalar(select(func.count()).select_from(delivery_marks)) != 0

    def run(self, *words: str) -> subprocess.CompletedProcess[str]:
        command = (sys.executable, "-m", "cli", *words)
        return subprocess.run(command, env=self.environment(), capture_output=True, text=True, check=False, timeout=60)

    def environment(self, more: Mapping[str, str] | None = None) -> dict[str, str]:
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("XRAY_")}
        own = {"XRAY_HOME": str(self.home), "XRAY_LOG_FORMAT": "json", "XRAY_TIME_ZONE": "UTC"}
        return inherited | own | self.settings | dict(more or {})

    @contextmanager
    def delivering_here(self) -> Iterator[None]:
        """Do what ``xray-cli deliver`` does, in this process, where its libraries are loaded already."""
        installation = Installation(self.read_settings(), Home(self.home))
        stop = Event()
        thread = Thread(target=deliver, args=(installation, stop))
        thread.start()
        try:
            yield
        finally:
            stop.set()
            thread.join(60)
            installation.close()

    def read_settings(self) -> Settings:
        named = {name.removeprefix("XRAY_").lower(): value for name, value in self.settings.items()}
        return Settings(home=self.home, time_zone="UTC", **named)  # type: ignore[arg-type]

    def queue(self, target: str = "PACS") -> int:
        """Queue what was answered in the last hour."""
        settings = self.read_settings()
        since = datetime.now(tz=UTC) - timedelta(hours=1)
        found = find_target(settings, target)
        return sum(queue_period(self.engine, settings, found, kind, since) for kind in settings.list_kinds())

    @contextmanager
    def delivering(self, **more: str) -> Iterator[subprocess.Popen[bytes]]:
        """Run the real ``xray-cli deliver``."""
        with (self.home / "deliver.log").open("ab") as log:
            command = (sys.executable, "-m", "cli", "deliver")
            process = subprocess.Popen(command, env=self.environment(more), stderr=log, stdout=log)
        try:
            yield process
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(30)


@pytest.fixture
def hospital(tmp_path: Path) -> Iterator[Hospital]:
    home = tmp_path / "home"
    for folder in ("processed", "quarantine"):
        (home / folder).mkdir(parents=True)
    engine = open_database(f"sqlite:///{home / 'xray.db'}")
    upgrade_schema(engine)
    bundle = read_bundle(SHIPPED_BUNDLE)
    with engine.begin() as connection:
        record_model(connection, bundle.model_sha256, bundle.model_version, bundle.folder)
    yield Hospital(home, engine, bundle, Classifier.load(bundle))
    engine.dispose()


@dataclass
class Orthanc:
    """A real Orthanc with its DICOMweb plugin."""

    folder: Path
    dicom_port: int
    http_port: int
    options: dict[str, Any] = field(default_factory=dict)
    process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        config = {
            "Name": "TEST",
            "StorageDirectory": str(self.folder / "db"),
            "IndexDirectory": str(self.folder / "db"),
            "DicomAet": "ORTHANC",
            "DicomPort": self.dicom_port,
            "HttpPort": self.http_port,
            "RemoteAccessAllowed": False,
            "AuthenticationEnabled": False,
            "DicomCheckCalledAet": True,
            "OverwriteInstances": False,
            "Plugins": [str(DICOMWEB)],
            **self.options,
        }
        (self.folder / "orthanc.json").write_text(json.dumps(config))
        with (self.folder / "orthanc.log").open("ab") as log:
            self.process = subprocess.Popen([ORTHANC, self.folder / "orthanc.json"], stdout=log, stderr=log)
        wait_until(self._answers, "Orthanc answers")

    def stop(self, number: signal.Signals = signal.SIGTERM) -> None:
        if self.process is not None:
            self.process.send_signal(number)
            self.process.wait(30)
            self.process = None

    def ask(self, path: str, content: bytes | None = None) -> Any:
        with urlopen(Request(f"http://127.0.0.1:{self.http_port}{path}", content), timeout=10) as answer:
            return json.loads(answer.read())

    def list_instances(self) -> list[dict[str, Any]]:
        return [self.ask(f"/instances/{each}/simplified-tags") for each in self.ask("/instances")]

    def _answers(self) -> bool:
        try:
            return bool(self.ask("/system"))
        except OSError:
            return False


@pytest.fixture
def orthanc(tmp_path: Path) -> Iterator[Orthanc]:
    if not ORTHANC.exists() or not DICOMWEB.exists():
        skip("Debian's orthanc and orthanc-dicomweb are not installed")
    folder = tmp_path / "orthanc"
    folder.mkdir()
    server = Orthanc(folder, find_free_port(), find_free_port())
    server.start()
    yield server
    server.stop()


@contextmanager
def run_storescp(folder: Path, port: int, *options: str) -> Iterator[subprocess.Popen[bytes]]:
    """Run dcmtk's storage SCP, which writes a file for each object."""
    if not STORESCP.exists():
        skip("storescp of Debian's dcmtk is not installed")
    folder.mkdir(exist_ok=True)
    process = subprocess.Popen([STORESCP, "-od", folder, *options, str(port)], stderr=subprocess.DEVNULL)
    try:
        yield process
    finally:
        process.kill()
        process.wait()
