"""A file between its check and its confirmation: it travels in the page, packed and signed, so that what is written is
exactly what was checked, by the same person, and nothing lies about on the server.
"""

import zlib
from base64 import b64decode, b64encode
from binascii import Error
from hashlib import sha256
from hmac import compare_digest
from typing import Final

from app.domain.errors import BadValue
from app.features.imports.columns import Kind
from app.settings import Settings
from app.web.auth import sign

ROOM: Final = 50_000
"""Bytes of a request that are not the file: the other fields and the marks between them."""


def most_bytes(settings: Settings) -> int:
    """The largest file that the page takes: what the request body may have, packed by no more than its own size."""
    room = min(ROOM, settings.max_body_bytes // 2)
    return min(settings.max_body_bytes - room, LARGEST_FIELD) * 3 // 4


LARGEST_FIELD: Final = 1_000_000
"""What one field of a form may have: the reader of forms takes 2**20 bytes."""


def pack(settings: Settings, kind: Kind, content: bytes, *, actor: str) -> tuple[str, str]:
    """The file for a hidden field, and the signature for another."""
    return b64encode(zlib.compress(content)).decode(), _signature(settings, kind, content, actor=actor)


def unpack(settings: Settings, kind: Kind, packed: str, signature: str, *, actor: str) -> bytes:
    """The file that was checked. Raises BadValue `not-the-checked-file` for any other."""
    unpacker = zlib.decompressobj()
    try:
        content = unpacker.decompress(b64decode(packed, validate=True), most_bytes(settings))
    except (Error, ValueError, zlib.error):
        content = b""
    if not compare_digest(signature.encode(), _signature(settings, kind, content, actor=actor).encode()):
        detail = "This is not the file that was checked. Choose the file again and check it once more."
        raise BadValue("not-the-checked-file", detail)
    return content


def _signature(settings: Settings, kind: Kind, content: bytes, *, actor: str) -> str:
    return sign(settings, f"import:{kind}:{actor}:{sha256(content).hexdigest()}")
