"""JSON routes of panels' settings."""

from fastapi import Response

from app.db import Session
from app.features.panel import settings, settings_queries
from app.features.panel.settings_schemas import NewPanel, PanelBody, PanelChange, PanelSettings
from app.web.auth import Actor
from app.web.clock import Now
from app.web.etags import Version, etag
from app.web.fields import After, Limit
from app.web.once import api_router
from app.web.paging import CODE, Page, page_of, text_cursor

router = api_router("specialist equipment panel")


@router.get("/panels")
async def list_panels(session: Session, actor: Actor, limit: Limit = 50, after: After = None) -> Page[PanelBody]:
    """The panels by code, and what each decides."""
    rows = await settings_queries.list_panels(session, after=text_cursor(after, CODE), limit=limit)
    return page_of(rows, limit=limit, cursor=lambda row: row.code)


@router.post("/panels", status_code=201)
async def add_panel(session: Session, actor: Actor, now: Now, response: Response, body: NewPanel) -> PanelSettings:
    """Add a panel."""
    await settings.add_panel(session, body, actor=actor.username, at=now)
    return await _shown(session, response, body.code)


@router.get("/panels/{code}")
async def get_panel(session: Session, actor: Actor, response: Response, code: str) -> PanelSettings:
    """One panel with its members and budgets."""
    return await _shown(session, response, code)


@router.patch("/panels/{code}")
async def change_panel(
    session: Session, actor: Actor, now: Now, response: Response, code: str, version: Version, body: PanelChange
) -> PanelSettings:
    """Change what the body names. Orders that are submitted already stay with the panel that they went to."""
    await settings.change_panel(session, code, body, version=version, actor=actor.username, at=now)
    return await _shown(session, response, code)


async def _shown(session: Session, response: Response, code: str) -> PanelSettings:
    panel = await settings_queries.get_panel(session, code)
    response.headers["ETag"] = etag(panel.version)
    return panel
