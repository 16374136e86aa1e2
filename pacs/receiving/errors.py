"""What keeps films from being received.

::

    ReceivingError
    ├── ListenError   the address cannot be listened at, or a setting of it cannot be used
    └── InboxError    films cannot be written beside or into the inbox
"""

import os

from pacs.errors import PacsError


class ReceivingError(PacsError):
    """Base of these."""


class ListenError(ReceivingError):
    """Nobody could call us."""

    exit_code = os.EX_UNAVAILABLE


class InboxError(ReceivingError):
    """The inbox cannot take what is received."""

    exit_code = os.EX_CANTCREAT
