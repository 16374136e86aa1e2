import os
import socket
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from store.states import AfterScreening
from tests.permissions import as_nobody
from worker.errors import InboxError, InboxInUseError
from worker.intake.inbox import (
    check_inbox,
    check_inboxes,
    fingerprint_file,
    has_open_writer,
    hold_inboxes,
    is_ignored,
    list_files,
    look_at,
)


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """Give a folder to which everybody can come; pytest's own are for one user alone."""
    with TemporaryDirectory(prefix="xray-") as folder:
        Path(folder).chmod(0o755)
        yield Path(folder)
        for place in Path(folder).iterdir():
            place.chmod(0o755)


@pytest.mark.parametrize("name", [".DS_Store", "a.part", "a.dcm.TMP", "b.partial", "c.filepart", "d.dcm.crdownload"])
def test_unfinished_and_hidden_names_are_ignored(name: str) -> None:
    assert is_ignored(name)


@pytest.mark.parametrize(
    "name",
    [
        *("@eaDir", "#recycle", "#snapshot", "$RECYCLE.BIN", "$Recycle.Bin", ".snapshot", "@Recycle", "lost+found"),
        *("Thumbs.db", "thumbs.DB", "Thumbs.db:encryptable", "desktop.ini", ".DS_Store", "._a.dcm", "~snapshot"),
        *("System Volume Information", "__MACOSX", "ehthumbs.db", "a.dcm@SynoEAStream"),
    ],
)
def test_what_storage_keeps_beside_films_is_passed_over(tmp_path: Path, name: str) -> None:
    assert is_ignored(name)
    (tmp_path / name).mkdir()
    (tmp_path / name / "film.dcm").write_bytes(b"a")
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / name).write_bytes(b"a")
    assert list(list_files(str(tmp_path), frozenset())) == []


@pytest.mark.parametrize("name", ["eaDir", "recycle", "snapshot", "@home", "#1.dcm", "$a.dcm", "thumbs.dcm", "Thumbs"])
def test_what_is_only_named_alike_is_not(name: str) -> None:
    assert not is_ignored(name)


@pytest.mark.parametrize("mode", [0o000, 0o400, 0o300], ids=["shut", "not to be entered", "not to be read"])
def test_a_folder_that_is_closed_is_noted_and_hides_no_other(open_folder: Path, mode: int) -> None:
    for name in ("a", "closed", "z"):
        (open_folder / name).mkdir()
        (open_folder / name / "film.dcm").write_bytes(b"a")
    (open_folder / "closed").chmod(mode)
    closed: dict[str, OSError] = {}
    with as_nobody():
        found = {Path(path).parent.name for path, _ in list_files(str(open_folder), frozenset(), closed)}
    assert found == {"a", "z"}
    assert list(closed) == [str(open_folder / "closed")]
    assert closed[str(open_folder / "closed")].strerror == "Permission denied"


def test_a_folder_of_folders_deeper_than_a_path_may_be_is_noted(tmp_path: Path) -> None:
    before = Path.cwd()
    try:
        os.chdir(tmp_path)
        for _ in range(40):
            Path("n" * 200).mkdir()
            os.chdir("n" * 200)
    finally:
        os.chdir(before)
    (tmp_path / "film.dcm").write_bytes(b"a")
    closed: dict[str, OSError] = {}
    assert [path for path, _ in list_files(str(tmp_path), frozenset(), closed)] == [str(tmp_path / "film.dcm")]
    assert [error.strerror for error in closed.values()] == ["File name too long"]


@pytest.mark.parametrize("name", ["a.dcm", "IM000001", "apart", "x.tmp.dcm", "\x1b[31m.png"])
def test_other_names_are_not(name: str) -> None:
    assert not is_ignored(name)


def test_only_regular_files_are_listed(tmp_path: Path) -> None:
    (tmp_path / "a.dcm").write_bytes(b"a")
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "b.dcm").write_bytes(b"b")
    (tmp_path / ".hidden").mkdir()
    (tmp_path / ".hidden" / "c.dcm").write_bytes(b"c")
    (tmp_path / "link.dcm").symlink_to("/etc/hostname")
    (tmp_path / "loop").symlink_to(tmp_path)
    os.mkfifo(tmp_path / "pipe.dcm")
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(tmp_path / "sock"))
        found = {Path(path).relative_to(tmp_path).as_posix() for path, _ in list_files(str(tmp_path), frozenset())}
    assert found == {"a.dcm", "sub/b.dcm"}


def test_an_excluded_folder_is_not_entered(tmp_path: Path) -> None:
    (tmp_path / "var" / "processed").mkdir(parents=True)
    (tmp_path / "var" / "processed" / "a.dcm").write_bytes(b"a")
    assert list(list_files(str(tmp_path), frozenset({str(tmp_path / "var")}))) == []


def test_a_missing_inbox_is_an_error_and_not_an_empty_one(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        list(list_files(str(tmp_path / "unmounted"), frozenset()))


def test_names_that_are_not_utf8_are_listed(tmp_path: Path) -> None:
    name = os.fsencode(tmp_path) + b"/\xff\xfe\n.dcm"
    Path(os.fsdecode(name)).write_bytes(b"a")
    assert [os.fsencode(path) for path, _ in list_files(str(tmp_path), frozenset())] == [name]


def test_a_lease_tells_whether_a_writer_has_the_file_open(tmp_path: Path) -> None:
    path = tmp_path / "a.dcm"
    with path.open("wb") as writer:
        writer.write(b"half")
        writer.flush()
        assert has_open_writer(str(path)) is True
    assert has_open_writer(str(path)) is False


def test_a_pipe_neither_hangs_nor_counts_as_complete(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    assert has_open_writer(str(tmp_path / "pipe")) is None
    assert look_at(str(tmp_path / "pipe")) is None


def test_the_fingerprint_changes_with_content_time_or_file(tmp_path: Path) -> None:
    path = tmp_path / "a.dcm"
    path.write_bytes(b"one")
    before = look_at(str(path))
    assert before is not None
    same = fingerprint_file(path, before)
    assert same == fingerprint_file(str(path), before)
    assert same != fingerprint_file(tmp_path / "b.dcm", before)
    for changed in (before._replace(size_bytes=4), before._replace(mtime_ns=1), before._replace(inode=1)):
        assert same != fingerprint_file(path, changed)


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda folder: folder / "missing", "is not a folder"),
        (lambda folder: folder / "home" / "inbox", "lies in the home"),
        (lambda folder: folder / "home", "lies in the home"),
    ],
)
def test_an_inbox_that_cannot_be_watched_is_refused(tmp_path: Path, make: object, says: str) -> None:
    (tmp_path / "home" / "inbox").mkdir(parents=True)
    with pytest.raises(InboxError, match=says):
        check_inbox(make(tmp_path), tmp_path / "home", AfterScreening.MOVE)  # type: ignore[operator]


def test_a_folder_that_is_named_twice_is_one_inbox(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    inbox, other = tmp_path / "inbox", tmp_path / "other"
    inbox.mkdir()
    other.mkdir()
    (tmp_path / "link").symlink_to(inbox)
    monkeypatch.chdir(tmp_path)
    named = [inbox, inbox, Path("inbox"), tmp_path / "link", other]
    folders = check_inboxes(named, tmp_path / "home", AfterScreening.MOVE)
    assert folders == [inbox, other]
    with hold_inboxes(folders, alone=True):
        assert list(inbox.iterdir()) == []


@pytest.mark.parametrize("swapped", [False, True])
def test_an_inbox_in_another_is_refused_by_name(tmp_path: Path, swapped: bool) -> None:
    inner = tmp_path / "inbox" / "ward"
    inner.mkdir(parents=True)
    named = [inner, inner.parent] if swapped else [inner.parent, inner]
    with pytest.raises(InboxError, match=f"{inner} lies in the inbox {inner.parent}, "):
        check_inboxes(named, tmp_path / "home", AfterScreening.KEEP)


@pytest.mark.parametrize(("first_alone", "second_alone"), [(True, True), (True, False), (False, True)])
def test_an_inbox_is_refused_to_another_ledger_where_files_are_moved(
    tmp_path: Path, first_alone: bool, second_alone: bool
) -> None:
    with hold_inboxes([tmp_path], alone=first_alone):
        with pytest.raises(InboxInUseError, match="stop it"), hold_inboxes([tmp_path], alone=second_alone):
            pass
        assert list(tmp_path.iterdir()) == []
    with hold_inboxes([tmp_path], alone=second_alone):
        pass


def test_services_that_leave_files_where_they_are_share_an_inbox(tmp_path: Path) -> None:
    with hold_inboxes([tmp_path], alone=False), hold_inboxes([tmp_path], alone=False):
        pass
