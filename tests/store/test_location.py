"""Real shares cannot be had in a test without a server: the system's list of mounts is stood in for."""

from pathlib import Path
from types import SimpleNamespace

import pytest

from store import location
from store.location import find_filesystem_type, is_network_share


@pytest.fixture
def _mounts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kinds = {"/": "ext4", str(tmp_path / "share"): "nfs4", str(tmp_path / "share" / "local"): "xfs"}
    parts = [SimpleNamespace(mountpoint=folder, fstype=kind) for folder, kind in kinds.items()]
    monkeypatch.setattr(location.psutil, "disk_partitions", lambda **_: parts)


@pytest.mark.usefixtures("_mounts")
@pytest.mark.parametrize(
    ("folder", "kind", "shared"),
    [("x", "ext4", False), ("share/a/b", "nfs4", True), ("share/local/x", "xfs", False), ("sharee", "ext4", False)],
)
def test_the_nearest_mount_says_what_a_folder_lies_on(tmp_path: Path, folder: str, kind: str, shared: bool) -> None:
    assert find_filesystem_type(tmp_path / folder) == kind
    assert is_network_share(tmp_path / folder) is shared


@pytest.mark.usefixtures("_mounts")
def test_a_link_lies_where_it_leads(tmp_path: Path) -> None:
    (tmp_path / "share").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "share")
    assert is_network_share(tmp_path / "link" / "x")


@pytest.mark.parametrize(
    ("kind", "shared"),
    [
        *((kind, True) for kind in ("fuse.glusterfs", "fuse.ceph-fuse", "fuse.rclone", "fuse.sshfs", "fuse", "fuse.x")),
        *((kind, True) for kind in ("davfs", "virtiofs", "9p", "vboxsf", "afs", "ceph", "glusterfs", "smb3", "NFS4")),
        *((kind, False) for kind in ("fuseblk", "fuse.fuse-overlayfs", "ext4", "xfs", "btrfs", "zfs", "overlay")),
    ],
)
def test_what_others_may_write_is_a_share_whatever_carries_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str, shared: bool
) -> None:
    parts = [SimpleNamespace(mountpoint="/", fstype="ext4"), SimpleNamespace(mountpoint=str(tmp_path), fstype=kind)]
    monkeypatch.setattr(location.psutil, "disk_partitions", lambda **_: parts)
    assert is_network_share(tmp_path / "inbox") is shared


def test_this_machines_own_root_has_a_type() -> None:
    assert find_filesystem_type(Path("/")) not in {"", "unknown"}
