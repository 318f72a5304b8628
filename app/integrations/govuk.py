"""Asking GOV.UK for safety notices: its Search API for what there is, its Content API for what one says."""

import asyncio
from dataclasses import dataclass
from typing import Protocol

import httpx

TIMEOUT_SECONDS = 20
ALL_OF_IT_SECONDS = 60
MOST_BYTES = 4_000_000
PAGE = 100
FIELDS = "title,link,description,public_timestamp,alert_type,medical_specialism,issued_date,content_id"


class AlertsUnreachable(Exception):
    """GOV.UK did not give what it was asked for, in words for people."""


class AlertSource(Protocol):
    """Where safety notices are published."""

    async def search(self, start: int, /) -> bytes:
        """A page of notices, those published last first, from this place on. Raises AlertsUnreachable."""
        ...

    async def content(self, base_path: str, /) -> bytes:
        """One notice. Raises AlertsUnreachable."""
        ...


class NullAlerts:
    """Asks nobody: there is nothing new."""

    async def search(self, _: int, /) -> bytes:
        """No results."""
        return b'{"results": []}'

    async def content(self, base_path: str, /) -> bytes:
        """Nothing is there."""
        raise AlertsUnreachable(f"Nobody is asked for {base_path}.")


@dataclass(frozen=True, slots=True)
class GovUkAlerts:
    """GOV.UK itself, by the addresses of its two interfaces."""

    search_url: str
    content_url: str

    async def search(self, start: int, /) -> bytes:
        """Ordered by when it was published, which is not the day of issue: that may lie weeks before."""
        asked = {"filter_format": "medical_safety_alert", "order": "-public_timestamp", "fields": FIELDS}
        return await self._get(self.search_url, {**asked, "count": str(PAGE), "start": str(start)})

    async def content(self, base_path: str, /) -> bytes:
        """The document at that path."""
        return await self._get(f"{self.content_url.rstrip('/')}{base_path}", {})

    async def _get(self, url: str, asked: dict[str, str]) -> bytes:
        """The answer, if it is whole, in time and not too large."""
        found = bytearray()
        try:
            async with (
                asyncio.timeout(ALL_OF_IT_SECONDS),
                httpx.AsyncClient(timeout=TIMEOUT_SECONDS, headers={"User-Agent": "equipment-stores"}) as client,
                client.stream("GET", url, params=asked or None) as answer,
            ):
                if answer.status_code != httpx.codes.OK:
                    raise AlertsUnreachable(f"GOV.UK answered {answer.status_code} for {url}.")
                async for part in answer.aiter_bytes():
                    found += part
                    if len(found) > MOST_BYTES:
                        raise AlertsUnreachable(f"GOV.UK answered with more than {MOST_BYTES:,} bytes for {url}.")
        except (httpx.HTTPError, httpx.InvalidURL, TimeoutError) as error:
            why = str(error) or type(error).__name__
            raise AlertsUnreachable(f"GOV.UK cannot be reached at {url}: {why}") from error
        return bytes(found)
