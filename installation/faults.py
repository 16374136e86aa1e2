"""Fault points: a process that kills itself at a named step, so that tests can prove that each step may be interrupted.

``XRAY_FAULT_AT=after_claim,after_move`` names the steps, ``XRAY_FAULT_MARKS`` a folder that counts the kills (a file
for each, ``after_claim.1``), ``XRAY_FAULT_TIMES`` how often each step kills (1), ``XRAY_FAULT_ARRIVAL`` the one arrival
that is meant (all). None of it is a setting: it is refused unless ``XRAY_TESTING=1`` is set too, and it is read at the
entry point only.
"""

import os
import signal
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, get_args

from installation.errors import FaultPointError

Step = Literal[
    "after_arrive",  # service: arrivals are committed, nothing is sent
    "after_queue",  # service: ids are marked as queued, none is sent
    "after_send",  # service: one id was sent
    "after_death",  # worker: a reader has died, its attempt is not counted
    "after_fork",  # reader: it has begun, and has not loaded its model
    "after_claim",  # reader: it holds the lease
    "after_read",
    "after_predict",
    "after_record",  # reader: the row is committed, the file lies in the inbox
    "after_reason",  # reader: the reason lies in quarantine, the file does not
    "after_copy",  # reader: the copy on another file system is whole, and has no name yet
    "after_aside",  # reader: the copy has its name, the original has stepped aside
    "after_move",  # reader: the file has left the inbox, its name is not free
    "after_settle",
]
STEPS: tuple[Step, ...] = get_args(Step)
DeliveryStep = Literal[
    "delivery_claimed",  # deliver: the attempt is counted, nothing is made
    "delivery_made",  # deliver: the object is made, nothing is sent
    "delivery_sent",  # deliver: the target has answered, nothing is noted
]
DELIVERY_STEPS: tuple[DeliveryStep, ...] = get_args(DeliveryStep)

AT, MARKS, TIMES, ARRIVAL = "XRAY_FAULT_AT", "XRAY_FAULT_MARKS", "XRAY_FAULT_TIMES", "XRAY_FAULT_ARRIVAL"
TESTING = "XRAY_TESTING"
VARIABLES = frozenset({AT, MARKS, TIMES, ARRIVAL, TESTING})


@dataclass(frozen=True, slots=True)
class _Plan:
    steps: frozenset[str]
    marks: Path
    times: int
    arrival_id: int | None

    def kill_at(self, step: Step | DeliveryStep) -> None:
        for number in range(1, self.times + 1):
            try:
                descriptor = os.open(self.marks / f"{step}.{number}", os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
            except FileExistsError:
                continue
            os.close(descriptor)
            os.kill(os.getpid(), signal.SIGKILL)


_plan: _Plan | None = None


def arm_faults(environment: Mapping[str, str]) -> None:
    """Take over which steps kill this process and its children; without the variables none does.

    Raises
    ------
    FaultPointError
        They are set outside of a test, or are not understood.
    """
    global _plan
    _plan = _read_plan(environment) if environment.get(AT) else None


def fault_point(step: Step | DeliveryStep, arrival_id: int | None = None) -> None:
    """Be killed here where a test wants it; otherwise cost nothing."""
    if _plan is not None and step in _plan.steps and _plan.arrival_id in (None, arrival_id):
        _plan.kill_at(step)


def pass_on_faults(environment: Mapping[str, str]) -> dict[str, str]:
    """Return the variables that a child process needs to meet the same faults."""
    return {name: value for name, value in environment.items() if name in VARIABLES}


def _read_plan(environment: Mapping[str, str]) -> _Plan:
    if environment.get(TESTING) != "1":
        message = f"{AT} kills this program on purpose and is for its own tests ({TESTING}=1): unset it"
        raise FaultPointError(message)
    steps = frozenset(environment[AT].split(","))
    known = (*STEPS, *DELIVERY_STEPS)
    if unknown := sorted(steps - set(known)):
        raise FaultPointError(f"{AT}: there is no step '{unknown[0]}'; accepted are {', '.join(known)}")
    marks = Path(environment.get(MARKS, ""))
    if not marks.is_absolute() or not marks.is_dir():
        raise FaultPointError(f"{MARKS} names no folder; it must be there, with an absolute path")
    times, arrival_id = environment.get(TIMES, "1"), environment.get(ARRIVAL)
    if not times.isdecimal() or not (arrival_id is None or arrival_id.isdecimal()):
        raise FaultPointError(f"{TIMES} and {ARRIVAL} are whole numbers")
    return _Plan(steps, marks, int(times), None if arrival_id is None else int(arrival_id))
