"""File systems of a test's own, which only root may mount."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import pytest


@contextmanager
def mounted(folder: Path, *options: str) -> Iterator[None]:
    """Mount something on a folder; the test is skipped where that is not allowed."""
    tried = subprocess.run(["mount", *options, str(folder)], capture_output=True, text=True, check=False)
    if tried.returncode:
        pytest.skip(f"no file system can be mounted here: {tried.stderr.strip()}")
    try:
        yield
    finally:
        if os.path.ismount(folder):
            unmount(folder)


def unmount(folder: Path) -> None:
    """Take away what is mounted, whoever uses it."""
    subprocess.run(["umount", "--lazy", str(folder)], check=True)


def small_disk(folder: Path, size: str = "2m") -> AbstractContextManager[None]:
    """Mount a small file system of its own on a folder."""
    return mounted(folder, "-t", "tmpfs", "-o", f"size={size}", "xray-test")
