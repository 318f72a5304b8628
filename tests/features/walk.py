"""The model that walks through the loop are held against, and the service they walk in. The walks are beside it."""

from dataclasses import dataclass, field

from httpx import AsyncClient
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, AsyncSession, async_sessionmaker

from app.domain.lifecycle import MOVES, Move, State
from app.features.accounts.service import open_sign_in
from app.main import create_app
from app.models import Account, SignInKind
from app.settings import Settings
from tests.conftest import Clock, client_of
from tests.given import Given

PEOPLE = ("technician", "technician2", "ot", "senior.ot", "student.ot", "manager", "safety", "finance")


@dataclass
class Thing:
    """What the model knows of one item."""

    barcode: str
    single_patient: bool
    high_risk: bool
    state: State = State.IN_STOCK
    was_back: bool = False
    was_benched: bool = False
    cleaned: bool = False
    cannot_be_cleaned: bool = False
    starter: str | None = None
    cleaners: tuple[str | None, ...] = ()
    checked: bool = False
    issued: int = 0
    holds: list[int] = field(default_factory=list)
    question: int | None = None
    loan: int | None = None
    is_stopped: bool = False
    is_dangerous: bool = False
    is_trial: bool = False
    client: str | None = None
    collection: str | None = None
    reservation: tuple[int, str] | None = None

    def is_blocked(self, releaser: str | None = None) -> bool:
        """Whether anything keeps it from going out."""
        return bool(
            self.holds
            or self.is_spent
            or (self.was_back and (not self.cleaned or self.cannot_be_cleaned))
            or ((self.was_back or self.was_benched) and not self.checked)
            or (self.high_risk and self.was_back and releaser in self.cleaners)
        )

    @property
    def is_spent(self) -> bool:
        """Nobody may clean it for another patient."""
        return self.single_patient and self.issued > 0

    def can(self, move: Move) -> bool:
        """Whether the lifecycle has it."""
        return (self.state, move) in MOVES

    def moves(self, move: Move) -> None:
        """It happened: the state, and what a change of state does to the evidence."""
        target = MOVES[self.state, move]
        if target is State.AWAITING_INSPECTION and target is not self.state:
            self.was_benched, self.checked = True, False
        self.state = target

    def comes_back(self) -> None:
        """Whatever it was, now it is dirty and belongs to nobody."""
        self.was_back, self.cleaned, self.checked = True, False, False
        self.loan = self.client = self.collection = self.reservation = None
        self.is_stopped = False


class World:
    """The service in one transaction, and people who are signed in to it. All of it on one loop."""

    def __init__(self, engine: AsyncEngine, service: Settings) -> None:
        self.engine, self.settings, self.clock = engine, service, Clock()
        self.app = create_app(service)
        self.app.state.clock = self.clock.read
        self.connection: AsyncConnection
        self.people: dict[str, AsyncClient] = {}

    async def open(self) -> None:
        """Begin the transaction of one walk, on the day that every walk begins on."""
        self.clock.now = Clock().now
        self.connection = await self.engine.connect()
        await self.connection.begin()
        self.sessions = async_sessionmaker(
            self.connection, join_transaction_mode="create_savepoint", expire_on_commit=False
        )
        self.app.state.database.sessions = self.sessions
        self.given = Given(self.sessions, self.clock)
        async with self.sessions.begin() as session:
            for name in PEOPLE:
                self.people[name] = await self._sign_in(session, name)

    async def close(self) -> None:
        """Undo the walk."""
        for client in self.people.values():
            await client.aclose()
        await self.connection.rollback()
        await self.connection.close()

    async def _sign_in(self, session: AsyncSession, name: str) -> AsyncClient:
        found = await session.execute(text("SELECT id FROM account WHERE username = :name"), {"name": name})
        account = await session.get_one(Account, found.scalar_one())
        opened = await open_sign_in(
            session, account, kind=SignInKind.API, device="walk", hours=87_600, at=self.clock.now
        )
        client = client_of(self.app)
        client.headers["Authorization"] = f"Bearer {opened.secret}"
        return client
