"""What the page asks of the worker's room: the rooms do not know each other, the command line knows both."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from installation.installation import Installation
    from web.site import Doors, StatusLines


def build_doors(installation: "Installation") -> "Doors":
    """Return the doors of an installation."""
    from cli.quarantine import release_arrival
    from web.site import Doors
    from worker.health.heartbeat import ServiceState, describe_health, judge_health
    from worker.screening.shelf import Shelf

    shelf = Shelf(installation.home)

    def is_alive() -> tuple[bool, str]:
        state, reasons = judge_health(installation.home)
        return state is ServiceState.READY, describe_health(state, reasons)

    def release(arrival_id: int, actor: str, address: str) -> tuple[bool, str]:
        return release_arrival(installation.ledger, shelf, arrival_id, actor, address)

    return Doors(lambda: _read_status(installation), release, is_alive)


def _read_status(installation: "Installation") -> "StatusLines":
    from web.site import StatusLines
    from worker.health.status import read_status

    found = read_status(installation)
    lines = [line for line in found.as_lines() if not line.startswith("! ")]
    facts = [(line[:17].strip(), line[17:].strip()) for line in lines]
    return StatusLines(facts, found.problems, is_ready=not found.problems)
