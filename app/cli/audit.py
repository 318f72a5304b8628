"""`stores audit …`: the proof that no history was changed."""

import asyncio

import typer

from app import audit, ledger, months, safety
from app.cli.reach import console, database_url, fail, open_session, read_settings, showing_progress
from app.features.notices.packs import verify_packs
from app.features.panel.frozen import verify_papers

app = typer.Typer(no_args_is_help=True, help="The audit trail.")


@app.callback()
def the_trail() -> None:
    """The audit trail."""


@app.command()
def verify() -> None:
    """Walk every hash chain: each item's movements and each actor's acts. Names the first row that is broken."""
    asyncio.run(_verify())


async def _verify() -> None:
    async with open_session(database_url(read_settings())) as session:
        with showing_progress() as tell:
            movements, broken = await ledger.verify(session, tell=tell)
        if broken:
            raise fail(f"Item {broken.chain}, movement {broken.seq}: {broken.what}.")
        events, broken_act = await audit.verify(session)
        if broken_act:
            raise fail(f"Acts of {broken_act.chain}, number {broken_act.seq}: {broken_act.what}.")
        _, broken_set = await safety.verify_sets(session)
        if broken_set:
            raise fail(f"Acts of {broken_set.chain}, number {broken_set.seq}: {broken_set.what}.")
        packs, broken_pack = await verify_packs(session)
        if broken_pack:
            raise fail(f"Closing {broken_pack} of a safety notice: the evidence that is kept is not what was signed.")
        papers, broken_papers = await verify_papers(session)
        if broken_papers:
            raise fail(f"{broken_papers}: what is kept is not what the panel saw.")
        aside = await months.count_put_aside(session)
    if aside:
        console.print(f"{aside:,} movements are put aside with their months: the chains hold around them.")
    console.print(
        f"Every chain holds: {movements:,} movements and {events:,} acts, the evidence of {packs:,} closings, and "
        f"{papers:,} papers of panels."
    )
