"""Receivers of others in front of an inbox, as docs/pacs.md shows them."""

import json
import os
import re
import shlex
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pydicom
import pytest

from imaging.phantoms.files import write_dicom_phantom
from selftest.site import wait_until
from tests.pacs.peers import ECHOSCU, ORTHANC, STORESCU, call, needs_dcmtk, needs_orthanc
from tests.ports import find_free_port
from worker.intake.inbox import list_files

pytestmark = [pytest.mark.acceptance, needs_dcmtk]

ROOT = Path(__file__).resolve().parents[3]
PAGE = (ROOT / "docs" / "pacs.md").read_text()


@contextmanager
def running(command: list[str], folder: Path, port: int, **variables: str) -> Iterator[None]:
    with (folder / "front.log").open("wb") as log:
        environment = os.environ | variables
        front = subprocess.Popen(command, cwd=folder, env=environment, stdout=log, stderr=log)
    try:
        wait_until(lambda: call(ECHOSCU, port).returncode == 0, what="a receiver", seconds=60)
        yield
    finally:
        front.kill()
        front.wait(10)


def send_film(folder: Path, port: int) -> Path:
    film = folder / "film.dcm"
    write_dicom_phantom(film, seed=1, rows=64, columns=48)
    answer = call(STORESCU, port, film)
    assert answer.returncode == 0, answer.stderr
    return film


def is_the_film(path: str, film: Path) -> bool:
    return bool(pydicom.dcmread(path).PixelData == pydicom.dcmread(film).PixelData)


def test_storescp_in_front_of_an_inbox(tmp_path: Path) -> None:
    folder, command = re.findall(r"^\$ (?:mkdir -p|/usr/bin/)?\s*(\S*inbox/from-CT1|storescp .*)$", PAGE, re.MULTILINE)
    ours = tmp_path / "inbox" / "from-CT1"
    ours.mkdir(parents=True)
    port = find_free_port()
    words = shlex.split(command.replace(folder, str(ours)).replace("11112", str(port)))
    with running([f"/usr/bin/{words[0]}", *words[1:]], tmp_path, port):
        film = send_film(tmp_path, port)
        ((path, _),) = list_files(str(tmp_path / "inbox"), frozenset())
    assert path.startswith(f"{ours}/")
    assert is_the_film(path, film)


@needs_orthanc
def test_orthanc_in_front_of_an_inbox(tmp_path: Path) -> None:
    shown = re.search(r"```json\n(.*?)```", PAGE, re.DOTALL)
    assert shown
    settings = json.loads(shown[1])
    (script,) = settings["LuaScripts"]
    port, inbox = find_free_port(), tmp_path / "inbox"
    inbox.mkdir()
    settings |= {
        "DicomPort": port,
        "HttpPort": find_free_port(),
        "StorageDirectory": str(tmp_path / "orthanc"),
        "LuaScripts": [str(ROOT / script.removeprefix("/opt/xray-watch/"))],
    }
    (tmp_path / "orthanc.json").write_text(json.dumps(settings))
    with running([str(ORTHANC), str(tmp_path / "orthanc.json")], tmp_path, port, XRAY_INBOX=str(inbox)):
        film = send_film(tmp_path, port)
        wait_until(lambda: list(list_files(str(inbox), frozenset())), what="a film in the inbox", seconds=30)
        ((path, _),) = list_files(str(inbox), frozenset())
        assert is_the_film(path, film)
    assert path.endswith(".dcm")
