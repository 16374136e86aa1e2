"""What can be wrong with the question; whatever is in the ledger can be reported.

::

    ReportError
    |-- PeriodError         a time that cannot be read, or a period that ends before it begins
    |-- TimeZoneError       no time zone of that name
    |-- QuestionError       a label, outcome, group, probability or reference that does not exist
    `-- ReportFormatError   no such format
"""


class ReportError(Exception):
    """Base of every decision of this room."""


class PeriodError(ReportError):
    """A time cannot be read, or the period ends before it begins."""


class TimeZoneError(ReportError):
    """There is no time zone of that name, or the machine does not say which is its own."""


class QuestionError(ReportError):
    """There is no such label, outcome, group, probability or reference."""


class ReportFormatError(ReportError):
    """There is no such format of a report."""
