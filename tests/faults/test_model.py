"""The bundle is damaged under a running worker: it refuses it, no file pays, and it goes on once that is whole."""

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
    assert run.site.count_finished() == 4
    assert run.site.run("doctor").returncode == 1
    graph.write_bytes(whole)
    run.finish()
    run.prove()
    assert {row.attempts for row in run.read().arrivals} == {0}
    assert "Traceback" not in run.site.log.read_text()
