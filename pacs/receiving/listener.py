"""The listener: a process of its own that takes films by C-STORE and puts them into the inbox."""

import errno
import logging
import tempfile
import threading
import warnings
from contextlib import suppress
from pathlib import Path, PurePath
from threading import Event, Thread
from typing import cast
from weakref import WeakSet

from pydicom.dataset import Dataset
from pynetdicom import AE, _config, evt
from pynetdicom.association import Association
from pynetdicom.dimse_messages import C_STORE_RQ
from pynetdicom.pdu import P_DATA_TF
from pynetdicom.pdu_primitives import A_ASSOCIATE
from pynetdicom.transport import AssociationSocket

from imaging.dicom.own_objects import IMPLEMENTATION_CLASS_UID, IMPLEMENTATION_VERSION_NAME
from installation.addresses import DEFAULT_LISTEN, OFF, split_address
from installation.receiving import FURTHER, split_words
from installation.senders import is_ae_title, name_sender_folder, parse_allow_list
from installation.settings import Settings
from pacs.receiving.bounds import MORE, Bounds, CallerError, PlainSocket, Seats
from pacs.receiving.errors import ListenError
from pacs.receiving.landing import Landing
from pacs.receiving.server import Door
from pacs.receiving.services import (
    LONGEST_PDU_BYTES,
    NOT_WRITTEN,
    OTHER_CLASS,
    OUT_OF_ROOM,
    SUCCESS,
    build_contexts,
    describe_refused,
)
from pacs.receiving.tls import build_tls

logger = logging.getLogger(__name__)

MESSAGES_WAITING = 2  # a caller who sends more without hearing our answers is cut off
SILENCES = 4  # what nobody has written to for so many times the longest silence was broken off
REJECTED, TRANSIENT = 0x01, 0x02
BY_USER, BY_PRESENTATION = 0x01, 0x03
NO_REASON, CALLING_NOT_KNOWN, CALLED_NOT_KNOWN, LIMIT_EXCEEDED = 0x01, 0x03, 0x07, 0x02  # PS3.8 table 9-21


class Listener:
    """Takes films for one inbox.

    Parameters
    ----------
    settings : Settings
        Those of `ReceivingSettings`, and the watermark and the folder for STAT of `IntakeSettings`.
    inbox : Path
        Where films go.

    Raises
    ------
    ReceivingError
        It cannot begin, in one line.
    """

    def __init__(self, settings: Settings, inbox: Path) -> None:
        self._settings = settings
        self._allow = parse_allow_list(settings.allow)
        self._stat_folder = _find_stat_folder(settings)
        self._landing = Landing(inbox, settings.min_free_bytes)
        self._seats = Seats(settings.listen_associations, settings.listen_associations_per_sender)
        self._senders: WeakSet[Association] = WeakSet()  # those that have sent a film
        self._door = self._build_door()

    @property
    def address(self) -> tuple[str, int]:
        """Where it listens."""
        return self._door.server_address[:2]

    def run(self, stop: Event) -> None:
        """Serve until it is time to stop; what is half received then is broken off, and its sender knows."""
        _keep_quiet(self._landing.folder)
        accepting = Thread(target=self._door.serve_forever, name="door", daemon=True)
        accepting.start()
        self._announce()
        abandoned_seconds = SILENCES * self._settings.listen_seconds
        while not stop.wait(abandoned_seconds):
            with suppress(OSError):  # while its disk is away there is nothing to clear, and films are refused
                self._landing.clear(abandoned_seconds)
        self._door.close_door()

    def _build_door(self) -> Door:
        settings = self._settings
        seconds, longest = settings.listen_seconds, settings.max_file_bytes + LONGEST_PDU_BYTES
        also = [word for word in FURTHER if word in split_words(settings.listen_also)]
        tls = None
        if settings.listen_certificate_file is not None and settings.listen_key_file is not None:
            tls = build_tls(settings.listen_certificate_file, settings.listen_key_file, settings.listen_client_ca_file)
        host, port = split_address(DEFAULT_LISTEN if settings.listen == OFF else settings.listen)
        try:
            door = _build_entity(settings).make_server(
                (host, port),
                contexts=build_contexts(also),
                evt_handlers=[
                    (evt.EVT_REQUESTED, self._judge_request),
                    (evt.EVT_ACCEPTED, self._let_idle),
                    (evt.EVT_PDU_RECV, self._count_memory),
                    (evt.EVT_DIMSE_RECV, self._end_message),
                    (evt.EVT_C_STORE, self._store),
                    (evt.EVT_RELEASED, self._say_what_was_refused),
                    (evt.EVT_ABORTED, self._say_what_was_refused),
                ],
                server_class=Door,
                allow=self._allow,
                seats=self._seats,
                seconds=seconds,
                build_bounds=lambda: Bounds(seconds, longest),
                tls=tls,
            )
        except OSError as error:
            message = f"nobody can call {host}:{port} ({error.strerror}): see XRAY_LISTEN"
            raise ListenError(message) from None
        return cast(Door, door)

    def _announce(self) -> None:
        host, port = self.address
        host = f"[{host}]" if ":" in host else host
        titles = " and ".join(filter(None, (self._settings.ae_title, self._settings.stat_ae_title)))
        how = "by TLS " if self._settings.listen_certificate_file else ""
        logger.info("receiving %sas %s at %s:%d", how, titles, host, port, extra={"action": "listening"})
        if self._allow.is_open:
            logger.warning("XRAY_ALLOW is *: anybody may send films", extra={"action": "listening_to_all"})

    def _judge_request(self, event: evt.Event) -> None:
        """Refuse an association that asks for another, or that comes from somebody else."""
        try:
            self._refuse_strangers(event)
        except Exception:  # noqa: BLE001  (pynetdicom would go on as if nothing spoke against it)
            _find_line(event).hang_up("it asks for no association that can be understood")
            event.assoc.is_aborted = True
            event.assoc.kill()

    def _refuse_strangers(self, event: evt.Event) -> None:
        association, request = event.assoc, cast(A_ASSOCIATE, event.assoc.requestor.primitive)
        address = association.requestor.address
        calling, called = request.calling_ae_title.strip(), request.called_ae_title.strip()
        if called not in filter(None, (self._settings.ae_title, self._settings.stat_ae_title)):
            self._reject(event, "it calls another AE title than ours", REJECTED, BY_USER, CALLED_NOT_KNOWN)
        elif not (is_ae_title(calling) and self._allow.allows(calling, address)):
            self._reject(event, "its AE title is not in XRAY_ALLOW for it", REJECTED, BY_USER, CALLING_NOT_KNOWN)
        elif association.requestor.implementation_class_uid == IMPLEMENTATION_CLASS_UID:
            self._reject(event, "it is an xray-watch, which sends answers and no films", REJECTED, BY_USER, NO_REASON)
        elif not self._seats.admit(_find_line(event).seat):
            self._reject(event, "there are too many associations", TRANSIENT, BY_PRESENTATION, LIMIT_EXCEEDED)

    def _reject(self, event: evt.Event, why: str, *reason: int) -> None:
        address = event.assoc.requestor.address
        logger.warning("refused an association from %s: %s", address, why, extra={"action": "caller_refused"})
        event.assoc.acse.send_reject(*reason)
        event.assoc.kill()

    def _count_memory(self, event: evt.Event) -> None:
        """Count what pynetdicom keeps in memory: all of a message but a film's data set, which it writes to disk."""
        line = _find_line(event)
        if not isinstance(event.pdu, P_DATA_TF):
            return
        event.assoc.network_timeout = self._settings.listen_seconds  # what has begun must go on
        if isinstance(event.assoc.dimse.message, C_STORE_RQ):
            return
        try:
            line.bounds.count_memory(len(event.pdu))
        except CallerError as error:
            line.hang_up(str(error))

    def _end_message(self, event: evt.Event) -> None:
        line = _find_line(event)
        line.bounds.end_message()
        self._let_idle(event)
        if event.assoc.dimse.msg_queue.qsize() >= MESSAGES_WAITING:
            line.hang_up("sends without waiting for our answers")

    def _let_idle(self, event: evt.Event) -> None:
        """Wait for the next message as long as the site lets a modality be idle: it owes us nothing now."""
        event.assoc.network_timeout = self._settings.listen_idle_seconds or self._settings.listen_seconds

    def _say_what_was_refused(self, event: evt.Event) -> None:
        """Say why no film came of an association, once; many propose all that they know, and send what is taken."""
        association = event.assoc
        if association in self._senders:
            return
        taken = {context.abstract_syntax for context in association.accepted_contexts}
        proposed = {context.abstract_syntax for context in association.rejected_contexts}
        refused = {uid for uid in proposed - taken if uid is not None}
        if said := describe_refused(refused):
            calling = association.requestor.ae_title.strip()
            message = "no film came from %s, which was refused %s"
            logger.warning(message, calling, said, extra={"action": "class_refused"})

    def _store(self, event: evt.Event) -> Dataset | int:
        """Answer C-STORE: success only when the film is safe in the inbox."""
        self._senders.add(event.assoc)
        if event.request.AffectedSOPClassUID != event.context.abstract_syntax:
            return _fail(OTHER_CLASS, "another SOP class than was negotiated")
        called = cast(A_ASSOCIATE, event.assoc.requestor.primitive).called_ae_title.strip()
        calling = event.assoc.requestor.ae_title.strip()
        stat = [self._stat_folder] if called == self._settings.stat_ae_title else []
        try:
            self._landing.check_room()
            self._landing.settle(Path(event.dataset_path), PurePath(*stat, name_sender_folder(calling)))
        except OSError as error:
            is_full = error.errno in (errno.ENOSPC, errno.EDQUOT)
            why = "no room on the disk" if is_full else f"cannot be written: {error.strerror or type(error).__name__}"
            return _fail(OUT_OF_ROOM if is_full else NOT_WRITTEN, why)
        logger.info("received a film from %s", calling, extra={"action": "film_received"})
        return SUCCESS


def _build_entity(settings: Settings) -> AE:
    entity = AE(settings.ae_title)
    entity.implementation_class_uid = IMPLEMENTATION_CLASS_UID
    entity.implementation_version_name = IMPLEMENTATION_VERSION_NAME
    entity.maximum_pdu_size = LONGEST_PDU_BYTES
    entity.maximum_associations = MORE * settings.listen_associations  # ours are counted by `Seats`
    entity.acse_timeout = entity.dimse_timeout = entity.network_timeout = settings.listen_seconds
    return entity


def _find_line(event: evt.Event) -> PlainSocket:
    """Return the connection that an event's association reads from."""
    return cast(PlainSocket, cast(AssociationSocket, event.assoc.dul.socket).socket)


def _fail(status: int, why: str) -> Dataset:
    logger.warning("a film was not taken (status %04X): %s", status, why, extra={"action": "film_not_taken"})
    answer = Dataset()
    answer.Status = status
    answer.ErrorComment = why[:64]  # LO
    return answer


def _find_stat_folder(settings: Settings) -> str:
    folder = next(iter(split_words(settings.stat_folders)), "")
    if settings.stat_ae_title and not folder:
        raise ListenError("films for XRAY_STAT_AE_TITLE go into a folder of XRAY_STAT_FOLDERS, and that names none")
    return folder


def _keep_quiet(hidden: Path) -> None:
    """Set what pynetdicom has for the whole process: films go to our disk, and nothing that it reads to the log."""
    _config.STORE_RECV_CHUNKED_DATASET = True
    _config.LOG_HANDLER_LEVEL = "none"
    tempfile.tempdir = str(hidden)
    logging.getLogger("pynetdicom").setLevel(logging.CRITICAL + 1)
    warnings.simplefilter("ignore")  # pydicom's quote values
    threading.excepthook = _say_what_ended


def _say_what_ended(args: threading.ExceptHookArgs) -> None:
    """Say of a connection's thread that it ended by an error, and not what it had read."""
    name = args.exc_type.__name__
    if isinstance(args.thread, Association):  # else its socket would stay open, and its seat taken
        args.thread.dul.kill_dul()
        line = args.thread.dul.socket and args.thread.dul.socket.socket
        if line is not None:
            line.close()
    if name != "InvalidEventError":  # pynetdicom's, of a caller who has gone
        logger.error("a connection ended by %s", name, extra={"action": "connection_failed"})
