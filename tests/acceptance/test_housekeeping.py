"""Backup and pruning beside a service that is at work."""

import json
from collections import Counter

import pytest

from tests.acceptance.conftest import Site
from tests.acceptance.test_main_job import drop_phantoms

pytestmark = pytest.mark.acceptance


def test_a_backup_of_a_service_at_work_restores_into_another_home_and_reports(site: Site) -> None:
    site.start()
    drop_phantoms(site.inbox, 30)
    site.wait_for_results(3)
    answer = site.run("db", "backup", "--output", site.root / "copy.db")
    assert answer.returncode == 0, answer.stderr
    pruned = site.run("db", "prune", "--older-than", "1d")
    assert pruned.returncode == 0, pruned.stderr
    results = {result["file_name"]: result for result in site.wait_for_results(30)}
    assert Counter(result["state"] for result in results.values()) == {"done": 30}
    assert site.stop() == 0

    restored = Site(site.root / "elsewhere", site.runtime)
    restored.home.mkdir(parents=True)
    (site.root / "copy.db").rename(restored.home / "xray.db")
    copied = [result for result in restored.report()["results"] if result["state"] == "done"]
    assert len(copied) >= 3
    assert all(result == results[result["file_name"]] for result in copied)
    assert json.loads(restored.run("status", "--format", "json").stdout)["last_24_hours"]["done"] == len(copied)
