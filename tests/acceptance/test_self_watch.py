"""The service sees what is wrong with itself and around it, says so, and goes on or ends with a clear word."""

import json
import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.acceptance.conftest import Site, wait_until
from tests.acceptance.test_main_job import drop_phantoms, names

pytestmark = pytest.mark.acceptance

MEBIBYTE = 1 << 20


@pytest.fixture
def small_disk(site: Site) -> Iterator[Path]:
    """A home on a disk of its own, of 64 MiB."""
    site.home.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=64m", "xray-test", site.home], capture_output=True, text=True, check=False
    )
    if mounted.returncode != 0:
        pytest.skip(f"no file system can be mounted here: {mounted.stderr.strip()}")
    try:
        yield site.home
    finally:
        if not site.service_ended():
            site.kill()
        subprocess.run(["umount", "--lazy", site.home], check=True)


def is_ready(site: Site) -> bool:
    return site.run("status", "--check").returncode == 0


def test_work_pauses_before_the_disk_is_full_and_goes_on_by_itself(site: Site, small_disk: Path) -> None:
    site.settings["XRAY_MIN_FREE_BYTES"] = str(16 * MEBIBYTE)
    site.start()
    drop_phantoms(site.inbox, 1)
    site.wait_for_results(1)
    with (small_disk / "ballast").open("wb") as ballast:
        os.posix_fallocate(ballast.fileno(), 0, 52 * MEBIBYTE)
    wait_until(lambda: not is_ready(site), what="the pause")
    assert "XRAY_MIN_FREE_BYTES" in site.run("status", "--check").stdout
    drop_phantoms(site.inbox, 3, first=1)
    time.sleep(2.0)
    assert site.count_finished() == 1
    assert len(list(site.inbox.iterdir())) == 3
    told = site.run("status")
    assert told.returncode == 1
    assert "service          paused" in told.stdout
    assert "make room" in told.stdout
    (small_disk / "ballast").unlink()
    assert names(site.wait_for_results(4, seconds=30.0)) == [f"{number:04}.dcm" for number in range(4)]
    wait_until(lambda: is_ready(site), what="being ready again")
    log = site.log.read_text()
    assert "work pauses" in log
    assert "work goes on" in log


@pytest.mark.parametrize("loss", ["moved", "deleted", "ledger deleted"])
def test_a_home_that_goes_away_ends_the_service_and_loses_no_file(site: Site, loss: str) -> None:
    site.start()
    drop_phantoms(site.inbox, 1)
    site.wait_for_results(1)
    wait_until(lambda: not list(site.inbox.iterdir()), what="an empty inbox")
    if loss == "moved":
        site.home.rename(site.root / "elsewhere")
    elif loss == "deleted":
        shutil.rmtree(site.home)
    else:
        (site.home / "xray.db").unlink()
    drop_phantoms(site.inbox, 3, first=1)
    assert site.service is not None
    assert site.service.wait(15) == 74
    assert "deleted, moved or unmounted" in site.log.read_text()
    assert "Traceback" not in site.log.read_text()
    assert len(list(site.inbox.iterdir())) == 3
    assert site.home.exists() is (loss == "ledger deleted")
    if loss == "moved":
        (site.root / "elsewhere").rename(site.home)
    if loss == "ledger deleted":  # what its write-ahead log holds belongs to no other ledger
        for rest in site.home.glob("xray.db-*"):
            rest.unlink()
    site.start()
    results = site.wait_for_results(4 if loss == "moved" else 3)
    assert names(results)[-3:] == [f"{number:04}.dcm" for number in range(1, 4)]


def test_the_probe_tells_ready_from_stopped_killed_and_paused(site: Site) -> None:
    assert site.run("status", "--check").returncode == 1
    site.start()
    wait_until(lambda: is_ready(site), what="being ready")
    assert site.run("status", "--check").stdout == "ready\n"
    beat = json.loads((site.home / "heartbeat.json").read_text())
    assert beat["pid"] == site.service.pid  # type: ignore[union-attr]
    (site.inbox / "CANARY^NAME.dcm").write_text("no radiograph")
    site.wait_for_results(1)
    wait_until(lambda: not list(site.inbox.iterdir()), what="an empty inbox")
    site.inbox.rename(site.root / "unmounted")
    wait_until(lambda: not is_ready(site), what="the pause")
    assert "the inbox cannot be read" in site.run("status").stdout
    assert "CANARY" not in (site.home / "heartbeat.json").read_text()
    (site.root / "unmounted").rename(site.inbox)
    wait_until(lambda: is_ready(site), what="being ready again")
    assert site.log.read_text().count("intake_paused") == site.log.read_text().count("intake_resumed") == 1
    assert site.stop() == 0
    assert json.loads((site.home / "heartbeat.json").read_text())["state"] == "stopped"
    site.start()
    site.kill()
    assert site.run("status", "--check").stdout == "stopped: no service runs on this home\n"


def test_a_worker_that_hangs_while_files_wait_is_started_anew(site: Site) -> None:
    site.start()
    drop_phantoms(site.inbox, 1)
    site.wait_for_results(1)
    parents = [found for found in site.find_processes("worker") if found.ppid() == site.service.pid]  # type: ignore[union-attr]
    parents[0].suspend()
    drop_phantoms(site.inbox, 3, first=1)
    assert names(site.wait_for_results(4, seconds=90.0)) == [f"{number:04}.dcm" for number in range(4)]
    assert "the worker is restarted" in site.log.read_text()
    wait_until(lambda: is_ready(site), what="being ready again")
