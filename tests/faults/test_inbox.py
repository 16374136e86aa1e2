"""The inbox may be shut, full, or not there, and so may the home: work waits, goes on, and no attempt is burnt."""

import errno
import os
import time
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

import pytest

from selftest.ledger_check import find_faults
from tests.acceptance.conftest import Site
from tests.faults.conftest import FaultRun, wait_for
from tests.faults.mounts import mounted, small_disk, unmount
from tests.needs import find_program

pytestmark = pytest.mark.faults

# root may do anything; without these two capabilities it has to obey permissions as everybody else
OBEYING = ("setpriv", "--bounding-set", "-dac_override,-dac_read_search")
SHUT_SECONDS = 3.0


@pytest.fixture
def obeying(site: Site) -> Iterator[Site]:
    if os.geteuid() == 0:
        site.wrapper = (find_program(OBEYING[0], "util-linux"), *OBEYING[1:])
    yield site
    for folder in (site.inbox, site.home, site.home / "processed"):
        folder.chmod(0o750)


def is_told(site: Site, action: str) -> bool:
    return f'"{action}"' in site.log.read_text()


def drop_a_copy(run: FaultRun, name: str, mode: int) -> Path:
    """Drop a file of its own, whose mode is not that of the films."""
    path = run.site.inbox / name
    path.with_suffix(".part").write_bytes((run.films.folder / name).read_bytes())
    path.with_suffix(".part").chmod(mode)
    path.with_suffix(".part").rename(path)
    run.dropped.append((name, run.films.hashes[name]))
    return path


def test_what_may_not_be_read_or_written_is_waited_for(run: FaultRun, obeying: Site) -> None:
    obeying.start()
    shut = drop_a_copy(run, "00001.dcm", 0o000)
    run.drop("00002.dcm", "00003.dcm")
    wait_for(lambda: is_told(obeying, "retry_fault"), "a file that may not be read")
    obeying.inbox.chmod(0o000)
    wait_for(lambda: is_told(obeying, "intake_paused"), "an inbox that may not be read")
    obeying.inbox.chmod(0o750)
    shut.chmod(0o640)
    wait_for(lambda: is_told(obeying, "intake_resumed"), "an inbox that may be read again")
    processed = [obeying.home / "processed", *(obeying.home / "processed").rglob("*/")]  # today's folder may be there
    for folder in processed:
        folder.chmod(0o500)
    run.drop_next(4)
    wait_for(lambda: is_told(obeying, "settle_later"), "a file that cannot be moved")
    for folder in processed:
        folder.chmod(0o750)
    obeying.home.chmod(0o000)
    run.drop_next(4)
    time.sleep(SHUT_SECONDS)
    obeying.home.chmod(0o750)
    run.finish()
    run.prove()
    assert {row.attempts for row in run.read().arrivals} == {0}
    assert obeying.count_starts() == 1
    assert obeying.stop() == 0


def test_an_inbox_that_is_unmounted_and_mounted_again_loses_nothing(run: FaultRun) -> None:
    inbox, disk = run.site.inbox, run.site.root / "disk"
    disk.mkdir()
    with small_disk(disk, "64m"), mounted(inbox, "--bind", str(disk)):
        run.site.settings["XRAY_WORKERS"] = "1"
        run.site.start()
        run.drop_next(24)
        run.site.wait_for_results(3)
        unmount(inbox)
        wait_for(lambda: is_told(run.site, "intake_paused"), "an inbox that is not mounted")
        assert "nothing is mounted there any more" in run.site.run("status").stdout
        time.sleep(SHUT_SECONDS)
        with mounted(inbox, "--bind", str(disk)):
            run.drop_next(4)
            wait_for(lambda: not list(inbox.iterdir()), "an empty inbox")
            assert run.site.stop() == 0
    ledger = run.read()
    # what was at the broker just then is vanished, or has its result and could not be moved: it comes again as another
    # arrival, answered by that result, and nothing is told twice
    told = [row for row in ledger.arrivals if row.state != "vanished"]
    assert {row.path.name for row in told} == {name for name, _ in run.dropped}
    answered = [row.path.name for row in told if row.state != "duplicate"]
    assert len(answered) == len(set(answered))
    kept = {row.stored_path for row in told if row.stored_path.exists()}
    assert sorted(sha256(path.read_bytes()).hexdigest() for path in kept) == sorted(found for _, found in run.dropped)
    assert {row.attempts for row in ledger.arrivals} == {0}


def fill(run: FaultRun) -> str:
    """Copy films until there is no room, as a sender does who then leaves half a file; return its name."""
    for name in run.films.hashes:
        content = (run.films.folder / name).read_bytes()
        try:
            (run.site.inbox / name).write_bytes(content)
        except OSError as error:
            if error.errno != errno.ENOSPC:
                raise
            half = (run.site.inbox / name).read_bytes()
            run.dropped.append((name, sha256(half).hexdigest()))
            return name
        run.dropped.append((name, run.films.hashes[name]))
    pytest.fail("the films fit into a small disk")


def test_an_inbox_without_room_is_emptied_and_the_half_file_told(run: FaultRun) -> None:
    with small_disk(run.site.inbox):
        half = fill(run)
        run.site.start()
        run.finish()
        wait_for(lambda: not list(run.site.inbox.iterdir()), "an empty inbox")
        run.drop_next(2)
        run.finish()
        ledger = run.read()
        assert find_faults(ledger, run.site.inbox.resolve(), run.site.home, run.dropped) == []
        answer = ledger.answers(run.site.inbox.resolve())[half]
        assert answer.quarantined
        assert answer.reason_code in ("truncated_file", "empty_file")
        assert run.site.stop() == 0
