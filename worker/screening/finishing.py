"""The end of an arrival: its row is committed, then its file moves; both may be repeated."""

import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine

from imaging import Identity, Note
from inference.alert_rules import AlertRule, MetRule, find_met
from installation.faults import fault_point
from store.database import undurable
from store.errors import LeaseLostError
from store.identifiers import Protect
from store.ledger.alerts import AlertKind, record_alert
from store.ledger.arrivals import Arrival, retry_arrival
from store.ledger.fates import Fate, FateKind
from store.ledger.outcomes import NewScreening, record_duplicate, record_quarantine, record_screening, record_vanished
from store.ledger.sweeps import settle_arrival
from store.states import ArrivalState
from worker.screening.shelf import Shelf

logger = logging.getLogger(__name__)

NOT_STORED = frozenset({"pixel_spacing_mm", "burned_in_annotation"})
IDENTIFIERS = frozenset({"patient_id", "accession_number"})


@dataclass(frozen=True, slots=True)
class Claim:
    """An arrival that a worker holds, under the name of its lease."""

    arrival: Arrival
    owner: str


@dataclass(frozen=True, slots=True)
class Finisher:
    """Records ends and moves files.

    Attributes
    ----------
    alert_rules : sequence of AlertRule
        Of which films somebody is to hear.
    alert_not_from : sequence of Path
        Inboxes whose films nobody is to hear of.
    """

    engine: Engine
    shelf: Shelf
    alert_rules: Sequence[AlertRule] = ()
    alert_not_from: Sequence[Path] = ()

    def finish_screened(self, claim: Claim, screening: NewScreening, source_format: str | None) -> Arrival:
        """Record a result, or a duplicate where another arrival brought the same bytes meanwhile."""
        stored_path = self._place(claim, screening.source_sha256, source_format)
        with self.engine.begin() as connection:
            state = record_screening(connection, claim.arrival.id, claim.owner, screening, stored_path)
            if state is ArrivalState.DONE and (met := self._find_met(claim.arrival, screening)):
                _record_alert(connection, claim.arrival.id, met)
        _log_end(claim.arrival, state, outcome=screening.answer.outcome, reason_code=screening.answer.reason_code)
        return replace(claim.arrival, state=state, stored_path=stored_path)

    def _find_met(self, arrival: Arrival, screening: NewScreening) -> MetRule | None:
        return None if arrival.inbox in self.alert_not_from else find_met(self.alert_rules, screening.answer)

    def finish_duplicate(
        self, claim: Claim, screening_id: int, source_sha256: str, source_format: str | None
    ) -> Arrival:
        """Record that an earlier screening answers these bytes."""
        stored_path = self._place(claim, source_sha256, source_format)
        with self.engine.begin() as connection:
            record_duplicate(connection, claim.arrival.id, claim.owner, screening_id, source_sha256, stored_path)
        _log_end(claim.arrival, ArrivalState.DUPLICATE)
        return replace(claim.arrival, state=ArrivalState.DUPLICATE, stored_path=stored_path)

    def finish_quarantined(
        self,
        claim: Claim,
        fate: Fate,
        source_sha256: str | None = None,
        header: Mapping[str, Any] | None = None,
    ) -> Arrival:
        """Record that the file cannot be read, why, and what its header said all the same."""
        header = header or {}
        stored_path = self._place(claim, source_sha256, header.get("source_format"), quarantined=True)
        finished = replace(
            claim.arrival,
            state=ArrivalState.QUARANTINED,
            stored_path=stored_path,
            source_sha256=source_sha256,
            reason_code=fate.reason_code,
            reason=fate.reason,
        )
        with self.engine.begin() as connection:
            record_quarantine(
                connection,
                claim.arrival.id,
                claim.owner,
                reason_code=fate.reason_code,
                reason=fate.reason,
                source_sha256=source_sha256,
                stored_path=stored_path,
                header=header,
            )
        _log_end(finished, ArrivalState.QUARANTINED, reason_code=fate.reason_code)
        return finished

    def finish_vanished(self, claim: Claim) -> None:
        """Record that the file was gone, or another one, before it could be read."""
        with self.engine.begin() as connection:
            record_vanished(connection, claim.arrival.id, claim.owner)
        _log_end(claim.arrival, ArrivalState.VANISHED)

    def retry_later(self, claim: Claim, fate: Fate) -> None:
        """Give the lease back for another attempt."""
        with self.engine.begin() as connection:
            held = retry_arrival(
                connection,
                claim.arrival.id,
                claim.owner,
                reason_code=fate.reason_code,
                delay_seconds=fate.delay_seconds,
                spoilt=fate.kind is FateKind.RETRY_FILE,
            )
        if not held:
            message = f"arrival {claim.arrival.id} is held by another worker, or finished"
            raise LeaseLostError(message)
        facts = {"action": fate.kind.value, "arrival_id": claim.arrival.id, "reason_code": fate.reason_code}
        logger.warning("again in %d s (%s)", fate.delay_seconds, fate.reason_code, extra=facts)

    def settle(self, arrival: Arrival) -> OSError | None:
        """Move a finished arrival's file out of the inbox.

        Returns
        -------
        OSError or None
            Why it lies there still: the sweeper tries again, and says so of a file that stays.
        """
        if arrival.stored_path is None:
            return None
        try:
            self.shelf.settle(arrival)
        except OSError as error:
            return error
        fault_point("after_move", arrival.id)
        with undurable(self.engine) as connection:  # otherwise the sweeper finds that the file has moved
            settle_arrival(connection, arrival.id)
        fault_point("after_settle", arrival.id)
        return None

    def _place(
        self, claim: Claim, source_sha256: str | None, source_format: str | None, *, quarantined: bool = False
    ) -> Path | None:
        return self.shelf.place(claim.arrival, source_sha256, source_format, quarantined=quarantined)


def _record_alert(connection: Connection, arrival_id: int, met: MetRule) -> None:
    """Record with the result that somebody is to hear of it: either both are there or neither."""
    facts = {"label": met.rule.label.value, "probability": round(met.probability, 4), "rule": str(met.rule)}
    record_alert(connection, AlertKind.FILM, f"film-{arrival_id}", arrival_id=arrival_id, **facts)


def describe_identity(identity: Identity, protect: Protect, notes: Iterable[Note] = ()) -> Mapping[str, Any]:
    """Turn an identity and its notes into columns of ``screenings`` or ``headers``, identifiers protected."""
    names = {field.name for field in fields(identity)} - NOT_STORED
    columns = {name: getattr(identity, name) for name in names}
    columns["notes"] = " ".join(notes) or None
    return columns | {name: protect(columns[name]) for name in IDENTIFIERS}


def _log_end(arrival: Arrival, state: ArrivalState, **facts: str | None) -> None:
    known = {name: value for name, value in facts.items() if value is not None}
    logger.info(" ".join((state, *known.values())), extra={"action": state.value, "arrival_id": arrival.id, **known})
