"""TLS for senders, as PS3.15 B.12 and BCP 195 (RFC 8996, RFC 9325) ask for."""

import select
import ssl
import time
from pathlib import Path

from pacs.receiving.bounds import CallerError, TlsSocket
from pacs.receiving.errors import ListenError

# RFC 9325 4.2 for TLS 1.2: forward secrecy and authenticated encryption alone; TLS 1.3 has nothing else
CIPHERS = "ECDHE+AESGCM:ECDHE+CHACHA20"


def build_tls(certificate: Path, key: Path, client_ca: Path | None) -> ssl.SSLContext:
    """Build what makes connections secret; with a CA, senders show a certificate of theirs.

    Raises
    ------
    ListenError
        Certificate and key do not fit together or are none, in one line.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_ciphers(CIPHERS)
    context.options |= ssl.OP_NO_COMPRESSION | ssl.OP_NO_RENEGOTIATION
    context.sslsocket_class = TlsSocket
    try:
        context.load_cert_chain(certificate, key, password=_refuse_password)
        if client_ca is not None:
            context.load_verify_locations(client_ca)
            context.verify_mode = ssl.CERT_REQUIRED
    except (OSError, ValueError) as error:
        why = getattr(error, "reason", None) or getattr(error, "strerror", None) or "no unencrypted PEM"
        raise ListenError(
            f"certificate, key or CA cannot be used for TLS ({why}): see XRAY_LISTEN_CERTIFICATE_FILE"
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


def _refuse_password() -> str:
    raise ValueError("the key has a password")
