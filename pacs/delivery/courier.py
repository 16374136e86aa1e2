"""Sends what is due to one target, one object after the other, and notes each step before the next.

An attempt is counted before it is made, and an answer noted as delivered only once the target has said so. Killed in
between, it is sent again: as the same instance, of which a target keeps one.
"""

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, replace

from sqlalchemy import Engine

from installation.faults import fault_point
from installation.targets import Target
from pacs.answers.facts import make_instance_uid
from pacs.answers.making import AnswerMaker
from pacs.answers.structured_report import SR_CLASSES
from pacs.delivery.peers import Peer, Reply, TargetAwayError
from pacs.errors import AnswerNotMadeError, NoStudyError
from store.database import reading
from store.ledger.deliveries import (
    Delivery,
    choose_delay,
    choose_object,
    claim_delivery,
    find_stat_delivery,
    record_delivered,
    record_no_study,
    record_refused,
)
from store.questions.answers import RecordedAnswer, find_answer

logger = logging.getLogger(__name__)

LEASE_SECONDS = 25  # what was in work when we were killed goes on this soon
STAT_SECONDS = 2.0  # so often it is asked whether an answer about a STAT film has come
AWAY_SECONDS = (2, 4, 8, 15)  # pauses of a target that is away; the last for as long as it is


@dataclass(slots=True)
class Courier:
    """Takes answers to one target.

    Attributes
    ----------
    connect : Callable
        Opens a connection to the target; raises TargetAwayError.
    """

    ledger: Engine
    target: Target
    maker: AnswerMaker
    connect: Callable[[], Peer]
    _faults: int = 0
    _looks_at: float = 0.0

    def run(self, is_over: Callable[[], bool]) -> float:
        """Send all that is due; returns after how many seconds to look again."""
        delivery, peer = self._claim(), None
        if delivery is None:
            return 1.0
        try:
            peer = self.connect()
            while delivery is not None:
                self._deliver(peer, delivery)
                self._faults = 0
                delivery = None if is_over() else self._claim()
        except TargetAwayError as error:
            return self._note_away(delivery, str(error))
        finally:
            if peer is not None:
                peer.close()
        return 0.0

    def _claim(self) -> Delivery | None:
        """Take what is due: an answer about a STAT film before all others, then the oldest."""
        urgent = self._find_stat()
        with self.ledger.begin() as connection:
            found = urgent and claim_delivery(connection, self.target.name, LEASE_SECONDS, urgent)
            return found or claim_delivery(connection, self.target.name, LEASE_SECONDS)

    def _find_stat(self) -> int | None:
        if time.monotonic() < self._looks_at:
            return None
        with reading(self.ledger) as connection:
            urgent = find_stat_delivery(connection, self.target.name)
        if urgent is None:  # after an outage there is much to look through
            self._looks_at = time.monotonic() + STAT_SECONDS
        return urgent

    def _deliver(self, peer: Peer, delivery: Delivery) -> None:
        fault_point("delivery_claimed", delivery.id)
        with reading(self.ledger) as connection:
            answer = find_answer(connection, delivery.arrival_id)
        if answer is None:
            self._refuse(delivery, "the ledger has forgotten the answer (xray-cli db prune)")
            return
        try:
            reply, delivery = self._offer(peer, delivery, answer)
        except NoStudyError as error:
            with self.ledger.begin() as connection:
                record_no_study(connection, delivery.id, str(error))
        except AnswerNotMadeError as error:
            self._refuse(delivery, str(error))
        except OSError as error:
            self._refuse(delivery, f"the film cannot be read now ({error.strerror or type(error).__name__})")
        else:
            self._record(delivery, reply)

    def _offer(self, peer: Peer, delivery: Delivery, answer: RecordedAnswer) -> tuple[Reply, Delivery]:
        """Send the object, as another class where the target refuses the first."""
        sent = delivery.sop_class_uid
        classes = SR_CLASSES[SR_CLASSES.index(sent) :] if sent in SR_CLASSES else (sent,)
        chosen = peer.find_class(classes)
        reply = Reply(False, None, "the target takes no objects of this kind", refuses_class=True)
        while chosen is not None and classes:
            if chosen != delivery.sop_class_uid:
                delivery = self._choose(delivery, answer, chosen)
            made = self.maker.make(answer, chosen, delivery.sop_instance_uid)
            fault_point("delivery_made", delivery.id)
            reply = peer.send(made)
            fault_point("delivery_sent", delivery.id)
            if not reply.refuses_class:
                break
            classes = classes[classes.index(chosen) + 1 :]
            chosen = peer.find_class(classes)
        return reply, delivery

    def _choose(self, delivery: Delivery, answer: RecordedAnswer, sop_class_uid: str) -> Delivery:
        """Note as what it is sent before it is: it is never sent as two."""
        root = delivery.sop_instance_uid.rpartition(".")[0]
        uid = make_instance_uid(root, sop_class_uid, answer.source_sha256, answer.model_sha256)
        with self.ledger.begin() as connection:
            choose_object(connection, delivery.id, sop_class_uid, uid)
        return replace(delivery, sop_class_uid=sop_class_uid, sop_instance_uid=uid)

    def _record(self, delivery: Delivery, reply: Reply) -> None:
        with self.ledger.begin() as connection:
            if reply.stored:
                record_delivered(connection, delivery.id, reply.status or "", reply.words)
            else:
                delay = choose_delay(delivery.attempts)
                record_refused(connection, delivery, reply.status, reply.words, delay)
        if reply.stored:
            facts = {"action": "delivered", "arrival_id": delivery.arrival_id}
            logger.info("%s delivered to %s", delivery.kind, self.target.name, extra=facts)
        else:  # a target's words may name a patient: they stand in the ledger alone
            refused = {"action": "delivery_refused", "arrival_id": delivery.arrival_id, "status": reply.status}
            logger.warning("%s refused by %s (%s)", delivery.kind, self.target.name, reply.status, extra=refused)

    def _refuse(self, delivery: Delivery, words: str) -> None:
        with self.ledger.begin() as connection:
            record_refused(connection, delivery, None, words, choose_delay(delivery.attempts))
        facts = {"action": "delivery_not_made", "arrival_id": delivery.arrival_id}
        logger.warning("%s not sent to %s: %s", delivery.kind, self.target.name, words, extra=facts)

    def _note_away(self, delivery: Delivery | None, words: str) -> float:
        pause = AWAY_SECONDS[min(self._faults, len(AWAY_SECONDS) - 1)]
        if delivery is not None:
            with self.ledger.begin() as connection:
                record_refused(connection, delivery, None, words, pause)
        if not self._faults:
            facts = {"action": "target_away"}
            logger.warning("%s takes nothing now (%s); it is tried for ever", self.target.name, words, extra=facts)
        self._faults += 1
        return pause
