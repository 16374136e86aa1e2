"""What a person sees on a terminal while films are screened."""

import os
import pty
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from threading import Thread

import pytest

from imaging.phantoms.files import write_dicom_phantom
from tests.cli.conftest import Run
from tests.pacs.delivery.hospitals import wait_until
from tests.ports import find_free_port


def read_all(leader: int) -> str:
    shown = b""
    try:
        while part := os.read(leader, 65536):
            shown += part
    except OSError:  # the other end is closed: so Linux says it
        pass
    return shown.decode(errors="replace")


@pytest.mark.parametrize("names", ["on", "off"])
def test_films_are_named_on_a_terminal_where_the_site_allows_it(tmp_path: Path, runtime: str, names: str) -> None:
    folder = tmp_path / "films"
    folder.mkdir()
    write_dicom_phantom(folder / "DOE^JANE.dcm", seed=1, rows=500, columns=400)
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("XRAY_")}
    own = {"XRAY_HOME": str(tmp_path / "home"), "XDG_RUNTIME_DIR": runtime, "XRAY_TERMINAL_NAMES": names}
    leader, follower = pty.openpty()
    command = [sys.executable, "-m", "cli", "scan", str(folder), "--workers", "1"]
    environment = inherited | own | {"XRAY_STABLE_SECONDS": "0.3", "TERM": "xterm", "XRAY_ALERT_ON": "normal>=0.01"}
    process = subprocess.Popen(command, env=environment, cwd=tmp_path, stderr=follower, stdout=subprocess.DEVNULL)
    os.close(follower)
    shown = read_all(leader)
    os.close(leader)
    assert process.wait(60) == 0, shown
    assert ("DOE^JANE.dcm" in shown) is (names == "on")
    assert "arrival 1: done" in shown
    with closing(sqlite3.connect(tmp_path / "home" / "xray.db")) as ledger:
        assert ledger.execute("SELECT count(*) FROM alerts").fetchone() == (0,), "an archive's films are no news"


def test_what_watch_keeps_beside_itself_speaks_to_a_person_too(tmp_path: Path, runtime: str, run: Run) -> None:
    secret = tmp_path / "password"
    secret.write_text("correct horse battery")
    assert run("user", "add", "viewer", "--role", "viewer", "--password-file", secret).returncode == 0
    folder, web = tmp_path / "inbox", f"127.0.0.1:{find_free_port()}"
    folder.mkdir()
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("XRAY_")}
    own = {"XRAY_HOME": str(tmp_path / "home"), "XDG_RUNTIME_DIR": runtime, "XRAY_WEB": web, "TERM": "xterm"}
    own |= {"XRAY_LISTEN": f"127.0.0.1:{find_free_port()}", "XRAY_METRICS_ADDRESS": "off", "XRAY_WORKERS": "1"}
    leader, follower = pty.openpty()
    command = [sys.executable, "-m", "cli", "watch", str(folder)]
    process = subprocess.Popen(command, env=inherited | own, cwd=tmp_path, stderr=follower, stdout=subprocess.DEVNULL)
    os.close(follower)
    shown: list[str] = []

    def read() -> None:
        try:
            while part := os.read(leader, 65536):
                shown.append(part.decode(errors="replace"))
        except OSError:  # as above
            pass

    reader = Thread(target=read, daemon=True)
    reader.start()
    try:
        wait_until(lambda: f"the page is at http://{web}/" in "".join(shown), what="the page", seconds=60)
        wait_until(lambda: "receiving as XRAY" in "".join(shown), what="the listener", seconds=60)
        process.send_signal(signal.SIGINT)
        assert process.wait(60) == 0
    finally:
        process.kill()
    reader.join(10)
    os.close(leader)
    text = "".join(shown)
    assert '{"' not in text
    assert "CTRL+C" not in text
    assert "stopped; no file waits" in text
