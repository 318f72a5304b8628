"""How to get in, encrypted with a key made from the service's secret: the database alone gives no door away."""

from base64 import urlsafe_b64encode
from hashlib import sha256

from cryptography.fernet import Fernet, InvalidToken

from app.domain.errors import Conflict


def encrypt(notes: str, *, secret: str) -> bytes:
    """The notes, readable only with the same secret."""
    return Fernet(_key(secret)).encrypt(notes.encode())


def decrypt(encrypted: bytes, *, secret: str) -> str:
    """The notes. Raises Conflict `access-notes-unreadable` when they were written under another secret."""
    try:
        return Fernet(_key(secret)).decrypt(encrypted).decode()
    except InvalidToken:
        detail = "These access notes were written under another STORES_SECRET_KEY. Ask the client again."
        raise Conflict("access-notes-unreadable", detail) from None


def _key(secret: str) -> bytes:
    return urlsafe_b64encode(sha256(f"access-notes:{secret}".encode()).digest())
