"""What the database may hold of a patient: nothing that names one, unless the site says so."""

import hmac
import re
from collections.abc import Callable

PREFIX = "hmac-sha256:"
_PROTECTED = re.compile(PREFIX + r"[0-9a-f]{64}", re.ASCII)  # longer than any identifier of a header (PS3.5 6.2: 64)

Protect = Callable[[str | None], str | None]


def build_protection(*, store_identifiers: bool, key: bytes) -> Protect:
    """Return the function through which each identifier passes on its way into a row.

    Parameters
    ----------
    store_identifiers : bool
        Keep identifiers as they are.
    key : bytes
        Secret of the site; the same patient gives the same hash at one site and another elsewhere.

    Returns
    -------
    Callable
        Identifier to what is stored: itself, or ``hmac-sha256:`` and 64 hexadecimal digits (RFC 2104). What is such a
        hash already stays as it is: people copy it out of a report, to ask for the film or to say what it showed.
    """

    def protect(identifier: str | None) -> str | None:
        significant = (identifier or "").strip()  # spaces around LO and SH mean nothing (PS3.5 6.2)
        if not significant:
            return None
        if store_identifiers or _PROTECTED.fullmatch(significant):
            return significant
        return PREFIX + hmac.new(key, significant.encode(), "sha256").hexdigest()

    return protect
