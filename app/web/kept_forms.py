"""A form that was sent after its sign-in had ended: carried through the sign-in page, encrypted, and kept nowhere else.

It names nobody. Whose form it is, its own token says, which is bound to the sign-in under which the page was opened
(`web/auth.py`): it is given back only to who had that sign-in. So a form that another site sent belongs to nobody.
"""

import hmac
import json
from base64 import urlsafe_b64encode
from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import sha256

from cryptography.fernet import Fernet, InvalidToken
from fastapi import Request
from starlette.exceptions import HTTPException

from app.settings import Settings
from app.web.auth import csrf_token, secret_of

MOST_KEPT = 60_000
"""So many characters of a form are carried: far more than anybody types, and little for a page."""
NEVER_KEPT = "password"


@dataclass(frozen=True, slots=True)
class KeptForm:
    """Where it was sent, and all its fields but the token."""

    path: str
    token: str
    fields: list[tuple[str, str]]

    def is_of(self, settings: Settings, sign_ins: Iterable[str]) -> bool:
        """Whether its page was opened under one of these sign-ins, which are named by their hashes."""
        tokens = (csrf_token(settings, hashed) for hashed in sign_ins)
        return any(hmac.compare_digest(self.token.encode(), token.encode()) for token in tokens)


async def keep(request: Request) -> str:
    """The form of this request, encrypted; nothing where it has no token, a password, a file, or too much."""
    try:
        sent = (await request.form()).multi_items()
    except HTTPException:
        return ""
    fields = [(name, value) for name, value in sent if isinstance(value, str)]
    token = next((value for name, value in fields if name == "csrf_token"), "")
    secrets = any(NEVER_KEPT in name for name, _ in fields)
    size = sum(len(name) + len(value) for name, value in fields)
    if not token or secrets or size > MOST_KEPT or len(fields) < len(sent):
        return ""
    path = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    kept = {"path": path, "token": token, "fields": [one for one in fields if one[0] != "csrf_token"]}
    return _box(request).encrypt(json.dumps(kept).encode()).decode()


def read(request: Request, kept: str) -> KeptForm | None:
    """What `keep` made; None where it is not that."""
    try:
        found = json.loads(_box(request).decrypt(kept.encode()))
    except (InvalidToken, ValueError):
        return None
    return KeptForm(found["path"], found["token"], [(name, value) for name, value in found["fields"]])


def _box(request: Request) -> Fernet:
    return Fernet(urlsafe_b64encode(sha256(f"kept-form:{secret_of(request)}".encode()).digest()))
