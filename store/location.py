"""What kind of file system a path lies on: locks, leases and file events hold on local disks only."""

from pathlib import Path

import psutil

# by network, or from the host of a virtual machine, which writes there without asking this kernel
SHARED_FILE_SYSTEMS = frozenset(
    {
        *("nfs", "nfs3", "nfs4", "cifs", "smb2", "smb3", "smbfs", "ncpfs", "afpfs", "davfs", "davfs2", "sshfs", "s3fs"),
        *("afs", "openafs", "kafs", "auristorfs", "coda", "ceph", "glusterfs", "lustre", "beegfs", "gpfs", "panfs"),
        *("orangefs", "pvfs2", "ocfs2", "gfs", "gfs2", "9p", "virtiofs", "vboxsf", "vmhgfs", "prl_fs", "autofs"),
    }
)
# of what runs outside of the kernel only these are known to lie on a disk of this machine
LOCAL_FUSE = frozenset({"fuseblk", "fuse.fuse-overlayfs"})


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
    kind = find_filesystem_type(path).lower()
    return kind in SHARED_FILE_SYSTEMS or (kind.startswith("fuse") and kind not in LOCAL_FUSE)
