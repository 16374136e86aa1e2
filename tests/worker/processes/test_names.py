import os
import shutil
import subprocess
import sys

import pytest

from worker.leases import name_lease
from worker.processes.names import has_ended, name_locally, name_process

DEAD = 4194305  # larger than any process id
PRINT_NAME = "from worker.processes.names import *; print(name_process(7), name_locally(7))"


def test_what_has_ended_is_known_of_our_own_processes_only() -> None:
    assert [has_ended(name(DEAD)) for name in (name_locally, name_process)] == [True, True]
    assert [has_ended(name(os.getpid())) for name in (name_locally, name_process)] == [False, False]
    assert not any(
        has_ended(name) for name in ("", "worker", f"1-{DEAD}", f"{DEAD}", f"elsewhere-{name_locally(DEAD)}")
    )


def test_a_process_of_another_container_with_the_same_number_and_host_name_has_another_name() -> None:
    """Containers on the host's network have its name; here a namespace of process ids stands for the container."""
    unshare = shutil.which("unshare")
    if unshare is None or subprocess.run([unshare, "-rpf", "true"], check=False, capture_output=True).returncode:
        pytest.skip("no namespaces of process ids here")
    command = [unshare, "-rpf", "--mount-proc", sys.executable, "-c", PRINT_NAME]
    names = subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()
    assert len(names) == 2
    assert not {name_process(7), name_locally(7)} & set(names)
    assert not name_lease(7).startswith(names[0])
