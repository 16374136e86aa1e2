"""Telling a service manager that the service is up and goes round: what sd_notify(3) sends, if somebody listens."""

import os
import socket
from contextlib import suppress


def notify_manager(*facts: str) -> None:
    """Send facts such as ``READY=1`` or ``WATCHDOG=1`` to the socket that NOTIFY_SOCKET names, or to nobody."""
    path = os.environ.get("NOTIFY_SOCKET")
    if not path:
        return
    address = path.replace("@", "\0", 1) if path.startswith("@") else path  # an abstract socket
    with suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.setblocking(False)
        manager.sendto("\n".join(facts).encode(), address)
