"""What the database may hold of a patient: nothing that names one, unless the site says so."""

import hmac
from collections.abc import Callable

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
        Identifier to what is stored: itself, or ``hmac-sha256:`` and 64 hexadecimal digits (RFC 2104).
    """

    def protect(identifier: str | None) -> str | None:
        significant = (identifier or "").strip()  # spaces around LO and SH mean nothing (PS3.5 6.2)
        if not significant:
            return None
        if store_identifiers:
            return significant
        return "hmac-sha256:" + hmac.new(key, significant.encode(), "sha256").hexdigest()

    return protect
