"""Passwords of readers, hashed with argon2.

Only a few passwords are hashed at the same time. A login attempt takes the same time whether or not the login exists.
"""

import asyncio

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

MIN_PASSWORD_CHARS, MAX_PASSWORD_CHARS = 10, 500
MAX_PARALLEL = 2
"""Maximum number of passwords that are hashed at the same time, because each calculation takes 64 MiB."""

_hasher = PasswordHasher()
_DUMMY_HASH = _hasher.hash("a password that nobody has")


def hash_password(password: str) -> str:
    """Return the hash of a password. Raises ``ValueError`` if the password is too short or too long."""
    if not MIN_PASSWORD_CHARS <= len(password) <= MAX_PASSWORD_CHARS:
        raise ValueError(f"a password has {MIN_PASSWORD_CHARS} to {MAX_PASSWORD_CHARS} characters")
    return _hasher.hash(password)


def is_password(password: str, password_hash: str) -> bool:
    """Return whether ``password_hash`` is the hash of this password.

    An empty hash means that the login does not exist. The result is then false, after the same time as for other
    logins, so that the time does not show which logins exist.
    """
    try:
        _hasher.verify(password_hash or _DUMMY_HASH, password[:MAX_PASSWORD_CHARS])
        return bool(password_hash)
    except (VerificationError, InvalidHashError):
        return False


class PasswordChecker:
    """Object that hashes and checks passwords in threads, at most ``MAX_PARALLEL`` at the same time."""

    def __init__(self) -> None:
        self._slots = asyncio.Semaphore(MAX_PARALLEL)

    async def is_password(self, password: str, password_hash: str) -> bool:
        """Return whether ``password_hash`` is the hash of this password."""
        async with self._slots:
            return await asyncio.to_thread(is_password, password, password_hash)

    async def hash(self, password: str) -> str:
        """Return the hash of a password. Raises ``ValueError`` if the password is too short or too long."""
        async with self._slots:
            return await asyncio.to_thread(hash_password, password)
