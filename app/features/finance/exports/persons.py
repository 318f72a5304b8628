"""What stands for a person in reports: the same for the same client, and nobody's name or number.

HMAC-SHA256 of the client's number in our records under the service's secret, its first ten hexadecimal digits. Who has
no secret cannot tell who it is, nor make a list to look it up in; who has it, and the database, can.
"""

from hashlib import sha256
from typing import Final

DIGITS: Final = 10
BLOCK: Final = 64

PERSON_SQL: Final = f"""
    CASE WHEN line.client_id IS NOT NULL THEN left(encode(sha256(CAST(:outer_pad AS bytea) || sha256(
        CAST(:inner_pad AS bytea) || convert_to(line.client_id::text, 'UTF8'))), 'hex'), {DIGITS}) END
"""
"""It in SQL, of `line.client_id`, with what `pads` gives bound."""


def pads(secret: str) -> dict[str, bytes]:
    """The secret as `PERSON_SQL` takes it: RFC 2104's two pads, since PostgreSQL itself has SHA-256 but no HMAC."""
    key = secret.encode()
    key = (sha256(key).digest() if len(key) > BLOCK else key).ljust(BLOCK, b"\0")
    return {"inner_pad": bytes(byte ^ 0x36 for byte in key), "outer_pad": bytes(byte ^ 0x5C for byte in key)}
