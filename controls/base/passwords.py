"""Password hashes: Argon2id, few at once, since each takes 64 MB (RFC 9106, OWASP)."""

import secrets
import threading

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerifyMismatchError

_hasher = PasswordHasher()
_dummy = _hasher.hash(secrets.token_hex(16))
_few = threading.BoundedSemaphore(4)


def digest(password: str) -> str:
    """The hash that is stored."""
    with _few:
        return _hasher.hash(password)


def fits(stored: str | None, password: str) -> bool:
    """Whether the password is the one behind the hash; takes as long when there is none."""
    with _few:
        try:
            _hasher.verify(stored or _dummy, password)
        except (VerifyMismatchError, InvalidHashError):
            return False
    return bool(stored)
