"""Prometheus reads a running service: figures that agree with the report, health that agrees with the probe."""

import shutil
import subprocess
import time
import urllib.error
from collections import Counter
from urllib.request import urlopen

import pytest
from prometheus_client.parser import text_string_to_metric_families

from tests.acceptance.conftest import Site, wait_until
from tests.acceptance.test_main_job import drop_phantoms
from tests.needs import find_program
from tests.ports import find_free_port

pytestmark = [pytest.mark.acceptance, pytest.mark.timeout(400)]


def fetch(site: Site, path: str) -> str:
    with urlopen(f"http://{site.settings['XRAY_METRICS_ADDRESS']}{path}", timeout=20) as page:
        return str(page.read(), "utf-8")


def count_results(page: str) -> Counter[str]:
    """Sum the page's results by outcome."""
    counts: Counter[str] = Counter()
    for family in text_string_to_metric_families(page):
        for sample in family.samples:
            if sample.name == "xray_results_total":
                counts[sample.labels["outcome"]] += int(sample.value)
    return counts


def test_the_figures_are_those_of_the_report(site: Site) -> None:
    site.settings["XRAY_METRICS_ADDRESS"] = f"127.0.0.1:{find_free_port()}"
    site.start()
    drop_phantoms(site.inbox, 3)
    shutil.copy(site.inbox / "0001.dcm", site.inbox / "again.dcm")
    (site.inbox / "letter.txt").write_text("Dear colleague")
    site.wait_for_results(5, seconds=180)
    wait_until(lambda: count_results(fetch(site, "/metrics")).total() == 5, what="figures of five files", seconds=60)
    page, summary = fetch(site, "/metrics"), site.report()["summary"]
    counts = count_results(page)
    assert {name: counts[name] for name in counts} == {name: summary[name] for name in counts}
    assert "xray_arrivals_total 5.0" in page
    assert 'xray_stage_seconds_count{stage="move"} 5.0' in page
    assert fetch(site, "/healthz") == "ready\n"
    check_with_promtool(page)
    assert site.stop() == 0


def check_with_promtool(page: str) -> None:
    command = [find_program("promtool", "prometheus"), "check", "metrics"]
    checked = subprocess.run(command, input=page, capture_output=True, text=True, check=False)
    assert (checked.returncode, checked.stderr) == (0, "")


def test_the_health_page_says_what_the_probe_says(site: Site) -> None:
    site.settings |= {"XRAY_METRICS_ADDRESS": f"127.0.0.1:{find_free_port()}", "XRAY_RESCAN_SECONDS": "0.2"}
    site.start()
    site.inbox.rename(site.root / "unmounted")
    wait_until(lambda: site.run("status", "--check").returncode != 0, what="the pause")
    with pytest.raises(urllib.error.HTTPError) as refused:
        fetch(site, "/healthz")
    with refused.value as answer:
        assert answer.code == 503
        assert answer.read().decode() == site.run("status", "--check").stdout
    (site.root / "unmounted").rename(site.inbox)
    deadline = time.monotonic() + 30
    while site.run("status", "--check").returncode != 0:
        assert time.monotonic() < deadline
    assert fetch(site, "/healthz") == "ready\n"
