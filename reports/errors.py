"""What can be wrong with the question, and on the way to a reader; whatever is in the ledger can be reported.

::

    ReportError
    |-- PeriodError         a time that cannot be read, or a period that ends before it begins
    |-- TimeZoneError       no time zone of that name
    |-- QuestionError       a label, outcome, group, probability or reference that does not exist
    |-- ReportFormatError   no such format
    |-- DeliverySettingsError   an address, a server or a URL is missing or is none
    `-- DeliveryError       a report could not be handed over; it waits in the outbox
"""

import os

USAGE = 2  # as Typer ends a command that was given what it does not take


class ReportError(Exception):
    """Base of every decision of this room."""


class PeriodError(ReportError):
    """A time cannot be read, or the period ends before it begins."""

    exit_code = USAGE


class TimeZoneError(ReportError):
    """There is no time zone of that name, or the machine does not say which is its own."""

    exit_code = os.EX_CONFIG


class QuestionError(ReportError):
    """There is no such label, outcome, group, probability or reference."""

    exit_code = USAGE


class ReportFormatError(ReportError):
    """There is no such format of a report."""

    exit_code = USAGE


class DeliverySettingsError(ReportError):
    """Mail or webhook cannot be used as they are set."""

    exit_code = os.EX_CONFIG


class DeliveryError(ReportError):
    """A report could not be handed over.

    Attributes
    ----------
    is_final : bool
        Trying again soon will not help: somebody has to do something.
    """

    def __init__(self, message: str, *, is_final: bool = False) -> None:
        super().__init__(message)
        self.is_final = is_final
