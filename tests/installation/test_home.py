import os
import socket
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from installation.errors import HomeError, HomeInUseError
from installation.home import SCAN, Home, is_locked, lock_home, prepare_home


def test_the_home_is_not_open_to_others(home: Home) -> None:
    assert stat.S_IMODE(home.root.stat().st_mode) == 0o750
    assert stat.S_IMODE(home.broker_socket.parent.stat().st_mode) == 0o700


def test_a_second_service_is_refused_and_told_who_holds_the_home(home: Home) -> None:
    with lock_home(home):
        assert is_locked(home)
        with pytest.raises(HomeInUseError, match=f"process {os.getpid()} on {socket.gethostname()}"), lock_home(home):
            pass
    assert not is_locked(home)


def test_the_lock_ends_with_its_process_however_it_ends(home: Home) -> None:
    program = f"""
import os, signal
from pathlib import Path
from installation.home import Home, lock_home
with lock_home(Home(Path({str(home.root)!r}))):
    os.kill(os.getpid(), signal.SIGKILL)
"""
    subprocess.run([sys.executable, "-c", program], check=False, timeout=30)
    with lock_home(home):
        assert is_locked(home)


def test_a_home_that_cannot_be_made_is_one_clear_error(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(HomeError, match="XRAY_HOME"):
        prepare_home(Home(tmp_path / "file" / "home"))


def test_the_socket_is_refused_in_a_folder_that_others_can_enter(home: Home) -> None:
    home.broker_socket.parent.chmod(0o755)
    with pytest.raises(HomeError, match="open to others"):
        prepare_home(home)


def test_the_socket_path_fits_however_deep_the_home(home: Home) -> None:
    deep = Home(home.root / ("d" * 200) / ("e" * 200))
    assert len(os.fsencode(Home(deep.root).broker_socket.name)) < 107
    assert deep.broker_socket.parent.parent == home.broker_socket.parent.parent


def test_who_finds_the_home_held_by_a_scan_hears_so(home: Home) -> None:
    refused = pytest.raises(HomeInUseError, match=r"^a scan already runs on the home .*; wait for")
    with lock_home(home, SCAN), refused, lock_home(home):
        pass
