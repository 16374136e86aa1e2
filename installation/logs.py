"""Logs: an action, an arrival id, and never who the patient is. Text for a terminal, JSON lines for machines."""

import logging
import sys
from typing import Literal

TEXT = "%(asctime)s %(levelname)-7s %(arrival)s%(message)s"


class _TextFormatter(logging.Formatter):
    """Puts the arrival before the message; the other facts stand in the message."""

    def format(self, record: logging.LogRecord) -> str:
        """Format one line."""
        record.arrival = f"arrival {record.arrival_id}: " if hasattr(record, "arrival_id") else ""
        return super().format(record)


def configure_logging(log_format: Literal["auto", "text", "json"], handler: logging.Handler | None = None) -> None:
    """Send this process's logs to standard error, or to a handler."""
    handler = handler or logging.StreamHandler(sys.stderr)
    if log_format == "json" or (log_format == "auto" and not sys.stderr.isatty()):
        from pythonjsonlogger.json import JsonFormatter

        names = {"levelname": "level", "name": "logger"}
        shown, others = "{levelname}{name}{message}", {"action": "library"}  # ours name theirs: docs/logs.md
        handler.setFormatter(JsonFormatter(shown, style="{", rename_fields=names, timestamp="at", defaults=others))
    else:
        handler.setFormatter(_TextFormatter(TEXT, datefmt="%H:%M:%S"))
    logging.basicConfig(level=logging.INFO, handlers=[handler], force=True)
    for noisy in ("celery", "kombu", "amqp", "alembic", "watchdog"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
    # what these say with a traceback (a killed child, a broker that went away or refuses) the service says in a line
    for wordy in ("celery.worker.request", "kombu.transport.redis"):
        logging.getLogger(wordy).setLevel(logging.CRITICAL + 1)
