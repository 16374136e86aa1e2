"""No file events to be had, as on a share or where inotify's limits are used up: scanning alone finds every file."""

import subprocess

import pytest

from tests.faults.conftest import FaultRun

pytestmark = pytest.mark.faults


def limit_events(name: str, number: int) -> tuple[str, ...]:
    """Start a program in a user namespace, whose limits are its own to set."""
    setting = f"echo {number} > /proc/sys/user/{name} && "
    return ("unshare", "--user", "--map-root-user", "sh", "-c", setting + 'exec "$@"', "sh")


@pytest.mark.parametrize(("name", "number"), [("max_inotify_instances", 0), ("max_inotify_watches", 1)])
def test_files_are_found_where_the_limits_of_inotify_are_used_up(run: FaultRun, name: str, number: int) -> None:
    run.site.wrapper = limit_events(name, number)
    tried = subprocess.run([*run.site.wrapper, "true"], capture_output=True, text=True, check=False)
    if tried.returncode:
        pytest.skip(f"no user namespace may be made here: {tried.stderr.strip()}")
    run.site.start()
    assert ("watch_without_events" in run.site.log.read_text()) is (number == 0)
    run.drop_next(4)
    study = run.site.inbox / "study"
    for series in range(3):  # with one watch there is none left for these
        (study / str(series)).mkdir(parents=True)
        content = (run.films.folder / f"{10 + series:05}.dcm").read_bytes()
        (study / str(series) / "film.dcm").write_bytes(content)
    run.site.wait_for_results(7)
    assert "Traceback" not in run.site.log.read_text()
    assert run.site.stop() == 0
