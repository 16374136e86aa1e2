"""Drop a radiograph, get a row: the whole product, as a hospital runs it."""

import csv
import json
import os
import shutil
import signal
import time
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from imaging import REASONS
from imaging.phantoms.files import write_dicom_phantom, write_png_phantom
from installation.home import Home, prepare_home
from store.database import open_database, reading
from store.ledger.arrivals import Arrival
from store.ledger.sweeps import list_unsettled
from tests.acceptance.conftest import Site, wait_until
from tests.pictures import write_refused
from worker.queue.broker import build_broker, wait_for_broker

pytestmark = pytest.mark.acceptance

SMALL = {"rows": 500, "columns": 400}


def drop_phantoms(folder: Path, count: int, first: int = 0) -> None:
    for seed in range(first, first + count):
        part = folder / f"{seed:04}.part"
        write_dicom_phantom(part, seed=seed, **SMALL)
        part.rename(folder / f"{seed:04}.dcm")


def names(results: list[dict[str, Any]]) -> list[str]:
    return sorted(result["file_name"] for result in results)


def test_each_file_becomes_one_row_and_leaves_the_inbox(site: Site) -> None:
    drop_phantoms(site.inbox, 2)
    site.start()
    write_png_phantom(site.inbox / "film.png", seed=7)
    (site.inbox / "letter.txt").write_text("no radiograph")
    (site.inbox / "again.dcm").write_bytes((site.inbox / "0000.dcm").read_bytes())
    results = site.wait_for_results(5)
    assert names(results) == ["0000.dcm", "0001.dcm", "again.dcm", "film.png", "letter.txt"]
    assert Counter(result["state"] for result in results) == {"done": 3, "duplicate": 1, "quarantined": 1}
    (letter,) = (result for result in results if result["file_name"] == "letter.txt")
    assert letter["reason_code"] == "format_not_accepted"
    assert letter["label"] is None
    wait_until(lambda: not list(site.inbox.iterdir()), what="an empty inbox")
    assert len(list(site.home.glob("processed/*/*/*/*"))) == 4
    assert len(list(site.home.glob("quarantine/*.reason.json"))) == 1
    assert site.stop() == 0


def test_pictures_that_are_no_upright_chest_films_are_rejected_with_their_reason(site: Site) -> None:
    archive = site.root / "archive"
    archive.mkdir()
    expected = write_refused(archive)
    site.start()
    write_refused(site.inbox)
    drop_phantoms(site.inbox, 1)
    watched = {result["file_name"]: result for result in site.wait_for_results(len(expected) + 1)}
    answered = site.run("predict", archive, "--format", "json")
    assert answered.returncode == 0, answered.stderr
    predicted = {result["file_name"]: result for result in json.loads(answered.stdout)}
    for name, reason_codes in expected.items():
        assert watched[name]["outcome"] == predicted[name]["outcome"] == "rejected"
        assert watched[name]["reason_code"] == predicted[name]["reason_code"]
        assert watched[name]["reason_code"] in reason_codes, name
        assert watched[name]["label"] is watched[name]["probabilities"] is None
    assert watched["0000.dcm"]["outcome"] in ("predicted", "indeterminate")
    assert site.report()["summary"]["rejected"] == len(expected)
    table = " ".join(site.run("report", "--since", "1h").stdout.split())
    for reason_code in ("rotated", "inverted_polarity", "not_a_chest_radiograph"):
        assert f"{reason_code} " in table
        assert " ".join(REASONS[reason_code].split()[:3]) in table
    assert site.stop() == 0
    assert len(list(site.home.glob("processed/*/*/*/*"))) == len(expected) + 1
    scanned = site.run("scan", archive, timeout=90)
    assert scanned.returncode == 0, scanned.stderr
    assert site.report()["summary"]["duplicate"] == len(expected)


def test_the_report_says_what_each_result_is_and_that_it_is_no_diagnosis(site: Site) -> None:
    drop_phantoms(site.inbox, 1)
    site.start()
    site.wait_for_results(1)
    report = site.report()
    assert report["schema"] == 1
    assert report["notice"] == "Research use only. Not for diagnosis."
    (result,) = report["results"]
    assert set(result["probabilities"]) == {"covid19", "viral_pneumonia", "normal"}
    assert sum(result["probabilities"].values()) == pytest.approx(1.0, abs=1e-5)
    assert len(result["source_sha256"]) == len(result["model_sha256"]) == 64
    assert result["received_at"] <= result["finished_at"]


def test_stopping_finishes_what_is_in_work_and_a_new_start_goes_on(site: Site) -> None:
    site.start()
    drop_phantoms(site.inbox, 30)
    site.wait_for_results(3)
    assert site.stop() == 0
    assert site.report()["summary"]["arrived"] >= 3
    assert json.loads(site.run("status", "--format", "json").stdout)["pending"]["screening"] == 0
    site.start()
    results = site.wait_for_results(30)
    assert Counter(result["state"] for result in results) == {"done": 30}


def test_a_second_service_on_the_same_home_is_refused_in_one_line(site: Site) -> None:
    site.start()
    second = site.run("watch", site.inbox)
    assert second.returncode == 73
    assert "already runs on the home" in second.stderr
    assert "Traceback" not in second.stderr
    assert site.run("status").returncode == 0


def list_what_is_left(site: Site) -> list[Arrival]:
    engine = open_database(f"sqlite:///{site.home / 'xray.db'}")
    with reading(engine) as connection:
        unsettled = list_unsettled(connection, 0)
    engine.dispose()
    return unsettled


@pytest.mark.parametrize("victim", ["worker", "pool child", "broker", "service"])
def test_a_kill_in_mid_work_loses_nothing_and_doubles_nothing(site: Site, victim: str) -> None:
    site.start()
    drop_phantoms(site.inbox, 60)
    site.wait_for_results(5)
    if victim == "service":
        site.kill()
        site.start()
    elif victim == "broker":
        site.find_processes("valkey-server")[0].kill()
    else:
        workers = site.find_processes("worker")
        parents = [process for process in workers if process.ppid() == site.service.pid]  # type: ignore[union-attr]
        target = parents[0] if victim == "worker" else parents[0].children()[0]
        os.kill(target.pid, signal.SIGKILL)
    results = site.wait_for_results(60, seconds=90)
    assert names(results) == [f"{number:04}.dcm" for number in range(60)]
    assert Counter(result["state"] for result in results) == {"done": 60}
    wait_until(lambda: not list(site.inbox.iterdir()), what="an empty inbox")
    wait_until(lambda: not list_what_is_left(site), what="every move's commit")


def test_a_slow_writer_gives_one_result_of_the_whole_file(site: Site) -> None:
    site.start()
    write_dicom_phantom(site.root / "whole.dcm", seed=1, **SMALL)
    content = (site.root / "whole.dcm").read_bytes()
    with (site.inbox / "slow.dcm").open("wb") as writer:
        for start in range(0, len(content), len(content) // 8):
            writer.write(content[start : start + len(content) // 8])
            writer.flush()
            time.sleep(0.2)
    (result,) = site.wait_for_results(1)
    assert result["state"] == "done"


def test_a_file_that_takes_too_much_memory_is_quarantined_after_three_attempts(site: Site) -> None:
    site.settings["XRAY_MAX_MEMORY_BYTES"] = str(250 << 20)
    site.start()
    write_dicom_phantom(site.root / "huge.dcm", seed=1, rows=7000, columns=7000)
    (site.root / "huge.dcm").rename(site.inbox / "huge.dcm")
    drop_phantoms(site.inbox, 5, first=10)
    results = site.wait_for_results(6, seconds=90)
    by_name = {result["file_name"]: result for result in results}
    assert by_name["huge.dcm"]["reason_code"] == "reader_memory"
    assert Counter(result["state"] for result in results) == {"done": 5, "quarantined": 1}


def test_quarantine_release_sends_a_file_the_one_way_again(site: Site) -> None:
    site.start()
    (site.inbox / "letter.txt").write_text("no radiograph")
    site.wait_for_results(1)
    assert "format_not_accepted" in site.run("quarantine", "list").stdout
    wait_until(lambda: list(site.home.glob("quarantine/*.bin")), what="the file in quarantine")
    assert site.run("quarantine", "release", "1").returncode == 0
    results = site.wait_for_results(2)
    assert [result["state"] for result in results] == ["quarantined", "quarantined"]
    assert site.run("quarantine", "release", "1").returncode == 1


def test_it_runs_on_postgresql_and_a_broker_of_its_own(site: Site, empty_postgresql_url: str) -> None:
    home = Home(site.root / "elsewhere")
    prepare_home(home)
    broker = build_broker(home)
    broker.start()
    wait_for_broker(home.broker_socket)
    site.settings |= {
        "XRAY_DATABASE_URL": empty_postgresql_url,
        "XRAY_BROKER_URL": f"redis+socket://{home.broker_socket}",
    }
    refused = site.run("watch", site.inbox)
    assert refused.returncode == 78
    assert "xray-cli db upgrade" in refused.stderr
    assert site.run("db", "upgrade").returncode == 0
    drop_phantoms(site.inbox, 5)
    site.start()
    results = site.wait_for_results(5)
    assert Counter(result["state"] for result in results) == {"done": 5}
    assert site.stop() == 0
    assert not (site.home / "xray.db").exists()
    broker.stop(5.0)


def test_every_bad_input_ends_as_its_manifest_says_and_harms_no_neighbour(site: Site, shared: Path) -> None:
    corpus = shared / "bad_inputs"
    with (corpus / "manifest.csv").open(newline="", encoding="utf-8") as file:
        expected = {row["file"].replace("/", "__"): row["expect"] for row in csv.DictReader(file)}
    site.start()
    drop_phantoms(site.inbox, 10)
    for name in expected:
        shutil.copyfile(corpus / name.replace("__", "/", 1), site.inbox / f"{name}.part")
        (site.inbox / f"{name}.part").rename(site.inbox / name)
    drop_phantoms(site.inbox, 10, first=10)
    results = {result["file_name"]: result for result in site.wait_for_results(len(expected) + 20, seconds=110)}
    wrong = {name: found for name, want in expected.items() if not is_as_expected(found := results[name], want)}
    assert wrong == {}
    phantoms = [result for name, result in results.items() if name[:4].isdigit() and name.endswith(".dcm")]
    assert Counter(result["state"] for result in phantoms) == {"done": 20}
    assert all(result["reason_code"] for result in results.values() if result["label"] is None)
    assert '"restart"' not in site.log.read_text()


def is_as_expected(result: dict[str, Any], expect: str) -> bool:
    refused = result["state"] == "quarantined" or result["outcome"] == "rejected"
    answered = result["outcome"] in ("predicted", "indeterminate")
    named = refused and bool(result["reason_code"])
    return {"accept": answered, "reject": named, "either": refused or answered}[expect]


def test_scan_leaves_files_where_they_are_and_says_by_its_exit_code_whether_all_were_read(site: Site) -> None:
    archive = site.root / "archive"
    archive.mkdir()
    drop_phantoms(archive, 3)
    archive.chmod(0o555)
    first = site.run("scan", archive, timeout=90)
    assert first.returncode == 0, first.stderr
    archive.chmod(0o755)
    (archive / "letter.txt").write_text("no radiograph")
    second = site.run("scan", archive, timeout=90)
    assert second.returncode == 1
    assert len(list(archive.iterdir())) == 4
    summary = site.report()["summary"]
    assert (summary["arrived"], summary["quarantined"], summary["duplicate"], summary["pending"]) == (4, 1, 0, 0)
