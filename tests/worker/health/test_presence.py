import shutil
from pathlib import Path

import pytest

from installation.home import Home, lock_home
from worker.errors import HomeLostError
from worker.health.presence import Presence


@pytest.fixture
def presence(home: Home) -> Presence:
    (home.root / "xray.db").write_bytes(b"ledger")
    with lock_home(home):
        return Presence([home.lock, home.root / "xray.db"])


def test_a_home_in_its_place_is_quiet_however_it_is_written(presence: Presence, home: Home) -> None:
    (home.root / "xray.db").write_bytes(b"ledger, written on")
    (home.processed / "1.dcm").touch()
    presence.check()


def test_a_moved_home_is_missed_and_known_again_when_it_is_back(presence: Presence, home: Home, tmp_path: Path) -> None:
    home.root.rename(tmp_path / "elsewhere")
    with pytest.raises(HomeLostError, match="moved"):
        presence.check()
    (tmp_path / "elsewhere").rename(home.root)
    presence.check()


def test_a_deleted_home_is_missed(presence: Presence, home: Home) -> None:
    shutil.rmtree(home.root)
    with pytest.raises(HomeLostError):
        presence.check()


def test_another_ledger_of_the_same_name_is_not_ours(presence: Presence, home: Home) -> None:
    other = home.root / "restored"
    other.write_bytes(b"ledger")
    other.rename(home.root / "xray.db")
    with pytest.raises(HomeLostError, match=r"xray\.db"):
        presence.check()


def test_a_disk_that_does_not_answer_now_is_asked_again(presence: Presence, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> None:
        raise OSError(5, "Input/output error")

    with monkeypatch.context() as patch:
        patch.setattr(Path, "stat", fail)
        presence.check()
    presence.check()
