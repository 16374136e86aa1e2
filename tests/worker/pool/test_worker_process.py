"""What the worker process keeps beside its pool."""

import os
import stat
import subprocess
import sys
from pathlib import Path

from installation.home import Home
from worker.pool.worker_process import own_scratch
from worker.processes import name_locally


def test_temporary_files_go_with_their_process_or_after_one_that_was_killed(home: Home) -> None:
    ended = subprocess.Popen(["true"])
    ended.wait()
    left = home.runtime / f"worker-{name_locally(ended.pid)}"
    of_another = home.runtime / f"worker-{name_locally(os.getppid())}"
    of_a_container = home.runtime / f"worker-1-{ended.pid}"
    for folder in (left, of_another, of_a_container):
        (folder / "pymp-1").mkdir(parents=True)
    with own_scratch(home) as scratch:
        (scratch / "pymp-2").mkdir()
        assert stat.S_IMODE(scratch.stat().st_mode) == 0o700
    assert [folder.exists() for folder in (left, of_another, of_a_container, scratch)] == [False, True, True, False]


def test_shared_memory_begins_in_the_folder(tmp_path: Path) -> None:
    program = f"""
from pathlib import Path
from billiard.util import get_temp_dir
from worker.pool.worker_process import share_memory_in
share_memory_in(Path({str(tmp_path)!r}))
print(get_temp_dir())
"""
    done = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True, timeout=60)
    assert done.stdout.strip() == str(tmp_path)
