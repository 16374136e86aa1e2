"""What makes connections secret, as PS3.15 B.12 and BCP 195 (RFC 8996, RFC 9325) ask for: with senders, and targets."""

import ssl
from pathlib import Path

# RFC 9325 4.2 for TLS 1.2: forward secrecy and authenticated encryption alone; TLS 1.3 has nothing else
CIPHERS = "ECDHE+AESGCM:ECDHE+CHACHA20"


def harden(context: ssl.SSLContext) -> None:
    """Leave of TLS what is safe."""
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_ciphers(CIPHERS)
    context.options |= ssl.OP_NO_COMPRESSION | ssl.OP_NO_RENEGOTIATION


def show_certificate(context: ssl.SSLContext, certificate: Path, key: Path) -> None:
    """Show a certificate of ours to the other side; raises OSError or ValueError where it cannot be used."""
    context.load_cert_chain(certificate, key, password=_refuse_password)


def describe_fault(error: Exception) -> str:
    """Say in a few words what is wrong with certificate, key or CA."""
    return getattr(error, "reason", None) or getattr(error, "strerror", None) or "no unencrypted PEM"


def _refuse_password() -> str:
    raise ValueError("the key has a password")
