"""The name under which a worker process holds its arrivals."""

from worker.processes.names import name_process


def name_lease(worker_pid: int, task_id: str = "") -> str:
    """Name the holder of a lease: the worker process, then the attempt; without the attempt, what all begin with."""
    return f"{name_process(worker_pid)}:{task_id}"
