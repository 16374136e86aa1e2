"""``listen``: films by DICOM."""

from pathlib import Path
from typing import Annotated

import typer

from cli.errors import exit_codes


def listen(
    inbox: Annotated[
        Path | None, typer.Argument(metavar="INBOX", help="Folder that films are put into; default: XRAY_INBOX.")
    ] = None,
) -> None:
    """Receive films by DICOM (C-STORE) and put each into an inbox; Ctrl-C stops.

    Answers "success" only when a film is safe on disk. XRAY_LISTEN says where (0.0.0.0:11112), XRAY_AE_TITLE as whom
    (XRAY), XRAY_ALLOW who may send.

    Example: XRAY_ALLOW=CT1@192.168.1.7 xray-cli listen /data/inbox
    """
    with exit_codes():
        import signal
        from threading import Event

        from installation.logs import configure_logging
        from installation.sources import read_settings
        from pacs.receiving.listener import Listener

        settings = read_settings()
        configure_logging(settings.log_format)
        stop = Event()
        listener = Listener(settings, inbox or settings.inbox[0])
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: stop.set())
        listener.run(stop)
