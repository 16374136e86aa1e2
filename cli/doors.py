"""What the page asks of other rooms: they do not know each other, the command line knows all."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from documents.blocks import Section
    from installation.installation import Installation
    from web.site import Doors, StatusLines


def build_doors(installation: "Installation") -> "Doors":
    """Return the doors of an installation."""
    from cli.evaluations import read_kept
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

    return Doors(
        lambda: _read_status(installation),
        lambda: _read_card(installation),
        lambda: read_kept(installation.home, installation.model),
        release,
        is_alive,
    )


def _read_card(installation: "Installation") -> "list[Section]":
    from training.evaluation.card.card import build_card

    return build_card(installation.model)


def _read_status(installation: "Installation") -> "StatusLines":
    from web.site import StatusLines
    from worker.health.status import RUNNING, read_status

    found = read_status(installation)
    return StatusLines(list(found.list_facts()), found.problems, service_runs=found.state in RUNNING)
