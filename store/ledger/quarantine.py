"""Arrivals that could not be read and still wait for somebody, and their release."""

from sqlalchemy import Connection, select, update

from store.audit import record_event
from store.ledger.arrivals import ARRIVAL_COLUMNS, Arrival, as_arrival
from store.states import ArrivalState
from store.tables import arrivals


def list_quarantined(connection: Connection, limit: int) -> list[Arrival]:
    """Return what could not be read and was not released, the newest first."""
    a = arrivals.c
    waits = a.stored_path.is_not(None) | a.fingerprint.is_not(None)
    statement = select(*ARRIVAL_COLUMNS).where(a.state == ArrivalState.QUARANTINED, waits)
    return [as_arrival(row) for row in connection.execute(statement.order_by(a.id.desc()).limit(limit))]


def record_release(connection: Connection, arrival_id: int) -> None:
    """Note that a file goes the one way again, as another arrival; this row stays, and points nowhere any more."""
    which = arrivals.c.id == arrival_id
    connection.execute(update(arrivals).where(which).values(stored_path=None, fingerprint=None))
    record_event(connection, "quarantine_released", arrival_id=arrival_id)
