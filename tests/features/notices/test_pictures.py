"""A picture beside a question of a notice: put there by the officer, seen by whoever looks at the item."""

from io import BytesIO

from httpx import AsyncClient
from PIL import Image
from sqlalchemy.ext.asyncio import AsyncSession

from tests.browser import Browser, Page, page_from
from tests.conftest import Clock, Statements
from tests.features.notices.activated import QUESTION, activate, line, relevant
from tests.given import Given
from tests.test_uploads import PDF, picture

ALT = "The brass catch is yellow, and sits below the rail."


async def send(browser: Browser, path: str, content: bytes | None, *, alt: str = ALT, name: str = "catch.jpg") -> Page:
    """Choose the file on the form, and send it."""
    page = await browser.get(path)
    token = str(page.soup.select_one('main input[name="csrf_token"]')["value"])  # type: ignore[index]
    files = {"file": (name, content, "image/jpeg")} if content is not None else None
    sent = await browser.client.post(path, data={"csrf_token": token, "alt": alt}, files=files)
    return page_from(sent)


async def test_whoever_looks_at_the_item_sees_what_to_look_for(
    given: Given, safety: Browser, technician: Browser, as_safety: AsyncClient, session: AsyncSession,
    clock: Clock, statements: Statements,
) -> None:  # fmt: skip
    bed = await given.product("BED", manufacturer="Harbour Beds", model="Community 3")
    [item] = await given.items(1, product=bed)
    notice_id = await relevant(as_safety)
    await activate(session, notice_id, [line(feature=QUESTION)], at=clock.now)
    here = f"/safety-notices/{notice_id}"
    form = f"{here}/pictures?question=0"
    assert f"Add a picture for: {QUESTION}" in (await safety.get(f"{here}/preview")).text
    assert (await safety.get(f"{here}/pictures?question=7")).status == 404
    assert (await technician.get(form)).status == 403

    for content, alt, field, says in (
        (None, ALT, "file", "Choose a picture."),
        (picture(), "  ", "alt", "Write what the picture shows"),
        (PDF, ALT, "file", "This is a PDF file. Choose a PNG or JPEG file."),
        (picture()[:150], ALT, "file", "damaged"),
    ):
        refused = await send(safety, form, content, alt=alt, name="catch.png")
        assert refused.status == 422
        assert says in refused.errors[field]
    huge = await safety.client.post(form, content=b"x" * 11_000_000, headers={"Content-Type": "multipart/form-data"})
    assert huge.status_code == 413

    done = await safety.follow(await send(safety, form, picture(size=(1200, 900))))
    assert done.banner == "The picture stands beside its question."
    statements.clear()
    page = await technician.get(f"{here}/matches/{item}")
    assert len(statements) == 5
    [image] = page.soup.select("img.app-question-picture")
    address = str(image["src"])
    assert image["alt"] == ALT
    seen = await technician.client.get(address)
    assert (seen.headers["Content-Type"], seen.headers["X-Content-Type-Options"]) == ("image/jpeg", "nosniff")
    assert seen.headers["Cache-Control"] == "private, max-age=86400, immutable"
    with Image.open(BytesIO(seen.content)) as kept:
        assert kept.size == (1200, 900)
    other = await relevant(as_safety, reference="FSN 2026-08")
    assert (await technician.client.get(address.replace(here, f"/safety-notices/{other}"))).status_code == 404
    assert (await technician.client.get(f"{here}/pictures/{'0' * 64}")).status_code == 404
