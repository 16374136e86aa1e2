"""Figures as a benchmark gives them, made up."""

from typing import Any

from bench.films import KINDS
from bench.steps import STEPS

STEP_SECONDS = dict(zip(STEPS, (0.008, 0.005, 0.004, 0.01, 0.003, 0.001), strict=True))


def make_figures(**changes: float) -> dict[str, Any]:
    """Return figures of a machine that reaches every goal."""
    kinds = [
        {
            "kind": kind.name,
            "steps": dict(STEP_SECONDS),
            "ideal_rate": 64.5,
            "product_rate": 58.0,
            "efficiency": 0.9,
            "together_seconds": 0.031,
            "first_seconds": 0.531,
            "scan_rate": 57.0,
            "memory": {"watch": 90 << 20, "reader": 110 << 20},
            "beside_seconds": 0.002,
        }
        for kind in KINDS
    ]
    service = {
        "start_seconds": 2.5,
        "latency_median": 0.05,
        "latency_p95": 0.1,
        "processed": 100_000,
        "idle_share": 0.005,
        "crowd": 50_000,
        "crowd_memory": 200 << 20,
        "crowd_seconds": 9.0,
        "received_rate": 29.0,
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
        "schema": 2,
        "at": "2026-11-21T12:00:00+00:00",
        "machine": machine,
        "model_version": "made-up",
        "files": 1_000,
        "kinds": kinds,
        "naive_rates": {"vgg16": 2.0, "this model": 5.0},
        "peer_seconds": 0.2,
        "service": service | changes,
    }
