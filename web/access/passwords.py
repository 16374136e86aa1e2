"""Passwords: hashed with argon2id, and compared in the same time whether or not there is such a user."""

from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerifyMismatchError

from web.errors import PasswordError

SHORTEST = 12
LONGEST_NAME = 60
LONGEST = 200  # longer ones only cost time

_hasher = PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1)  # OWASP's, 2023; the machine also screens


def check_name(name: str) -> None:
    """Refuse names that cannot be typed or told from one another.

    Raises
    ------
    PasswordError
        In one line.
    """
    if not name or len(name) > LONGEST_NAME or not name.isprintable() or name != name.strip():
        message = f"a name has 1 to {LONGEST_NAME} signs that can be seen, and no space at its ends"
        raise PasswordError(message)


def hash_password(password: str) -> str:
    """Return what the ledger keeps of a password.

    Raises
    ------
    PasswordError
        It is too short or too long.
    """
    if not SHORTEST <= len(password) <= LONGEST:
        message = f"a password has {SHORTEST} to {LONGEST} characters, this one has {len(password)}"
        raise PasswordError(message)
    return _hasher.hash(password)


def is_right(password_hash: str | None, password: str) -> bool:
    """Return whether a password is the one that was hashed; None, where there is no such user, takes as long."""
    try:
        _hasher.verify(password_hash or _hash_of_nobody(), password[: LONGEST + 1])
    except (VerifyMismatchError, InvalidHashError):
        return False
    return password_hash is not None


@cache
def _hash_of_nobody() -> str:
    return _hasher.hash("nobody has this password")
