"""TLS for senders: certificates, and a handshake that is over in time."""

import select
import ssl
import time
from pathlib import Path

from pacs.receiving.bounds import CallerError, TlsSocket
from pacs.receiving.errors import ListenError
from pacs.tls import describe_fault, harden, show_certificate


def build_tls(certificate: Path, key: Path, client_ca: Path | None) -> ssl.SSLContext:
    """Build what makes connections secret; with a CA, senders show a certificate of theirs.

    Raises
    ------
    ListenError
        Certificate and key do not fit together or are none, in one line.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    harden(context)
    context.sslsocket_class = TlsSocket
    try:
        show_certificate(context, certificate, key)
        if client_ca is not None:
            context.load_verify_locations(client_ca)
            context.verify_mode = ssl.CERT_REQUIRED
    except (OSError, ValueError) as error:
        raise ListenError(
            f"certificate, key or CA cannot be used for TLS ({describe_fault(error)}): see XRAY_LISTEN_CERTIFICATE_FILE"
        ) from None
    return context


def shake_hands(caller: TlsSocket, seconds: float) -> None:
    """Make the connection secret within so many seconds, however slowly the caller writes.

    Raises
    ------
    OSError
        The caller does not, or has no certificate that we accept.
    """
    until = time.monotonic() + seconds
    caller.setblocking(False)
    while True:
        reads: list[TlsSocket] = []
        writes: list[TlsSocket] = []
        try:
            caller.do_handshake()
        except ssl.SSLWantReadError:
            reads.append(caller)
        except ssl.SSLWantWriteError:
            writes.append(caller)
        else:
            return
        left = until - time.monotonic()
        if left <= 0 or not any(select.select(reads, writes, [], left)):
            raise CallerError(f"no TLS handshake within {seconds:g} s")
