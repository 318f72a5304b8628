"""Looks in the catalogue for what a notice names: to sort the list, and to be kept with a decision."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime

from sqlalchemy import text, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app import audit, outbox
from app.db import literally
from app.domain.access import Permission, roles_with
from app.domain.catalogue_terms import MOST_TERMS, Found, likelihood, terms_of
from app.domain.govuk_documents import lines_of
from app.domain.notice_work import held_letter
from app.domain.safety_notices import NoticeState
from app.models import SafetyNotice

NAMES = text("""
    SELECT 'maker' AS what, manufacturer AS name FROM product WHERE manufacturer <> '' GROUP BY manufacturer
    UNION ALL SELECT 'model', model FROM product WHERE model <> '' GROUP BY model
    ORDER BY name
""")
# The trigram index serves both ways of being alike; items that are scrapped concern nobody any more.
FOUND = text("""
    SELECT term.place, product.id, product.code, product.name, lower(product.manufacturer) = lower(term.word) AS by_it,
           (SELECT count(*) FROM item WHERE item.product_id = product.id AND item.state <> 'scrapped') AS items
    FROM unnest(CAST(:words AS text[]), CAST(:patterns AS text[])) WITH ORDINALITY AS term (word, pattern, place)
    JOIN product ON product.search_text LIKE term.pattern OR term.word <% product.search_text
    ORDER BY term.place, product.code
""")
WAITING = text("""
    SELECT notice.id, notice.title, said.summary, said.body_html FROM safety_notice AS notice
    JOIN safety_notice_version AS said ON said.notice_id = notice.id AND said.number = notice.version
    WHERE notice.state = 'received' ORDER BY notice.id FOR UPDATE OF notice
""")
NOT_HELD = text("""
    SELECT notice.id, notice.reference, notice.title, decided.search FROM safety_notice AS notice
    JOIN LATERAL (SELECT search FROM safety_notice_triage WHERE notice_id = notice.id ORDER BY id DESC LIMIT 1)
      AS decided ON true
    WHERE notice.state = 'not_held' ORDER BY notice.id FOR NO KEY UPDATE OF notice
""")
WORKER = "worker"
HOW_MANY = text("SELECT count(*) FROM product")


@dataclass(frozen=True, slots=True)
class Names:
    """The makers and models of the catalogue."""

    makers: tuple[str, ...]
    models: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Hit:
    """A product that a search finds, with its items that are not scrapped."""

    code: str
    name: str
    items: int


@dataclass(frozen=True, slots=True)
class Search:
    """One search of the catalogue: what each term finds, and all it finds together, each product once."""

    found: tuple[Found, ...]
    hits: tuple[Hit, ...]

    @property
    def items(self) -> int:
        """The items of all products found."""
        return sum(hit.items for hit in self.hits)


async def read_names(session: AsyncSession) -> Names:
    """What notices may name. One statement."""
    rows = (await session.execute(NAMES)).all()
    makers = tuple(row.name for row in rows if row.what == "maker")
    return Names(makers, tuple(row.name for row in rows if row.what == "model"))


async def search_catalogue(session: AsyncSession, terms: Sequence[str]) -> Search:
    """What the catalogue has that is called so, or nearly so. One statement."""
    patterns = [f"%{literally(term.lower())}%" for term in terms]
    rows = (await session.execute(FOUND, {"words": list(terms), "patterns": patterns})).all()
    found = []
    for place, term in enumerate(terms, 1):
        these = [row for row in rows if row.place == place]
        is_maker = bool(these) and all(row.by_it for row in these)
        found.append(Found(term, len(these), sum(row.items for row in these), is_maker))
    hits = {row.id: Hit(row.code, row.name, row.items) for row in rows}
    return Search(tuple(found), tuple(sorted(hits.values(), key=lambda hit: (-hit.items, hit.code))))


class Rater:
    """Rates notices; what was looked for once is known from then on, since notices name the same things."""

    def __init__(self, session: AsyncSession) -> None:
        self.session = session
        self.names: Names | None = None
        self.known: dict[str, Found] = {}

    async def rate(self, title: str, lines: Sequence[str]) -> dict[str, object]:
        """What a notice's row says of how likely it concerns us. At most two statements."""
        self.names = self.names or await read_names(self.session)
        terms = terms_of(title, "\n".join(lines), makers=self.names.makers, models=self.names.models)[:MOST_TERMS]
        new = [term for term in terms if term not in self.known]
        if new:
            self.known |= {one.term: one for one in (await search_catalogue(self.session, new)).found}
        found = [self.known[term] for term in terms]
        return {"likelihood": likelihood(found), "found": [asdict(one) for one in found]}


async def rate_waiting_notices(session: AsyncSession, *, at: datetime) -> int:
    """Rate again what waits for triage, since the catalogue may have grown; returns how many. What was not held is
    looked for again, too, and waits for triage where there is more of it now."""
    await _look_again(session, at=at)
    rater, rows = Rater(session), (await session.execute(WAITING)).all()
    for row in rows:
        rated = await rater.rate(row.title, [row.summary, *lines_of(row.body_html)])
        await session.execute(update(SafetyNotice).where(col(SafetyNotice.id) == row.id).values(**rated))
    return len(rows)


async def _look_again(session: AsyncSession, *, at: datetime) -> None:
    for row in (await session.execute(NOT_HELD)).all():
        now = await search_catalogue(session, row.search["terms"])
        if now.items > row.search["items"] or len(now.hits) > row.search["products"]:
            back = update(SafetyNotice).where(col(SafetyNotice.id) == row.id).values(state=NoticeState.RECEIVED)
            await session.execute(back)
            letter = held_letter(row.reference, row.title, [one.text for one in now.found if one.products])
            await outbox.post_to_roles(
                session, roles_with(Permission.HANDLE_SAFETY_NOTICES), letter, actor=WORKER, at=at
            )
            await audit.record(
                session, "notice_back_to_triage", f"safety_notice:{row.reference}", actor=WORKER, at=at, items=now.items
            )


async def record_of(session: AsyncSession, search: Search) -> dict[str, object]:
    """The search as it is kept with a decision: what was looked for, what it found, and in how large a catalogue."""
    return {
        "terms": [one.term for one in search.found],
        "found": [asdict(one) for one in search.found],
        "products": len(search.hits),
        "items": search.items,
        "catalogue_products": int(await session.scalar(HOW_MANY) or 0),
    }
