"""The alert rules and the dashboard: Prometheus accepts them, and they speak of figures that there are."""

import json
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from tests.deploy.compose import ROOT, read_compose
from tests.needs import find_program

PROMETHEUS = ROOT / "deploy" / "prometheus"
GRAFANA = ROOT / "deploy" / "grafana"
LISTED = set(re.findall(r"^\| `(xray_\w+)` \|", (ROOT / "docs" / "metrics.md").read_text(), re.MULTILINE))


@pytest.fixture
def promtool() -> str:
    return find_program("promtool", "prometheus")


def read_yaml(path: Path) -> Any:
    return YAML(typ="safe").load(path.read_text())


def dashboard_expressions() -> list[str]:
    panels = json.loads((GRAFANA / "dashboards" / "xray-watch.json").read_text())["panels"]
    return [target["expr"] for panel in panels for target in panel.get("targets", [])]


def named_figures(expression: str) -> set[str]:
    """Return the figures that an expression names, histograms without their endings."""
    found = set(re.findall(r"\bxray_\w+", expression))
    return {re.sub(r"_(bucket|sum|count)$", "", name) for name in found}


def test_prometheus_accepts_the_rules(promtool: str) -> None:
    answer = subprocess.run(
        [promtool, "check", "rules", PROMETHEUS / "alerts.yml"], capture_output=True, text=True, check=False
    )
    assert answer.returncode == 0, answer.stderr


@pytest.mark.parametrize("name", ["alerts_test.yml", "drift_test.yml"])
def test_the_alerts_fire_when_they_should(promtool: str, name: str) -> None:
    command = [promtool, "test", "rules", Path(__file__).parent / name]
    answer = subprocess.run(command, capture_output=True, text=True, check=False)
    assert answer.returncode == 0, answer.stdout + answer.stderr


def test_prometheus_accepts_its_configuration(promtool: str, tmp_path: Path) -> None:
    told = (PROMETHEUS / "prometheus.yml").read_text().replace("/etc/prometheus/", f"{PROMETHEUS}/")
    (tmp_path / "prometheus.yml").write_text(told)
    command = [promtool, "check", "config", tmp_path / "prometheus.yml"]
    answer = subprocess.run(command, capture_output=True, text=True, check=False)
    assert answer.returncode == 0, answer.stderr
    targets = read_yaml(PROMETHEUS / "prometheus.yml")["scrape_configs"]
    hosts = {
        host.partition(":")[0]
        for job in targets
        for host in (job.get("static_configs") or [{"targets": []}])[0]["targets"]
    }
    hosts |= {name for job in targets for found in job.get("dns_sd_configs", []) for name in found["names"]}
    assert hosts == {"watch", "worker", "worker-gpu"} & read_compose()["services"].keys()


def test_every_panel_asks_what_prometheus_understands(promtool: str, tmp_path: Path) -> None:
    asked = [expression.replace("$__rate_interval", "5m") for expression in dashboard_expressions()]
    rules = [{"record": f"panel:{number}", "expr": expression} for number, expression in enumerate(asked)]
    (tmp_path / "panels.yml").write_text(json.dumps({"groups": [{"name": "panels", "rules": rules}]}))
    command = [promtool, "check", "rules", tmp_path / "panels.yml"]
    answer = subprocess.run(command, capture_output=True, text=True, check=False)
    assert answer.returncode == 0, answer.stderr


def test_rules_and_panels_speak_of_figures_that_there_are() -> None:
    rules = [rule["expr"] for group in read_yaml(PROMETHEUS / "alerts.yml")["groups"] for rule in group["rules"]]
    named = {name for expression in (*rules, *dashboard_expressions()) for name in named_figures(expression)}
    assert named <= LISTED
    shown = {name for expression in dashboard_expressions() for name in named_figures(expression)}
    assert len(shown) > len(LISTED) / 2


def test_every_alert_says_what_to_do() -> None:
    rules = [rule for group in read_yaml(PROMETHEUS / "alerts.yml")["groups"] for rule in group["rules"]]
    for alert in (rule for rule in rules if "alert" in rule):
        assert alert["labels"]["severity"] in ("warning", "critical")
        assert len(alert["annotations"]["description"]) > 30


def test_grafana_finds_what_is_provisioned() -> None:
    (source,) = read_yaml(GRAFANA / "provisioning" / "datasources" / "prometheus.yml")["datasources"]
    panels = json.loads((GRAFANA / "dashboards" / "xray-watch.json").read_text())["panels"]
    assert {panel["datasource"]["uid"] for panel in panels if "datasource" in panel} == {source["uid"]}
    (provider,) = read_yaml(GRAFANA / "provisioning" / "dashboards" / "xray-watch.yml")["providers"]
    mounts = [volume.split(":")[1] for volume in read_compose()["services"]["grafana"]["volumes"]]
    assert provider["options"]["path"] in mounts
    assert "Research use only" in panels[0]["options"]["content"]
