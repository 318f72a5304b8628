"""Pages to import a file: choose it, look at what the check says, confirm."""

from typing import Any

from fastapi import Request
from fastapi.responses import HTMLResponse, Response
from starlette.datastructures import UploadFile

from app.db import Session
from app.domain.errors import BadValue, Conflict
from app.features.imports import service
from app.features.imports.checked import most_bytes, pack, unpack
from app.features.imports.columns import COLUMNS, Kind
from app.features.imports.columns_doc import ABOUT, sample
from app.features.imports.schemas import ImportReport
from app.settings import Settings
from app.web.auth import Actor
from app.web.clock import Now
from app.web.flash import redirect
from app.web.forms import Form
from app.web.once import page_router
from app.web.problems import status_of
from app.web.tags import Prefix
from app.web.templating import render

router = page_router()


@router.get("/import")
async def choose_kind(request: Request, actor: Actor) -> HTMLResponse:
    """What can be imported."""
    return render(request, "imports/choose.html", {"kinds": list(Kind), "about": ABOUT})


@router.get("/import/{kind}")
async def choose_file(request: Request, actor: Actor, kind: Kind) -> HTMLResponse:
    """Choose the file; what its columns are."""
    return _choose(request, kind, Form())


@router.get("/import/{kind}/sample")
async def get_sample(actor: Actor, kind: Kind) -> Response:
    """A file that can be imported. With the mark by which Excel knows UTF-8."""
    headers = {"Content-Disposition": f'attachment; filename="{kind}.csv"'}
    return Response(sample(kind).encode("utf-8-sig"), headers=headers, media_type="text/csv")


@router.post("/import/{kind}")
async def check(request: Request, session: Session, actor: Actor, now: Now, prefix: Prefix, kind: Kind) -> HTMLResponse:
    """Check the file; nothing is written."""
    form = Form()
    content, name = await _uploaded(request, form)
    if form.errors:
        return _choose(request, kind, form, 422)
    report = await service.import_file(
        session,
        kind,
        content,
        dry_run=True,
        stores=actor.stores,
        prefix=prefix,
        actor=actor.username,
        at=now,
    )
    return _show(request, report, content, name=name, actor=actor.username)


@router.post("/import/{kind}/confirm")
async def confirm(request: Request, session: Session, actor: Actor, now: Now, prefix: Prefix, kind: Kind) -> Response:
    """Write the file that was checked, if it is still without faults."""
    sent = await request.form()
    packed, signature = str(sent.get("packed", "")), str(sent.get("signature", ""))
    form = Form()
    try:
        content = unpack(_settings(request), kind, packed, signature, actor=actor.username)
        report = await service.import_file(
            session,
            kind,
            content,
            dry_run=False,
            stores=actor.stores,
            prefix=prefix,
            actor=actor.username,
            at=now,
        )
    except (BadValue, Conflict) as error:
        form.refuse(error.detail)
        return _choose(request, kind, form, status_of(error))
    if report.fault_count:
        return _show(request, report, content, name=str(sent.get("name", "")), actor=actor.username)
    return redirect(request, "/import", in_a_sentence(report))


def in_a_sentence(report: ImportReport) -> str:
    """What became of a file: "Imported. New: 3, of these on hold: 1, there already: 0."."""
    parts = [f"New: {report.added:,}"]
    if report.held:
        parts.append(f"of these on hold: {report.held:,}")
    if report.changed:
        parts.append(f"changed: {report.changed:,}")
    parts.append(f"there already: {report.unchanged:,}")
    return f"Imported {report.kind.text}. {', '.join(parts)}."


async def _uploaded(request: Request, form: Form) -> tuple[bytes, str]:
    """The file and its name; what is wrong with it as a file is told on the form."""
    file = (await request.form()).get("file")
    if not isinstance(file, UploadFile) or not file.filename:
        form.refuse("Choose a file.", "file")
        return b"", ""
    most = most_bytes(_settings(request))
    content = await file.read(most + 1)
    await file.close()
    if len(content) > most:
        form.refuse(f"The file is larger than {_kilobytes(most)}. Import it with the command.", "file")
    elif not content.strip():
        form.refuse("The file is empty. Its first row must be the headings.", "file")
    return content, file.filename[:100]


def _choose(request: Request, kind: Kind, form: Form, status: int = 200) -> HTMLResponse:
    context = {
        "form": form,
        "kind": kind,
        "columns": COLUMNS[kind],
        "about": ABOUT[kind],
        "most": _kilobytes(most_bytes(_settings(request))),
    }
    return render(request, "imports/file.html", context, status)


def _show(request: Request, report: ImportReport, content: bytes, *, name: str, actor: str) -> HTMLResponse:
    context: dict[str, Any] = {"report": report, "kind": report.kind, "name": name}
    if report.fault_count:
        form = Form()
        form.refuse(f"The file has {report.fault_count:,} fault{'s' if report.fault_count > 1 else ''}.", "faults")
        return render(request, "imports/faults.html", context | {"form": form}, 422)
    packed, signature = pack(_settings(request), report.kind, content, actor=actor)
    return render(request, "imports/check.html", context | {"packed": packed, "signature": signature})


def _settings(request: Request) -> Settings:
    settings: Settings = request.app.state.settings
    return settings


def _kilobytes(size: int) -> str:
    return f"{size // 1000:,} kB"
