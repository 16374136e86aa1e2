"""Figures as a benchmark gives them, made up."""

from typing import Any

from bench.films import KINDS
from bench.others import NOTEBOOK, TORCHXRAYVISION
from bench.steps import STEPS

STEP_SECONDS = dict(zip(STEPS, (0.008, 0.005, 0.004, 0.01, 0.003, 0.001), strict=True))


def make_round(seconds: float = 1.6, others: float = 0.0) -> dict[str, Any]:
    """Return a round whose steps take 31 ms, and whose flood of 100 films takes so many seconds of two cores."""
    flood = {
        "first_seconds": 0.5,
        "files": 100,
        "seconds": seconds,
        "reader_seconds": 3.0,
        "beside_seconds": 0.2,
        "other_seconds": others,
    }
    ways = {NOTEBOOK: (0.2, 0.3), TORCHXRAYVISION: (0.2, 0.2)}
    alone = {step: (worked, 0.001) for step, worked in STEP_SECONDS.items()}
    return {"alone": alone, "together": 0.031, "flood": flood, **ways}


def make_figures(**changes: float) -> dict[str, Any]:
    """Return figures of a machine that reaches every goal."""
    kinds = [{"kind": kind.name, "rounds": [make_round() for _ in range(3)]} for kind in KINDS]
    service = {
        "start_seconds": 1.5,
        "latency_median": 0.05,
        "latency_p95": 0.1,
        "processed": 100_000,
        "idle_share": 0.005,
        "crowd": 50_000,
        "crowd_memory": 200 << 20,
        "crowd_seconds": 9.0,
        "received_rate": 29.0,
        "dropped_rate": 58.0,
    }
    machine = {
        "processor": "Made Up",
        "cores": 2,
        "memory_gib": 24,
        "file_system": "ext4",
        "system": "Linux 6",
        "python": "3.11.7",
    }
    return {
        "schema": 3,
        "at": "2026-11-21T12:00:00+00:00",
        "machine": machine,
        "model_version": "made-up",
        "rounds": 3,
        "kinds": kinds,
        "memory": {"watch": 90 << 20, "reader": 110 << 20},
        "service": service | changes,
    }
