"""The states of an arrival, in the order in which it passes through them; and what users may do."""

from enum import StrEnum


class ArrivalState(StrEnum):
    """Where an arrival stands on its one way from folder to row."""

    WAITING = "waiting"  # committed, its id not yet sent (or to be sent again)
    QUEUED = "queued"  # its id was sent to the broker
    SCREENING = "screening"  # a worker holds the lease
    FAILED = "failed"  # a transient fault is being retried
    DONE = "done"  # a screening answers it
    DUPLICATE = "duplicate"  # the same bytes were screened before with the same model
    QUARANTINED = "quarantined"  # unreadable; kept, with its reason
    VANISHED = "vanished"  # gone before it could be read


FINISHED_STATES = (ArrivalState.DONE, ArrivalState.DUPLICATE, ArrivalState.QUARANTINED, ArrivalState.VANISHED)
READY_STATES = (ArrivalState.WAITING, ArrivalState.FAILED)
PENDING_STATES = (*READY_STATES, ArrivalState.QUEUED, ArrivalState.SCREENING)


class Priority(StrEnum):
    """How urgent an arrival is, the most urgent first."""

    STAT = "stat"  # somebody waits for this film: it goes before what is routine
    ROUTINE = "routine"


class AfterScreening(StrEnum):
    """What becomes of a file when its result is recorded."""

    MOVE = "move"  # to the home's processed or quarantine folder
    KEEP = "keep"  # it stays where it is


class Role(StrEnum):
    """What a user of the page may do; each may do all that those before it may."""

    VIEWER = "viewer"  # look at films and reports
    REVIEWER = "reviewer"  # upload films, and say what they show
    OPERATOR = "operator"  # release films from quarantine, and try again
    ADMIN = "admin"  # see who did what, and who may log in

    def includes(self, other: "Role") -> bool:
        """Return whether this role may do all that the other may."""
        order = list(Role)
        return order.index(self) >= order.index(other)


class DeliveryState(StrEnum):
    """Where an answer stands on its way to a target.

    It waits to be sent, or sent again; the target has said that it has it; or the file names no study, and there is
    nothing to send.
    """

    WAITING = "waiting"
    DELIVERED = "delivered"
    NO_STUDY = "no_study"
