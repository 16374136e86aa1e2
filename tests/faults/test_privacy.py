"""P12: a canary patient goes every way through a running service, and is then looked for wherever it must not be."""

import base64
import binascii
import hashlib
import hmac
import os
import signal
import sqlite3
import threading
from collections import Counter
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from urllib.request import urlopen

import pydicom
import pytest
from pydicom.datadict import keyword_for_tag
from redis import Redis

from selftest.canaries import (
    ACCESSION,
    PATIENT_ID,
    UID_ROOT,
    WORD,
    Broker,
    describe_processes,
    find_traces,
    search,
    write_canary,
    write_canary_pictures,
)
from store.tables import metadata
from tests.acceptance.conftest import Site, site, wait_until
from tests.ports import find_free_port

__all__ = ["site"]

# what README.md says the database holds: the names of files, UIDs, sex, view, body part, station and manufacturer
NAMED = {
    *("sop_instance_uid", "study_instance_uid", "series_instance_uid"),
    *("station_name", "manufacturer", "body_part_examined", "view_position"),
}
OF_FILMS = ("screenings", "headers")  # of those that were judged, and of those that could not be read
STORED = {"arrivals.path", *(f"{table}.{name}" for table in OF_FILMS for name in NAMED)}
IDENTIFIERS = {f"{table}.{name}" for table in OF_FILMS for name in ("patient_id", "accession_number")}


def drop(site: Site, content: bytes, name: str) -> None:
    part = site.inbox / f"{WORD}.part"
    part.write_bytes(content)
    part.rename(site.inbox / name)


def build_files(folder: Path) -> dict[str, tuple[bytes, str]]:
    """Build one file for each end: name to content and the reason, or ``answered``, that is expected."""

    def film(seed: int, **changes: object) -> bytes:
        write_canary(folder / "film", seed, **changes)  # type: ignore[arg-type]  # ``instance`` is a whole number
        return (folder / "film").read_bytes()

    whole = film(1)
    return {
        f"{WORD}^GELB.dcm": (whole, "answered"),
        f"{WORD}^GELB again.dcm": (whole, "answered"),
        f"{WORD} conflict.dcm": (film(2, instance=1), "answered"),
        f"{WORD} side.dcm": (film(3, ViewPosition="LL"), "lateral"),
        f"{WORD} mr.dcm": (film(4, Modality=WORD), "other_modality"),
        f"{WORD} knee.dcm": (film(5, BodyPartExamined="KNEE"), "other_body_part"),
        f"{WORD} part.dcm": (film(7, BodyPartExamined=WORD, ViewPosition=WORD), "answered"),
        f"{WORD} cut.dcm": (whole[: len(whole) // 2], "truncated_file"),
        f"{WORD} uid.dcm": (whole.replace(f"{UID_ROOT}.0.1".encode(), WORD.ljust(35, ".").encode()), "invalid_uid"),
        f"{WORD} header.dcm": (b"\0" * 128 + b"DICM" + WORD.encode() * 50, "missing_attribute"),
        f"{WORD}.txt": (f"Dear {WORD}, {PATIENT_ID}".encode(), "format_not_accepted"),
        f"{WORD} bloat.dcm": (film(6, rows=6000, columns=6000), "reader_memory"),
    }


def test_the_canary_sits_in_every_attribute_that_can_carry_identity(tmp_path: Path) -> None:
    write_canary(tmp_path / "film", 1)
    filled = set(map(keyword_for_tag, pydicom.dcmread(tmp_path / "film").keys()))
    assert filled > {
        *("PatientName", "PatientBirthDate", "PatientID", "OtherPatientIDs", "OtherPatientNames", "AccessionNumber"),
        *("PatientBirthTime", "PatientMotherBirthName", "PatientAddress", "PatientTelephoneNumbers", "PatientComments"),
        *("ReferringPhysicianName", "ReferringPhysicianAddress", "PerformingPhysicianName", "OperatorsName"),
        *("InstitutionName", "InstitutionAddress", "InstitutionalDepartmentName", "StationName", "DeviceSerialNumber"),
        *("StudyDescription", "SeriesDescription", "ImageComments", "AdditionalPatientHistory", "Occupation"),
        *("StudyID", "StudyDate", "StudyTime", "AcquisitionDateTime", "RequestedProcedureID", "AdmissionID"),
        *("MilitaryRank", "EthnicGroup", "CountryOfResidence", "InsurancePlanIdentification", "PatientSex"),
        *("FrameOfReferenceUID", "IssuerOfPatientID", "MedicalRecordLocator", "ResponsiblePerson", "TextString"),
    }
    assert len(filled) > 1000


@pytest.mark.parametrize("wrap", [bytes, base64.b64encode, binascii.hexlify, bytes.lower])
def test_the_search_finds_the_canary_however_it_is_written(wrap: Callable[[bytes], bytes]) -> None:
    for before in ("", "a", "ab", "abc"):
        assert find_traces(b"..." + wrap(f"{before}{WORD}^GELB".encode()) + b"...")
        assert not find_traces(b"..." + wrap(f"{before} another bird".encode()) + b"...")
    assert find_traces(hashlib.sha256(PATIENT_ID.encode()).hexdigest().encode())


@pytest.mark.faults
@pytest.mark.timeout(400)
@pytest.mark.parametrize("store_identifiers", [False, True])
def test_a_canary_patient_leaves_no_trace_outside_the_database(site: Site, store_identifiers: bool) -> None:
    marks = site.root / "marks"
    marks.mkdir()
    site.settings |= {
        "XRAY_STORE_IDENTIFIERS": str(store_identifiers),
        "XRAY_MAX_MEMORY_BYTES": str(200 << 20),
        "XRAY_TESTING": "1",
        "XRAY_FAULT_AT": "after_predict,after_record",
        "XRAY_FAULT_MARKS": str(marks),
        "XRAY_METRICS_ADDRESS": f"127.0.0.1:{find_free_port()}",
    }
    files = build_files(site.root)
    site.start()
    broker = Broker(site)
    for name, (content, _) in files.items():
        drop(site, content, name)
    pictures = write_canary_pictures(site.inbox)
    results = {result["file_name"]: result for result in site.wait_for_results(len(files) + len(pictures), seconds=150)}
    for name, (_, expected) in files.items():
        outcome, reason_code = results[name]["outcome"], results[name]["reason_code"]
        assert expected == ("answered" if outcome in ("predicted", "indeterminate") else reason_code), results[name]
    assert Counter(result["state"] for result in results.values())["duplicate"] == 1
    assert len(list(marks.iterdir())) == 2, "a reader was to die at each of two steps"

    arrived = len(files) + len(pictures) + 9
    held = meet_faults(site, broker, arrived)
    site.wait_for_results(arrived, seconds=90)
    said = [site.run(*words) for words in (("status",), ("retry",), ("doctor", site.inbox), ("db", "backup"))]
    said.append(site.run("db", "prune", "--older-than", "90d"))
    shown = describe_processes(site)
    assert b"valkey-server" in shown
    assert find_traces(shown) == []
    with urlopen(f"http://{site.settings['XRAY_METRICS_ADDRESS']}/metrics", timeout=20) as page:
        figures = page.read()
    assert b'xray_results_total{label="",outcome="quarantined"}' in figures
    assert find_traces(figures) == []
    assert site.stop() == 0
    assert find_traces(held) == []
    assert find_traces(broker.stop()) == []
    assert find_traces("".join(answer.stdout + answer.stderr for answer in said).encode()) == []
    assert find_traces(site.log.read_bytes()) == []
    searched = search(site)
    assert searched.found == {}
    assert searched.looked_at["broker"] >= 2, "the append-only file and the broker's log are there to be looked at"
    assert searched.looked_at["quarantine"] >= 4, "reasons too"
    check_database(site.home, store_identifiers=store_identifiers)


def count_arrivals(home: Path) -> int:
    with closing(sqlite3.connect(home / "xray.db")) as ledger:
        return int(ledger.execute("SELECT count(*) FROM arrivals").fetchone()[0])


def meet_faults(site: Site, broker: Broker, arrived: int) -> bytes:
    """Let worker, database and broker fail while nine canaries wait; return what the broker held meanwhile."""
    workers = [process for process in site.find_processes("worker") if process.is_running()]
    for process in workers:
        process.send_signal(signal.SIGSTOP)
    for number in range(6):
        write_canary(site.root / "more", 20 + number)
        drop(site, (site.root / "more").read_bytes(), f"{WORD} {number}.dcm")
    write_canary(site.root / "more", 40)
    drop(site, (site.root / "more").read_bytes(), f"{WORD} gone.dcm")
    name = os.fsdecode(WORD.encode() + b"\xe4\n.txt")
    drop(site, PATIENT_ID.encode() * 3, name)
    drop(site, PATIENT_ID.encode() * 4, f"{WORD}\u202efcd.txt")
    wait_until(lambda: count_arrivals(site.home) >= arrived, what="the last arrivals")
    wait_until(lambda: broker.count_messages() > 0, what="messages at the broker")
    held = dump_broker(site)
    (site.inbox / f"{WORD} gone.dcm").unlink()
    for process in workers[1:]:
        process.kill()
    for process in workers[:1]:
        process.send_signal(signal.SIGCONT)
    with closing(sqlite3.connect(site.home / "xray.db", timeout=10, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        threading.Event().wait(7)  # longer than a writer waits
        other.execute("ROLLBACK")
    site.find_processes("valkey-server")[0].kill()
    return held


def dump_broker(site: Site) -> bytes:
    """Return every key with its value, as the broker would write it and as it is read."""
    with Redis(unix_socket_path=str(site.find_broker_socket()), socket_timeout=1) as client:
        keys = list(client.scan_iter())
        values = [client.dump(key) or b"" for key in keys] + [read_value(client, key) for key in keys]
    return b"\n".join([*keys, *values])


def read_value(client: Redis, key: bytes) -> bytes:
    readers = {
        b"list": lambda: client.lrange(key, 0, -1),
        b"set": lambda: client.smembers(key),
        b"hash": lambda: client.hgetall(key),
        b"zset": lambda: client.zrange(key, 0, -1),
        b"string": lambda: client.get(key),
    }
    return repr(readers[client.type(key)]()).encode()


def check_database(home: Path, *, store_identifiers: bool) -> None:
    """Hold what the ledger has kept against the settings."""
    kept = set()
    with closing(sqlite3.connect(home / "xray.db")) as ledger:
        for name, table in metadata.tables.items():
            for row in ledger.execute(f'SELECT * FROM "{name}"'):
                named = zip(table.columns.keys(), row, strict=True)
                kept |= {f"{name}.{column}" for column, value in named if find_traces(str(value).encode())}
        patients = set(
            ledger.execute("SELECT patient_id, accession_number FROM screenings WHERE patient_id IS NOT NULL")
        )
    assert kept - STORED == (IDENTIFIERS if store_identifiers else set())
    if store_identifiers:
        assert patients == {(PATIENT_ID, ACCESSION)}
        return
    key = (home / "identifier.key").read_bytes()
    hashes = [f"hmac-sha256:{hmac.new(key, told.encode(), 'sha256').hexdigest()}" for told in (PATIENT_ID, ACCESSION)]
    assert patients == {tuple(hashes)}
