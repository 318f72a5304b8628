"""Pages of messages."""

import pytest
from fastapi import FastAPI

from app.features.messages import pages
from app.integrations.mail import MailError
from tests.browser import Browser
from tests.conftest import Clock, Sessions
from tests.features.messages.outbox import Postbox, post, send_due


async def test_unread_messages_come_first_and_opening_one_reads_it(
    ot: Browser, sessions: Sessions, clock: Clock
) -> None:
    old, new = [await post(sessions, clock, subject=f"Message {name}") for name in ("old", "new")]
    page = await ot.get("/messages")
    assert page.title.startswith("Messages (2 unread)")
    assert [row[0] for row in page.table()] == ["Message new Unread", "Message old Unread"]
    opened = await ot.get(f"/messages/{new}")
    assert opened.heading == "Message new"
    assert "Extend it if you need it." in opened.text
    page = await ot.get("/messages")
    assert [row[0] for row in page.table()] == ["Message old Unread", "Message new"]
    assert "/messages/sent" not in {link.get("href") for link in page.soup.find_all("a")}
    assert (await ot.get(f"/messages/{old}")).status == 200
    assert (await ot.get("/messages/sent")).status == 403


async def test_somebody_without_messages_is_told_what_will_stand_there(technician: Browser) -> None:
    assert "You have no messages." in (await technician.get("/messages")).text
    assert (await technician.get("/messages/1")).status == 404


async def test_one_leafs_through_unread_and_read_ones(
    ot: Browser, sessions: Sessions, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pages, "ON_A_PAGE", 2)
    numbers = [await post(sessions, clock, subject=f"Message {name}") for name in "abcde"]
    for number in numbers[3:]:
        await ot.get(f"/messages/{number}")
    seen, url = [], "/messages"
    while url:
        page = await ot.get(url)
        seen += [row[0] for row in page.table()]
        further = page.soup.select_one(".govuk-pagination__next a")
        url = str(further["href"]) if further else ""
    assert seen == ["Message c Unread", "Message b Unread", "Message a Unread", "Message e", "Message d"]
    for cursor in ("unread-x", "x", "maybe-1"):
        assert (await ot.get("/messages", after=cursor)).status == 422


async def test_everybodys_messages_say_how_each_stands_and_one_is_sent_again(
    manager: Browser, sessions: Sessions, clock: Clock
) -> None:
    lost = await post(sessions, clock, to_email="care@example.org", to_name="Hill Care")
    await send_due(sessions, clock, Postbox(fails_with=MailError("Nobody is called that there.", for_good=True)))
    await post(sessions, clock)
    await send_due(sessions, clock, Postbox())
    page = await manager.get("/messages/sent")
    assert "No way of sending e-mail is set up." in page.text
    when = "2 March 2026 at 2:05pm"
    assert [row[3] for row in page.table()] == [
        f"Sent Shown here only, {when}",
        f"Given up Nobody is called that there. Send again message {lost} to Hill Care",
    ]
    assert len((await manager.get("/messages/sent", state="given_up")).table()) == 1
    assert "No message is in this state." in (await manager.get("/messages/sent", state="waiting")).text
    done = await manager.follow(await manager.post_form(f"/messages/{lost}/resend", on="/messages/sent"))
    assert done.banner == "The message will be sent within a minute."
    assert "Next try" in done.text
    again = await manager.get(f"/messages/{lost}")
    assert again.soup.select_one(f'form[action="/messages/{lost}/resend"]') is None


async def test_the_demonstration_says_that_nothing_leaves_the_machine(app: FastAPI, manager: Browser) -> None:
    app.state.settings = app.state.settings.model_copy(update={"demonstration": True})
    assert "nothing leaves this machine" in (await manager.get("/messages/sent")).text
