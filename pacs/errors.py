"""What keeps an answer from being made or sent; what keeps films from being received stands in `pacs.receiving`."""

import os


class PacsError(Exception):
    """Something of the PACS edge does not work."""


class NoStudyError(PacsError):
    """The file belongs to no study: PNG, JPEG, or DICOM without usable UIDs. No answer can be made for it."""

    exit_code = os.EX_DATAERR


class AnswerNotMadeError(PacsError):
    """The answer cannot be made now: its film or its model is not where it was."""

    exit_code = os.EX_NOINPUT


class TargetError(PacsError):
    """A setting names no target, or a command names one that is not set."""

    exit_code = os.EX_CONFIG
