"""Putting charges right. Nothing posted changes: lines take others back, and others come instead."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from itertools import groupby
from typing import Any, Final
from uuid import UUID, uuid4

from sqlalchemy import RowMapping, text
from sqlalchemy.ext.asyncio import AsyncSession

from app import audit
from app.charging import read_tariffs
from app.domain.corrections import (
    BY_HAND,
    Again,
    Credited,
    Posted,
    check_reversible,
    credit_again,
    due_again,
    lines_instead,
)
from app.domain.costs import OWN_ACCOUNT, ChargeKind, Facts, Line, post, whole_months
from app.domain.errors import Conflict, NotFound
from app.domain.funders import FunderKind
from app.domain.months import read_month
from app.features.finance.charges.schemas import Priced, ReverseCharge
from app.features.finance.tariffs.queries import Dated, in_force, read_dated
from app.put_right import SAME_PRICE, put_right, taking_back
from app.written_off import redo_write_offs

AT_ONCE: Final = 2_000
"""So many charges are priced by one turn of statements."""

BECAUSE_PRICED: Final = "A rate for its day was entered later."

LOCK = text("""
    SELECT id FROM charge WHERE posting_id IN (SELECT posting_id FROM charge WHERE id = ANY(:ids))
    ORDER BY id FOR UPDATE
""")
# Before the lines, as everybody who moves it, settles or tops up.
LOCK_ITEM = text("""
    SELECT id FROM item WHERE id = (SELECT item_id FROM charge WHERE id = :charge_id) FOR UPDATE
""")
# What a credit is of: the newest issue before it as it stands, less what a person adds to that.
# Of the item's newest issue its account says it, whose lines may be put aside; of one before that, its lines alone.
_ISSUED = """
    COALESCE(
        (SELECT COALESCE((account.issue ->> 'pence')::bigint, 0) FROM item_account AS account
         WHERE account.item_id = line.item_id AND account.issue_seq < line.movement_seq),
        (SELECT CASE WHEN count(*) > 0 THEN COALESCE(sum(issue.amount_pence) FILTER (
                    WHERE issue.reversal_of IS NULL AND gone.charge_id IS NULL), 0) END
         FROM charge AS issue LEFT JOIN funder AS payer ON payer.id = funder_id
         LEFT JOIN charge_taken_back AS gone ON gone.charge_id = issue.id
         WHERE issue.item_id = line.item_id
           AND (issue.is_issue OR issue.kind = 'top_up' AND payer.kind IS DISTINCT FROM 'person')
           AND issue.movement_seq = (SELECT max(movement_seq) FROM charge AS newest
                                     WHERE newest.item_id = line.item_id AND newest.is_issue
                                       AND newest.movement_seq < line.movement_seq)))
"""
POSTED = f"""
    SELECT line.id, line.posting_id, line.item_id, line.movement_seq, line.kind, line.variant, line.happened_on,
           line.order_id, line.quantity,
           line.percent, line.amount_pence, line.vat_pence, line.is_issue, line.is_unpriced,
           line.tariff_id, line.basis, COALESCE(funder.code, '') AS funder, line.reversal_of,
           CASE WHEN line.kind = 'credit' THEN ({_ISSUED}) END AS issued_pence,
           (line.is_issue OR line.kind = 'top_up') AND EXISTS (
               SELECT FROM order_top_up AS agreed
               WHERE agreed.item_id = line.item_id AND agreed.movement_seq = line.movement_seq
                 AND agreed.withdrawn_at IS NULL) AS is_topped_up,
           line.kind = 'write_off' AND EXISTS (
               SELECT FROM charge AS found
               WHERE found.item_id = line.item_id AND found.kind = 'write_off' AND found.amount_pence < 0
                 AND found.movement_seq >= line.movement_seq
                 AND found.reversal_of IS NULL AND found.corrects_id IS NULL) AS is_found,
           undone.by_id AS reversed_by, rate.vat_percent
    FROM charge AS line LEFT JOIN charge_taken_back AS undone ON undone.charge_id = line.id
    LEFT JOIN funder ON funder.id = line.funder_id LEFT JOIN tariff AS rate ON rate.id = line.tariff_id
"""  # noqa: S608 - the part is a constant
OF_A_LINE = text(f"""
    {POSTED} WHERE line.posting_id = (SELECT posting_id FROM charge WHERE id = :charge_id) ORDER BY line.id
""")  # noqa: S608 - the part is a constant
# What an issue was charged as is priced before the credit that is a part of it.
UNPRICED_IDS = text("""
    SELECT min(line.id) AS id FROM charge AS line
    WHERE line.is_unpriced AND line.reversal_of IS NULL AND line.is_issue = :is_issue AND line.id > :after
      AND (CAST(:period AS date) IS NULL OR line.period = :period)
      AND NOT EXISTS (SELECT FROM charge_taken_back AS undone WHERE undone.charge_id = line.id)
    GROUP BY line.posting_id ORDER BY 1 LIMIT :limit
""")
UNPRICED = text(f"""
    {
    POSTED.replace(
        "rate.vat_percent",
        '''rate.vat_percent, item.purchase_price_pence, item.received_on,
           product.id AS product_id, product.category''',
    )
}
    LEFT JOIN item ON item.id = line.item_id LEFT JOIN product ON product.id = item.product_id
    WHERE line.posting_id IN (SELECT posting_id FROM charge WHERE id = ANY(:ids))
      AND line.is_unpriced AND line.reversal_of IS NULL AND undone.by_id IS NULL
    ORDER BY line.posting_id, line.id
""")  # noqa: S608 - the part is a constant
# The credits that were counted by an issue and stand.
CREDITS = text(f"""
    {
    POSTED.replace(
        "rate.vat_percent",
        '''rate.vat_percent, to_jsonb(rate) AS rate, item.purchase_price_pence, item.received_on,
           line.product_id, line.category''',
    )
}
    JOIN item ON item.id = line.item_id
    WHERE line.item_id = :item_id AND line.kind = 'credit' AND line.movement_seq > :seq
      AND line.reversal_of IS NULL AND undone.by_id IS NULL
      AND NOT EXISTS (SELECT FROM charge AS next WHERE next.item_id = line.item_id AND next.is_issue
                      AND next.movement_seq > :seq AND next.movement_seq < line.movement_seq)
    ORDER BY line.posting_id, line.id FOR UPDATE OF line
""")
# The issue itself, as it stands.
ISSUE = text(f"""
    {POSTED} WHERE line.item_id = :item_id AND line.movement_seq = :seq AND line.is_issue AND line.reversal_of IS NULL
      AND undone.by_id IS NULL
    ORDER BY line.id
""")
STILL_UNPRICED = text("""
    SELECT count(DISTINCT line.posting_id) FROM charge AS line
    WHERE line.is_unpriced AND line.reversal_of IS NULL AND (CAST(:period AS date) IS NULL OR line.period = :period)
      AND NOT EXISTS (SELECT FROM charge_taken_back AS undone WHERE undone.charge_id = line.id)
""")
FUNDERS = text("SELECT code, kind FROM funder")


async def reverse(
    session: AsyncSession, charge_id: int, body: ReverseCharge, *, actor: str, at: datetime
) -> tuple[list[UUID], list[UUID]]:
    """Take the whole charge back that this line is of, and charge something instead where that is said. The credit that
    was counted by an issue follows it.

    Returns the numbers of the postings that take back, and of those that come instead. Raises NotFound
    `unknown-charge` and what `domain/corrections.py` raises.
    """
    await session.execute(LOCK_ITEM, {"charge_id": charge_id})
    await session.execute(LOCK, {"ids": [charge_id]})
    rows = (await session.execute(OF_A_LINE, {"charge_id": charge_id})).mappings().all()
    if not rows:
        raise NotFound("unknown-charge", "There is no line with this number.")
    charge = _posted(rows)
    check_reversible(charge)
    if body.instead is not None and charge.kind is ChargeKind.CREDIT and rows[0]["issued_pence"] is None:
        detail = "What it was issued at is put aside with its month. It can be taken back, with nothing instead."
        raise Conflict("charges-put-aside", detail)
    undo = taking_back(row["id"] for row in rows)
    instead: list[dict[str, Any]] = []
    lines: tuple[Line, ...] = ()
    if body.instead is not None:
        said = body.instead.as_rule()
        kinds = {row.code: FunderKind(row.kind) for row in await session.execute(FUNDERS)}
        lines = lines_instead(
            charge,
            said,
            kinds={**kinds, OWN_ACCOUNT: FunderKind.OTHER},
            vat_percent=rows[0]["vat_percent"],
            issued_pence=rows[0]["issued_pence"],
        )
        # A charge that had no rate has a price now, by a person who says why.
        by_hand = {"tariff_id": None, "basis": BY_HAND, "is_unpriced": False}
        priced = SAME_PRICE if said.pence is None else by_hand
        instead = _coming(rows, lines, uuid4(), priced)
    charged = sum(line.pence for line in lines) if instead else None
    if rows[0]["is_issue"]:
        issue = {"item_id": rows[0]["item_id"], "seq": rows[0]["movement_seq"]}
        credits_of_it = (await session.execute(CREDITS, issue)).mappings().all()
        for _, of_one in groupby(credits_of_it, key=lambda row: row["posting_id"]):
            credited = list(of_one)
            undo += taking_back(row["id"] for row in credited)
            instead += _credited_anew(credited, charge.pence, lines) if lines else []
    await put_right(session, undo, instead, because=body.reason, actor=actor, at=at)
    if rows[0]["is_issue"] or charge.kind is ChargeKind.CREDIT:
        await redo_write_offs(session, {rows[0]["item_id"]: charge.id}, because=body.reason, actor=actor, at=at)
    told = {"reason": body.reason, "kind": charge.kind.value, "pence": charge.pence, "instead_pence": charged}
    await audit.record(session, "charge_reversed", f"charge:{charge_id}", actor=actor, at=at, **told)
    return _numbers(undo), _numbers(instead)


async def redo_credits(
    session: AsyncSession, item_id: int, seq: int, *, added_pence: int, because: str, actor: str, at: datetime
) -> None:
    """Count the credits of an issue anew by all that its funders are charged for it, since nobody adds to it any more
    (`added_pence`). What was credited by hand becomes the same part of that."""
    issue = (await session.execute(ISSUE, {"item_id": item_id, "seq": seq})).mappings().all()
    credits_of_it = (await session.execute(CREDITS, {"item_id": item_id, "seq": seq})).mappings().all()
    undo: list[dict[str, Any]] = []
    instead: list[dict[str, Any]] = []
    for _, of_one in groupby(credits_of_it, key=lambda row: row["posting_id"]):
        credited = list(of_one)
        if issue and not credited[0]["is_unpriced"]:
            charge = _posted(issue)
            undo += taking_back(row["id"] for row in credited)
            instead += _credited_anew(credited, charge.pence - added_pence, charge.lines)
    if undo:
        await put_right(session, undo, instead, because=because, actor=actor, at=at)
        await redo_write_offs(session, {item_id: undo[0]["id"]}, because=because, actor=actor, at=at)


async def price_unpriced(session: AsyncSession, period: str | None, *, actor: str, at: datetime) -> Priced:
    """Price what had no rate by the rates that there are now for its day. Raises BadValue `not-a-period`."""
    month = None if period is None else read_month(period)
    priced, net = 0, 0
    for is_issue in (True, False):
        after, more = 0, True
        while more:
            wanted = {"is_issue": is_issue, "after": after, "period": month, "limit": AT_ONCE}
            ids = list((await session.scalars(UNPRICED_IDS, wanted)).all())
            more = len(ids) == AT_ONCE
            if ids:
                after = ids[-1]
                number, pence = await _price(session, ids, actor=actor, at=at)
                priced, net = priced + number, net + pence
    left = (await session.execute(STILL_UNPRICED, {"period": month})).scalar_one()
    if priced:
        about = f"charges:{period or 'all'}"
        told = {"priced": priced, "net_pence": net, "still_unpriced": left}
        await audit.record(session, "charges_priced", about, actor=actor, at=at, **told)
    return Priced(priced=priced, net_pence=net, still_unpriced=left)


async def _price(session: AsyncSession, ids: Sequence[int], *, actor: str, at: datetime) -> tuple[int, int]:
    """Price the charges of these lines, where there is a rate: how many, and what they come to."""
    await session.execute(LOCK, {"ids": list(ids)})
    rows = (await session.execute(UNPRICED, {"ids": list(ids)})).mappings().all()
    if not rows:
        return 0, 0
    days = [_day(row) for row in rows]
    rates = await read_dated(session, since=min(days), until=max(days))
    undo: list[dict[str, Any]] = []
    instead: list[dict[str, Any]] = []
    priced = 0
    for _, lines in groupby(rows, key=lambda row: row["posting_id"]):
        of_one = list(lines)
        coming = _priced_now(of_one, rates)
        priced += bool(coming)
        undo += taking_back(row["id"] for row in of_one) if coming else []
        instead += coming
    if undo:
        await put_right(session, undo, instead, because=BECAUSE_PRICED, actor=actor, at=at)
        undone = {one["id"] for one in undo}
        kinds = {ChargeKind.CREDIT, ChargeKind.RECYCLED_ISSUE}
        items = {row["item_id"]: row["id"] for row in rows if row["id"] in undone and row["kind"] in kinds}
        await redo_write_offs(session, items, because=BECAUSE_PRICED, actor=actor, at=at)
    return priced, sum(line["amount_pence"] for line in instead)


def _priced_now(rows: Sequence[RowMapping], rates: Sequence[Dated]) -> list[dict[str, Any]]:
    """The lines that come instead of a charge without a rate; none where there still is none for its day, nor for the
    credit of an issue whose lines are put aside."""
    row, charge = rows[0], _posted(rows)
    if charge.kind is ChargeKind.CREDIT and row["issued_pence"] is None:
        return []
    facts = Facts(
        product_id=row["product_id"] or 0,
        category=row["category"] or "",
        price_pence=row["purchase_price_pence"] or 0,
        received_on=row["received_on"] or row["happened_on"],
    )
    again = Again(row["happened_on"], row["variant"], row["quantity"], row["is_issue"], int(row["issued_pence"] or 0))
    posting = post(due_again(charge, facts, again), facts, in_force(rates, _day(row)))
    if posting.price.is_unpriced:
        return []
    said = {"tariff_id": posting.price.tariff_id, "basis": posting.price.basis, "is_unpriced": False}
    return _coming(rows, posting.lines, uuid4(), said)


def _day(row: RowMapping) -> date:
    """The day whose rate prices a charge: of nights of hire that had none, that of the first."""
    day: date = row["happened_on"]
    return date.fromisoformat(row["variant"]) if row["kind"] == ChargeKind.HIRE and row["variant"] else day


def _credited_anew(rows: Sequence[RowMapping], issue_pence: int, lines: Sequence[Line]) -> list[dict[str, Any]]:
    """The lines of a credit in place of those that were counted by the issue as it was."""
    row = rows[0]
    facts = Facts(row["product_id"], row["category"] or "", row["purchase_price_pence"], row["received_on"])
    months = whole_months(row["received_on"], row["happened_on"])
    [rate] = read_tariffs([row["rate"]]) if row["rate"] else [None]
    anew = credit_again(Credited(_posted(rows), facts, months, rate, row["is_unpriced"]), issue_pence, lines)
    price = anew.price
    said = {"tariff_id": price.tariff_id, "basis": price.basis, "is_unpriced": price.is_unpriced}
    return _coming(rows, anew.lines, uuid4(), said)


def _numbers(lines: Iterable[Mapping[str, Any]]) -> list[UUID]:
    """The postings of these lines, each once."""
    return [UUID(number) for number in dict.fromkeys(line["posting_id"] for line in lines)]


def _posted(rows: Sequence[RowMapping]) -> Posted:
    first = rows[0]
    lines = tuple(Line(row["funder"], row["percent"], row["amount_pence"], row["vat_pence"]) for row in rows)
    return Posted(
        first["id"],
        ChargeKind(first["kind"]),
        lines,
        is_reversal=any(row["reversal_of"] is not None for row in rows),
        is_reversed=any(row["reversed_by"] is not None for row in rows),
        is_topped_up=any(row["is_topped_up"] for row in rows),
        is_found=any(row["is_found"] for row in rows),
        parts=tuple(sum(row["percent"] for row in part) for part in _parts(rows)),
    )


def _parts(rows: Sequence[RowMapping]) -> list[list[RowMapping]]:
    """The lines of a charge by order: of a drive that several share there is a part for each."""
    return [list(part) for _, part in groupby(rows, key=lambda row: row["order_id"])]


def _coming(
    rows: Sequence[RowMapping], lines: Iterable[Line], posting: UUID, said: Mapping[str, Any]
) -> list[dict[str, Any]]:
    """The lines that come instead: each stands in for the same funder's of its part, or for the first of it."""
    part, *others = _parts(rows)
    left = sum(row["percent"] for row in part)
    coming = []
    for line in lines:
        if left <= 0 and others:
            part = others.pop(0)
            left = sum(row["percent"] for row in part)
        left -= line.percent
        standing_in = {row["funder"]: row["id"] for row in reversed(part)}
        coming.append(
            {
                "id": standing_in.get(line.funder, part[0]["id"]),
                "posting_id": str(posting),
                "funder": line.funder,
                "percent": str(Decimal(line.percent)),
                "amount_pence": line.pence,
                "vat_pence": line.vat_pence,
                **said,
            }
        )
    return coming
