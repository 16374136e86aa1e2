"""Who asks in the wrong place is told where the service runs."""

import os
from pathlib import Path

import pytest

from installation.home import Home
from installation.neighbours import find_neighbours
from tests.acceptance.conftest import Site

pytestmark = pytest.mark.acceptance


def test_a_command_in_another_home_is_told_where_the_service_runs_and_the_doctor_looks_at_its_inbox(
    site: Site, tmp_path: Path
) -> None:
    site.start()
    elsewhere = {"XRAY_HOME": str(tmp_path / "elsewhere")}
    site.settings |= elsewhere
    (asked,) = [found for found in find_neighbours(Home(tmp_path / "elsewhere")) if found.home == site.home]
    assert site.service is not None
    assert (asked.pid, asked.command) == (site.service.pid, f"watch {site.inbox}")
    answer = site.run("report")
    assert answer.returncode == os.EX_CONFIG
    assert "yet: a service runs" in answer.stderr
    assert "xray-cli: a service runs" in site.run("status", "--check").stderr
    assert f"note service      none runs on this home\n{'':18}a service runs" in site.run("doctor").stdout
    del site.settings["XRAY_HOME"]
    assert all(found.home != site.home for found in find_neighbours(Home(site.home)))
    (tmp_path / "r").mkdir()
    here, site.runtime = site.runtime, tmp_path / "r"  # as a service manager gives a service a folder of its own
    assert "broker           answers" in site.run("status").stdout
    site.runtime = here
    doctor = site.run("doctor")
    assert f"{site.inbox} can be read and emptied" in doctor.stdout, doctor.stdout
    assert site.stop() == 0
