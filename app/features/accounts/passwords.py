"""Passwords: what a new one must be like, how it is kept and compared, and how one is made up. No accounts here."""

import secrets
from typing import Final

from anyio import to_thread
from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher

from app.domain.errors import BadValue

HASHER: Final = PasswordHash((Argon2Hasher(),))
# For the demonstration's password, which everybody knows: the least that OWASP's cheat sheet names.
LIGHT_HASHER: Final = PasswordHash((Argon2Hasher(time_cost=2, memory_cost=19 * 1024, parallelism=1),))
DEMONSTRATION_PASSWORD: Final = "equipment-demo"  # noqa: S105 - the demonstration's password is known to everybody
SHORTEST_PASSWORD: Final = 12
LONGEST_PASSWORD: Final = 1000
# Nothing that is mistaken for something else when it is read out or written down.
LETTERS: Final = "abcdefghjkmnpqrstuvwxyz23456789"


def check_new_password(password: str, *, username: str, field: str) -> None:
    """Refuse what is too easy to guess. Raises BadValue `weak-password` or `password-is-username`."""
    if len(password) < SHORTEST_PASSWORD:
        detail = f"A password has at least {SHORTEST_PASSWORD} characters. Three random words are a good one."
        raise BadValue("weak-password", detail, field=field)
    if password.strip().casefold() == username.casefold():
        detail = "The password must not be the username. Three random words are a good one."
        raise BadValue("password-is-username", detail, field=field)


def make_up_password() -> str:
    """A password of 99 random bits that can be read out: four groups of five letters and digits."""
    return "-".join("".join(secrets.choice(LETTERS) for _ in range(5)) for _ in range(4))


async def hash_password(password: str, *, known_to_all: bool = False) -> str:
    """What is kept of a password. One that everybody knows is not made hard to find out."""
    return await to_thread.run_sync((LIGHT_HASHER if known_to_all else HASHER).hash, password)


async def is_right(password: str, kept: str | None) -> bool:
    """Whether this is the password that was kept. Without one it is never right, and takes the same time to say so."""
    known = kept if kept is not None else _nobody()
    right = await to_thread.run_sync(HASHER.verify, password[:LONGEST_PASSWORD], known)
    return right and kept is not None


_NOBODY: list[str] = []


def _nobody() -> str:
    """A hash that nobody's password has, made on first need."""
    if not _NOBODY:
        _NOBODY.append(HASHER.hash(secrets.token_urlsafe(16)))
    return _NOBODY[0]
