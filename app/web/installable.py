"""What makes the service an app on a phone or a handheld: its manifest, its service worker, the page for no network.

None of it says anything of anybody, so all of it is public.
"""

from pathlib import Path

from fastapi import APIRouter, HTTPException, Request
from fastapi.responses import FileResponse, HTMLResponse, JSONResponse, Response

from app.settings import Settings
from app.web.auth import Public
from app.web.templating import asset, render

WORKER = Path(__file__).resolve().parent.parent / "static/dist/service-worker.js"

router = APIRouter(include_in_schema=False)


@router.get("/manifest.webmanifest")
async def manifest(request: Request, _: Public) -> Response:
    """What the app is called, and how it looks on a home screen."""
    settings: Settings = request.app.state.settings
    icons = [
        {"src": asset("icons/icon-192.png"), "sizes": "192x192", "type": "image/png"},
        {"src": asset("icons/icon-512.png"), "sizes": "512x512", "type": "image/png"},
        {"src": asset("icons/maskable-512.png"), "sizes": "512x512", "type": "image/png", "purpose": "maskable"},
    ]
    content = {
        "id": "/",
        "name": settings.service_name,
        "short_name": "Stores",
        "description": "Returns, deliveries and collections of community equipment, scanned with or without a network.",
        "lang": "en-GB",
        "start_url": "/",
        "scope": "/",
        "display": "standalone",
        "background_color": "#ffffff",
        "theme_color": "#0e4a4f",
        "icons": icons,
        "shortcuts": [{"name": "Scan", "url": "/scan"}],
    }
    return JSONResponse(content, media_type="application/manifest+json")


@router.get("/service-worker.js")
async def service_worker(_: Public) -> Response:
    """At the root, because a worker may serve only what lies below it. A browser asks for it anew each time."""
    if not WORKER.is_file():
        raise HTTPException(404)
    return FileResponse(WORKER, media_type="text/javascript", headers={"Cache-Control": "no-cache"})


@router.get("/offline")
async def offline(request: Request, _: Public) -> HTMLResponse:
    """What the worker keeps to show where there is no network."""
    return render(request, "offline.html")
