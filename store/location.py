"""What kind of file system a path lies on: locks, leases and file events hold on local disks only."""

from pathlib import Path

import psutil

NETWORK_FILE_SYSTEMS = frozenset(
    {"nfs", "nfs4", "cifs", "smb3", "smbfs", "9p", "afs", "ceph", "glusterfs", "lustre", "fuse.sshfs", "ncpfs"}
)


def find_filesystem_type(path: Path) -> str:
    """Return the file system type of the mount that holds a path, such as ``ext4`` or ``nfs4``."""
    resolved = path.resolve()
    mounts = {Path(part.mountpoint): part.fstype for part in psutil.disk_partitions(all=True)}
    for folder in (resolved, *resolved.parents):
        if folder in mounts:
            return mounts[folder]
    return "unknown"


def is_network_share(path: Path) -> bool:
    """Return whether a path lies on a share, where neither SQLite's locks nor file leases can be trusted."""
    return find_filesystem_type(path) in NETWORK_FILE_SYSTEMS
