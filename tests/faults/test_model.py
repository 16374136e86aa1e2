"""The bundle is damaged under a running worker: the service ends, no file pays, the next one goes on."""

import os
import shutil

import pytest

from inference.bundle import SHIPPED_BUNDLE
from tests.faults.conftest import FaultRun, wait_for

pytestmark = pytest.mark.faults


def test_a_bundle_truncated_under_a_running_worker_serves_no_file(run: FaultRun) -> None:
    bundle = run.site.root / "bundle"
    shutil.copytree(SHIPPED_BUNDLE, bundle)
    run.site.settings["XRAY_MODEL"] = str(bundle)
    run.site.start()
    run.drop_next(4)
    run.finish()
    graph = max(bundle.glob("*.tflite"), key=lambda path: path.stat().st_size)
    whole = graph.read_bytes()
    graph.write_bytes(whole[:1000])
    for worker in run.site.find_processes("worker"):  # those that start now must read the bundle again
        worker.kill()
    run.drop_next(6)
    wait_for(lambda: f"{graph.name}: its sha256" in run.site.log.read_text(), "the refusal of the bundle")
    assert run.site.service is not None
    assert run.site.service.wait(60) == os.EX_DATAERR
    assert run.site.log.read_text().splitlines()[-1].startswith("xray-cli: the worker ended with exit code 65")
    assert run.site.count_finished() == 4
    again = run.site.run("watch", run.site.inbox)
    assert again.returncode == os.EX_DATAERR
    assert f"{graph.name}: its sha256" in again.stderr
    assert run.site.run("doctor").returncode == 1
    graph.write_bytes(whole)
    run.finish()
    run.prove()
    assert {row.attempts for row in run.read().arrivals} == {0}
    assert "Traceback" not in run.site.log.read_text()
