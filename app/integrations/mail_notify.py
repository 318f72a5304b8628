"""Sending e-mail by GOV.UK Notify, through its HTTP interface as its documentation describes it (version 2)."""

import re
import time
from dataclasses import dataclass
from typing import Any

import httpx
import jwt
from pydantic import SecretStr

from app.integrations.mail import Letter, MailError

TIMEOUT_SECONDS = 20
UUID = r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
API_KEY = re.compile(rf"(?:.+-)?(?P<service>{UUID})-(?P<secret>{UUID})", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class NotifyMailer:
    """A service of GOV.UK Notify, and its template that shows ((subject)) and ((body)).

    Raises ValueError when the API key is not shaped like one of Notify's.
    """

    api_key: SecretStr
    template_id: str
    url: str

    def __post_init__(self) -> None:
        self._key_parts()

    async def send(self, letter: Letter) -> str:
        """Hand it to Notify, which then tries for three days; our number of it is its `reference`."""
        body = {
            "email_address": letter.to,
            "template_id": self.template_id,
            "personalisation": {"subject": letter.subject, "body": letter.body},
            "reference": f"message-{letter.number}",
        }
        try:
            async with httpx.AsyncClient(base_url=self.url, timeout=TIMEOUT_SECONDS) as client:
                answer = await client.post("/v2/notifications/email", json=body, headers=self._headers())
                said = answer.json()
        except (httpx.HTTPError, ValueError) as error:
            raise MailError(f"GOV.UK Notify cannot be reached: {error}") from error
        if answer.status_code != httpx.codes.CREATED:
            raise _refusal(answer.status_code, said)
        return f"notify:{said['id']}"

    def _headers(self) -> dict[str, str]:
        service, secret = self._key_parts()
        token = jwt.encode({"iss": service, "iat": int(time.time())}, secret, algorithm="HS256")
        return {"Authorization": f"Bearer {token}"}

    def _key_parts(self) -> tuple[str, str]:
        parts = API_KEY.fullmatch(self.api_key.get_secret_value().strip())
        if parts is None:
            raise ValueError("STORES_NOTIFY_API_KEY is not a key of GOV.UK Notify: name-service-secret.")
        return parts["service"], parts["secret"]


def _refusal(status: int, said: dict[str, Any]) -> MailError:
    """What Notify answered. A wrong address is for good; a wrong template, a limit or a fault of theirs is not."""
    errors = said.get("errors") or [{"error": "", "message": ""}]
    words = "; ".join(f"{error.get('error')}: {error.get('message')}" for error in errors)
    about_address = any(str(error.get("message", "")).startswith("email_address") for error in errors)
    return MailError(
        f"GOV.UK Notify answered {status}. {words}", for_good=status == httpx.codes.BAD_REQUEST and about_address
    )
