"""`stores worker`: what happens without anybody asking. The table of it is JOBS; how it recurs is `queue`'s."""

import asyncio
import signal
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Annotated, Any, Final

import structlog
import typer
from rich.table import Column, Table
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from app.cli.mailing import NoMailSet, mailer_of
from app.cli.queue import Recurring, has_lost_the_database, run_queue
from app.cli.reach import check_server, configure_logs, console, database_url, fail, open_session, read_settings
from app.db import Database
from app.domain.dates import uk_date
from app.features.accounts.housekeeping import forget_sign_ins
from app.features.clients.purging import purge_access_notes
from app.features.faults.housekeeping import forget_strangers
from app.features.finance.budgets.service import tell_of_budgets
from app.features.finance.exports.jobs import forget_exports
from app.features.finance.exports.pack import send_finance_packs
from app.features.finance.funding.disputes import remind_of_funding_disputes
from app.features.finance.monthly.sums import sum_up_months
from app.features.finance.reconciling.service import reconcile_nightly
from app.features.finance.recycling.avoided import settle_spells
from app.features.housekeeping.service import forget_queue_log, forget_requests
from app.features.labels.jobs import forget_labels
from app.features.loans.trial_reminders import remind_of_ending_trials
from app.features.messages.service import claim_next, deliver, give_up_unsettled, settle
from app.features.notices.daily import ask_again
from app.features.notices.new_loans import Watch, ask_about_new_loans
from app.features.notices.polling import Polling, poll
from app.features.notices.rating import rate_waiting_notices
from app.features.notices.reminders import remind_of_notice_deadlines
from app.features.panel.lapsing import expire_approvals
from app.features.panel.reviewing import remind_of_panel_days
from app.features.prescribers.expiry import warn_of_expiring_registrations
from app.features.reservations.worker import (
    begin_reservations,
    expire_reservations,
    tell_of_held_reservations,
    tell_of_lost_reservations,
    warn_before_expiry,
)
from app.features.stop_use.chasing import chase_stop_use_notices
from app.features.workshop.inspections.authority import chase_authority_copies
from app.features.workshop.inspections.visits import close_visits_in_vain
from app.integrations.govuk import GovUkAlerts
from app.integrations.mail import Mailer
from app.months import make_months
from app.settings import Settings
from app.web.bank_holidays import bank_holidays
from app.web.health import newest_migration

log = structlog.get_logger()

ACTOR: Final = "worker"
"""Whose name stands in the histories of what the worker does."""


def utc_now() -> datetime:
    """This instant."""
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Tools:
    """What jobs work with. `mail_leaves` is false where no e-mail is set up: messages to strangers wait. `address`:
    where people reach the service, if that is set."""

    sessions: async_sessionmaker[AsyncSession]
    mailer: Mailer
    mail_leaves: bool
    polling: Polling = field(default_factory=Polling)
    now: Callable[[], datetime] = field(default=utc_now)
    watch: Watch = field(default_factory=Watch)
    address: str = ""


Work = Callable[[Tools], Awaitable[object]]
Verb = Callable[..., Awaitable[object]]


@dataclass(frozen=True, slots=True)
class Job:
    """One line of the table: its name, when it is done (cron in UK time; a sixth field is seconds), and what for.

    `at_start`: also as soon as a worker starts.
    """

    name: str
    cron: str
    work: Work
    sentence: str
    at_start: bool = False


class BusyElsewhere(Exception):
    """Another worker is doing this very thing at this moment."""


TRY_LOCK = text("SELECT pg_try_advisory_xact_lock(hashtextextended('job ' || :name, 0))")


def calling(verb: Verb, **details: Any) -> Work:
    """Work that calls a verb in one transaction, which no other worker does at the same time.

    The verb is given `at`; what else it wants is in `details`, where a function is asked for the value at that instant.
    """

    async def work(tools: Tools) -> object:
        at = tools.now()
        asked = {name: value(at) if callable(value) else value for name, value in details.items()}
        async with tools.sessions.begin() as session:
            if not await session.scalar(TRY_LOCK, {"name": verb.__name__}):
                raise BusyElsewhere(verb.__name__)
            return await verb(session, at=at, **asked)

    return work


async def send_messages(tools: Tools) -> int:
    """Send what is due, one after another; nothing is locked while a mail server thinks."""
    handled = 0
    async with tools.sessions.begin() as session:
        await give_up_unsettled(session, at=tools.now())
    while True:
        async with tools.sessions.begin() as session:
            claimed = await claim_next(session, mail_leaves=tools.mail_leaves, at=tools.now())
        if claimed is None:
            return handled
        fate = await deliver(tools.mailer, claimed)
        async with tools.sessions.begin() as session:
            await settle(session, fate, at=tools.now())
        handled += 1


async def poll_safety_notices(tools: Tools) -> int:
    """Take in what is new on GOV.UK, when that is due; nothing is locked while it thinks."""
    return await poll(tools.sessions, tools.polling, now=tools.now, actor=ACTOR)


async def ask_notices_again(tools: Tools) -> int:
    """Ask the register again what safety notices cover; each notice in a transaction of its own."""
    return await ask_again(tools.sessions, actor=ACTOR, at=tools.now())


async def ask_notices_about_new_loans(tools: Tools) -> int:
    """Ask notices about things used together what new loans brought together."""
    return await ask_about_new_loans(tools.sessions, tools.watch, actor=ACTOR, at=tools.now())


async def send_packs(tools: Tools) -> object:
    """Tell who asked for it that the finance pack of last month is ready."""
    return await calling(send_finance_packs, today=uk_date, holidays=holidays, address=tools.address, actor=ACTOR)(
        tools
    )


def holidays(at: datetime) -> frozenset[date]:
    """The bank holidays around this instant."""
    return bank_holidays(uk_date(at))


# Nothing between one and two in the morning, an hour that is missing or there twice when the clocks change.
JOBS: tuple[Job, ...] = (
    Job(
        "send_messages",
        "* * * * * */30",
        send_messages,
        "Sends messages that are due, and tries failed ones again.",
        at_start=True,
    ),
    Job(
        "expire_reservations",
        "*/15 * * * *",
        calling(expire_reservations, today=uk_date, actor=ACTOR),
        "Ends reservations whose last day is over, and tells their owners.",
    ),
    Job(
        "begin_reservations",
        "3-59/15 * * * *",
        calling(begin_reservations, today=uk_date, actor=ACTOR),
        "Puts items aside whose reservation begins, and tells its owner if that cannot be.",
    ),
    Job(
        "tell_of_lost_reservations",
        "6-59/15 * * * *",
        calling(tell_of_lost_reservations, actor=ACTOR),
        "Tells owners whose reserved item became unfit or went missing.",
    ),
    Job(
        "tell_of_held_reservations",
        "7-59/15 * * * *",
        calling(tell_of_held_reservations, actor=ACTOR),
        "Tells owners that the item they reserved is on hold.",
    ),
    Job(
        "warn_before_expiry",
        "0 8 * * *",
        calling(warn_before_expiry, today=uk_date, actor=ACTOR, holidays=holidays),
        "Tells owners that their reservation ends by the next working day.",
    ),
    Job(
        "remind_of_ending_trials",
        "10 8 * * *",
        calling(remind_of_ending_trials, today=uk_date, actor=ACTOR),
        "Tells who started a trial that it ends soon, or is overdue.",
    ),
    Job(
        "expire_approvals",
        "40 3 * * *",
        calling(expire_approvals, today=uk_date, actor=ACTOR),
        "Ends approvals of panels that nobody used in time, frees what is held, and tells the prescriber.",
    ),
    Job(
        "remind_of_panel_days",
        "15 8 * * *",
        calling(remind_of_panel_days, today=uk_date, actor=ACTOR),
        "Reminds of reviews and answers that a panel wanted by a day, and of what is out without its approval.",
    ),
    Job(
        "chase_stop_use_notices",
        "20 8 * * *",
        calling(chase_stop_use_notices, today=uk_date, actor=ACTOR),
        "Writes again where nobody has answered that something must not be used.",
    ),
    Job(
        "chase_authority_copies",
        "25 8 * * *",
        calling(chase_authority_copies, today=uk_date, actor=ACTOR),
        "Reminds of reports that the enforcing authority has not been sent.",
    ),
    Job(
        "remind_of_funding_disputes",
        "45 8 * * *",
        calling(remind_of_funding_disputes, today=uk_date, actor=ACTOR),
        "Tells those who settle disputes about who pays of each that is past its day, once a week.",
    ),
    Job(
        "poll_safety_notices",
        "4-59/5 * * * *",
        poll_safety_notices,
        "Asks GOV.UK for new safety notices, as often as STORES_MHRA_EVERY_MINUTES says.",
        at_start=True,
    ),
    Job(
        "remind_of_notice_deadlines",
        "35 8 * * *",
        calling(remind_of_notice_deadlines, today=uk_date, actor=ACTOR),
        "Tells those who handle safety notices seven days and a day before a deadline, and when it is over.",
    ),
    Job(
        "ask_notices_again",
        "30 4 * * *",
        ask_notices_again,
        "Looks again which items safety notices cover, as ages pass limits, and holds what is new.",
    ),
    Job(
        "ask_notices_about_new_loans",
        "* * * * *",
        ask_notices_about_new_loans,
        "Looks what came to homes: safety notices may name it with what is there, or want a review of who has it now.",
    ),
    Job(
        "rate_waiting_notices",
        "40 3 * * *",
        calling(rate_waiting_notices),
        "Looks again what the catalogue has of the safety notices that wait for triage.",
    ),
    Job(
        "close_visits_in_vain",
        "9-59/15 * * * *",
        calling(close_visits_in_vain, actor=ACTOR),
        "Ends visits for inspections of what is not with the client any more.",
    ),
    Job(
        "warn_of_expiring_registrations",
        "30 8 * * *",
        calling(warn_of_expiring_registrations, today=uk_date),
        "Tells prescribers 60, 30 and 7 days before their registration ends.",
    ),
    Job(
        "reconcile_nightly",
        "0 5 * * *",
        calling(reconcile_nightly, actor=ACTOR),
        "Compares movements, charges, splits and sums to the penny, and tells finance when they do not add up.",
    ),
    Job(
        "sum_up_months",
        "35 2 * * *",
        calling(sum_up_months),
        "Sums up the charges of months that are over, for the dashboards and the reports of costs.",
        at_start=True,
    ),
    Job(
        "settle_spells",
        "50 2 * * *",
        calling(settle_spells),
        "Works out once what each reissue that is a day old has avoided, for the reports.",
    ),
    Job(
        "tell_of_budgets",
        "45 8 * * *",
        calling(tell_of_budgets, today=uk_date, actor=ACTOR),
        "Tells finance, once each, of budgets that are mostly used, used up, or forecast to be overspent.",
    ),
    Job(
        "purge_access_notes",
        "0 3 * * *",
        calling(purge_access_notes, actor=ACTOR),
        "Deletes how to get in where the last loan has ended, or nothing goes on.",
    ),
    Job(
        "make_months",
        "20 2 * * *",
        calling(make_months),
        "Makes the months that movements and charges will be kept in, half a year ahead.",
        at_start=True,
    ),
    Job(
        "forget_sign_ins",
        "10 3 * * *",
        calling(forget_sign_ins),
        "Forgets failed sign-ins after 30 days, browsers after a year, and sign-ins 90 days after their end.",
    ),
    Job(
        "forget_strangers",
        "15 3 * * *",
        calling(forget_strangers),
        "Forgets after a day who asked for label pages, and whom to ring 30 days after a fault was closed.",
    ),
    Job(
        "forget_labels",
        "9-59/15 * * * *",
        calling(forget_labels),
        "Forgets files of many labels an hour after they were asked for.",
    ),
    Job(
        "forget_exports",
        "11-59/15 * * * *",
        calling(forget_exports),
        "Forgets spreadsheets of charges an hour after they were asked for.",
    ),
    Job(
        "send_finance_packs",
        "45 7 * * *",
        send_packs,
        "Tells who asked for it that last month's finance pack is ready, from the working day on that is set.",
    ),
    Job(
        "forget_requests",
        "20 3 * * *",
        calling(forget_requests),
        "Forgets after 7 days how requests were answered that might be sent again.",
    ),
    Job(
        "forget_queue_log",
        "30 3 * * *",
        calling(forget_queue_log),
        "Forgets after 7 days what the queue noted of each job.",
    ),
)


def worker(
    once: Annotated[str | None, typer.Option(metavar="NAME", help="Do this one job now, and end.")] = None,
    show: Annotated[bool, typer.Option("--list", help="Show the jobs and when they are done.")] = False,
) -> None:
    """Do what falls due (reminders, expiries, messages) until Ctrl-C or SIGTERM; the job under way is finished."""
    if show:
        return _show()
    settings = read_settings()
    configure_logs(settings)
    url = database_url(settings)
    asyncio.run(check_server(url))
    asyncio.run(_check_migrated(url))
    if once is None:
        return asyncio.run(_until_told(settings, url))
    job = next((job for job in JOBS if job.name == once), None)
    if job is None:
        raise fail(f"There is no job {once}. The jobs are: {', '.join(job.name for job in JOBS)}.")
    return asyncio.run(_once(settings, url, job))


async def work(settings: Settings, url: str, *, stop: asyncio.Event, jobs: Sequence[Job] = JOBS) -> None:
    """Do every job as it falls due until `stop` is set. For `stores worker`, and inside the demonstration."""
    database = Database(url, pool_size=4)
    try:
        tools = tools_for(settings, database)
        recurring = [Recurring(job.name, job.cron, _noted(job, tools), job.at_start) for job in jobs]
        await run_queue(url, recurring, stop=stop)
    finally:
        await database.dispose()


def tools_for(settings: Settings, database: Database) -> Tools:
    """The tools that the settings ask for; ends with a sentence when they are not complete."""
    try:
        mailer = mailer_of(settings)
    except NoMailSet as error:
        raise fail(str(error)) from error
    leaves = settings.demonstration or settings.mail != "none"
    address = next(iter(settings.public_addresses), "")
    return Tools(database.sessions, mailer, mail_leaves=leaves, polling=polling_of(settings), address=address)


def polling_of(settings: Settings) -> Polling:
    """Whom to ask for safety notices, and how often."""
    if not settings.polls_mhra:
        return Polling()
    source = GovUkAlerts(settings.mhra_search_url, settings.mhra_content_url)
    return Polling(True, source, timedelta(minutes=settings.mhra_every_minutes), settings.mhra_first_days)


def _noted(job: Job, tools: Tools) -> Callable[[], Awaitable[object]]:
    """The job with a line in the log when it did something, and one with its name when it failed."""

    async def run() -> object:
        try:
            done = await job.work(tools)
        except BusyElsewhere:
            log.info("job_is_done_elsewhere", job=job.name)
            return None
        except Exception as error:
            if has_lost_the_database(error):
                log.warning("job_waits", job=job.name, said="The database was away. It is tried again.")
            else:
                log.exception("job_failed", job=job.name)
            raise
        if how_many(done):
            log.info("job_done", job=job.name, done=how_many(done))
        return done

    return run


def how_many(done: object) -> int:
    """How much a verb did: what it counted, or the length of what it lists."""
    return len(done) if isinstance(done, list) else done if isinstance(done, int) else 0


async def _until_told(settings: Settings, url: str) -> None:
    if settings.mail == "none":
        log.warning("no_mail", said="STORES_MAIL is none: people read their messages here, others get none.")
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    log.info("worker_started", jobs=len(JOBS))
    await work(settings, url, stop=stop)
    log.info("worker_stopped")


async def _once(settings: Settings, url: str, job: Job) -> None:
    database = Database(url, pool_size=4)
    try:
        done = await job.work(tools_for(settings, database))
    except BusyElsewhere as error:
        raise fail(f"A worker is doing {job.name} at this moment.") from error
    finally:
        await database.dispose()
    console.print(f"{job.name}: {how_many(done) or 'nothing'} done.")


async def _check_migrated(url: str) -> None:
    """End with a sentence unless the database is at this version."""
    try:
        async with open_session(url) as session:
            found = await session.scalar(text("SELECT version_num FROM alembic_version"))
    except SQLAlchemyError:
        found = None
    if found != newest_migration():
        raise fail(f"The database is at {found}, and the worker wants {newest_migration()}: run `stores db upgrade`.")


def _show() -> None:
    table = Table(Column("Job", no_wrap=True), Column("When, in UK time", no_wrap=True), "What it does")
    for job in JOBS:
        table.add_row(job.name, job.cron, job.sentence)
    console.print(table)
