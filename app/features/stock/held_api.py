"""The list of held items for devices that scan without a network: barcodes and what to do, no person, no free text."""

import gzip
from hashlib import sha256
from typing import Annotated

from fastapi import Header, Response
from pydantic import ConfigDict, Field
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app.db import Session
from app.domain.clearance import HoldKind
from app.domain.held_list import LISTED, words_of
from app.web.auth import Actor
from app.web.once import api_router
from app.web.shapes import Shape

router = api_router("stock")

# Joined in the database: 75,000 rows would be a hundred times the work, and the list is read by every device.
HELD = text("""
    SELECT hold.kind, COALESCE(notice.reference, '') AS notice,
           string_agg(DISTINCT item.barcode, ' ' ORDER BY item.barcode) AS barcodes
    FROM hold JOIN item ON item.id = hold.item_id LEFT JOIN safety_notice AS notice ON notice.id = hold.notice_id
    WHERE hold.lifted_at IS NULL AND hold.kind = ANY(:kinds) AND item.state <> 'scrapped'
    GROUP BY 1, 2 ORDER BY 1, 2
""")


class HeldGroup(Shape):
    """Items that are held for one reason. `barcodes` with a blank between each two."""

    model_config = ConfigDict(frozen=True)

    text: str = Field(description="Why, as it is shown.")
    next_text: str = Field(description="What to do with it.")
    barcodes: str


class HeldList(Shape):
    """Everything that is held now, but for what is on its way between two stores."""

    model_config = ConfigDict(frozen=True)

    groups: list[HeldGroup]


@router.get("/held-items", response_model=HeldList, responses={304: {"description": "The list is as it was."}})
async def list_held(
    session: Session,
    actor: Actor,
    if_none_match: Annotated[str | None, Header()] = None,
    accept_encoding: Annotated[str, Header()] = "",
) -> Response:
    """What is held, for a device to keep: compressed, and not sent again while it is as the ETag says."""
    body = (await read_held(session)).model_dump_json().encode()
    tag = f'"{sha256(body).hexdigest()[:32]}"'
    headers = {"ETag": tag, "Vary": "Accept-Encoding"}
    if if_none_match and tag in if_none_match:
        return Response(status_code=304, headers=headers)
    if "gzip" in accept_encoding:
        body, headers = gzip.compress(body, 5, mtime=0), headers | {"Content-Encoding": "gzip"}
    return Response(body, media_type="application/json", headers=headers)


async def read_held(session: AsyncSession) -> HeldList:
    """The list. One statement."""
    groups = []
    for row in await session.execute(HELD, {"kinds": list(LISTED)}):
        why, then = words_of(HoldKind(row.kind), row.notice)
        groups.append(HeldGroup(text=why, next_text=then, barcodes=row.barcodes))
    return HeldList(groups=groups)
