"""What the page works for: one installation, and what only other rooms can do for it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo

from documents.blocks import CellKind, Content, Section
from documents.cells import say_cell
from installation.installation import Installation
from reports.question.periods import find_zone
from store.access.sessions import SessionRules


@dataclass(frozen=True, slots=True)
class StatusLines:
    """What `xray-cli status` says: lines of a name and what is known, what is wrong, and whether a service runs."""

    facts: Sequence[tuple[str, str]]
    problems: Sequence[str]
    service_runs: bool


@dataclass(frozen=True, slots=True)
class Doors:
    """What the page may ask of rooms that it must not import: the command line, which knows them, hands it in.

    Attributes
    ----------
    read_status : Callable
        How the service is.
    read_card, read_evaluation : Callable
        What is said of the model that serves, and how often it was right: by the last evaluation in the home, else by
        its own training; None where that says nothing.
    release : Callable
        Puts a quarantined file back into its inbox; returns what came of it and whether it is done.
    is_alive : Callable
        Whether the service of this home is ready, from its heartbeat alone, and what keeps it from being so.
    """

    read_status: Callable[[], StatusLines]
    read_card: Callable[[], Sequence[Section]]
    read_evaluation: Callable[[], Content | None]
    release: Callable[[int, str, str], tuple[bool, str]]
    is_alive: Callable[[], tuple[bool, str]]


@dataclass(frozen=True, slots=True)
class Site:
    """The installation and the doors, in the hands of every page."""

    installation: Installation
    doors: Doors

    @property
    def session_rules(self) -> SessionRules:
        """How long a session lasts."""
        settings = self.installation.settings
        return SessionRules(settings.web_idle_minutes * 60.0, settings.web_session_hours * 3600.0)

    @property
    def zone(self) -> tzinfo:
        """The site's time zone, in which all times are shown."""
        return find_zone(self.installation.settings.time_zone)


def say_moment(moment: datetime, zone: tzinfo) -> str:
    """Write a time as all documents do."""
    return say_cell(CellKind.MOMENT, moment.astimezone(zone))
