"""Charges beside movements: the facts that they follow from, read with the item, and their lines, written with it.

SQL fragments and their rows; what is charged, and how much, `domain/costs.py` says. The door is `ledger.py` (ADR 46).
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Final
from uuid import uuid4

from sqlalchemy import RowMapping, text

from app.db import array_of
from app.domain.costs import OWN_ACCOUNT, WHOLE, ChargeKind, Facts, Issued, Posting, Step, Tariff, charges_of
from app.domain.dates import uk_date
from app.domain.funding import share_visit
from app.domain.hire import InForce
from app.domain.lifecycle import Move, State, is_issue
from app.domain.panel_funding import Share

NOBODYS: Final = """
    line.funder_id IS NULL AND line.client_id IS NOT NULL
    AND (line.is_issue OR line.kind IN ('hire', 'delivery', 'collection', 'failed_visit')) AND line.reversal_of IS NULL
    AND NOT EXISTS (SELECT FROM charge_taken_back AS gone WHERE gone.charge_id = line.id)
"""
"""What a funder should pay for, and nobody is said to: issues, hire and visits for a client. Asks for `charge AS line`.
Write-offs, and what is done to what stands in a store, are the service's own by right."""

SINCE_MADE: Final = "period >= CAST(asked.made_at - interval '2 months' AS date)"
"""The months in which an order can have been charged: since it was asked for, and what was written down late may stand
in one before. Asks for `equipment_order AS asked`."""

IS_CHARGED: Final = f"""
    (EXISTS (SELECT FROM charge WHERE order_id = asked.id AND {SINCE_MADE})
     OR EXISTS (SELECT FROM order_put_aside WHERE order_id = asked.id))
"""  # noqa: S608 - the part is a constant
"""Whether an order was charged, in a month that is put aside or not. Asks for `equipment_order AS asked`."""

ORDERS_CHARGES_ASIDE: Final = """
    CASE WHEN EXISTS (SELECT FROM order_put_aside WHERE order_id = asked.id)
         THEN (SELECT max(month) FROM month_put_aside WHERE whole = 'charge') END
"""
"""The newest month that is put aside, for an order that was charged in one. Asks for `equipment_order AS asked`."""

DISTRICT: Final = r"upper(regexp_replace(client.postcode, '\s*\d[[:alpha:]]{2}\s*$', ''))"
"""The outward part of a client's postcode: SR7 of SR7 7AA."""

OF_AN_ORDER: Final = f"""
    jsonb_build_object(
        'order_id', asked.id, 'client_id', asked.client_id, 'team_id', asked.team_id, 'prescriber', asked.made_by,
        'reason', asked.reason, 'speed', asked.speed, 'district', {DISTRICT},
        'shares', COALESCE(
            (SELECT jsonb_agg(jsonb_build_object('funder', funder.code, 'percent', part.percent::text)
                              ORDER BY part.position)
             FROM order_share AS part JOIN funder ON funder.id = part.funder_id WHERE part.order_id = asked.id),
            (SELECT jsonb_build_array(jsonb_build_object('funder', funder.code, 'percent', '100'))
             FROM funder WHERE funder.id = asked.funder_id)))
"""  # noqa: S608 - the part is a constant
"""Who pays for an order, and what its charges are counted under. Asks for `equipment_order AS asked` and `client`."""

NEWEST_ISSUE: Final = "SELECT issue FROM item_account WHERE item_account.item_id = item.id AND issue IS NOT NULL"
"""The newest issue of an item as it is charged now: nothing where that was taken back and nothing came instead.

The database keeps it with the lines that it follows from, so that no scan looks for those in all months (ADR 62). Its
sum is what the funders pay, less what they were relieved of by what a person adds (ADR 51).
"""

FACTS: Final = f"""
    LEFT JOIN LATERAL (
        SELECT account.issue AS issued, jsonb_build_object(
            'category', product.category, 'price_pence', item.purchase_price_pence, 'received_on', item.received_on,
            'is_reusable', product.returnable AND NOT product.single_patient_use
                           AND product.decontamination_route <> 'cannot',
            'route', COALESCE((SELECT route FROM decontamination WHERE item_id = item.id AND finished_at IS NULL),
                              product.decontamination_route),
            'is_credited', COALESCE(account.is_credited, false),
            'written_off_pence', COALESCE(account.written_off_pence, 0),
            'was_credited', COALESCE(account.was_credited, false),
            'paid_pence', CASE WHEN item.times_issued <= COALESCE(account.issues, 0)
                               THEN COALESCE(account.paid_pence, 0) END,
            'hire_rates', CASE WHEN (account.issue ->> 'is_hire')::boolean THEN (
                SELECT jsonb_agg(to_jsonb(rate) ORDER BY rate.id) FROM tariff AS rate
                WHERE rate.kind = 'hire' AND (rate.product_id IS NULL OR rate.product_id = item.product_id)) END,
            'repair', CASE WHEN item.state = 'in_repair' THEN (
                SELECT jsonb_build_object('labour', repair.labour_pence, 'parts', (
                    SELECT sum(part.quantity * part.cost_pence) FROM standing_part AS part
                    WHERE part.repair_id = repair.id))
                FROM repair WHERE repair.item_id = item.id AND repair.started_seq = item.repair_seq) END,
            'wanted', CASE WHEN item.state IN ('reserved', 'dispatched') THEN (
                SELECT {OF_AN_ORDER}
                FROM reservation JOIN order_unit ON order_unit.reservation_id = reservation.id
                JOIN equipment_order AS asked ON asked.id = order_unit.order_id
                JOIN client ON client.id = asked.client_id
                WHERE reservation.item_id = item.id AND reservation.ended_at IS NULL
                ORDER BY reservation.from_on LIMIT 1) END,
            'fetched', (
                SELECT jsonb_build_object('collection_id', collection.id, 'speed', collection.speed)
                FROM collection_line JOIN collection ON collection.id = collection_line.collection_id
                WHERE collection_line.item_id = item.id AND collected_at IS NULL AND cancelled_at IS NULL
                  AND (item.state = 'awaiting_collection' OR picked_up_at IS NOT NULL))
            ) AS facts
        FROM (SELECT item.id) AS this LEFT JOIN item_account AS account ON account.item_id = this.id
    ) AS money ON true
"""  # noqa: S608 - the parts are the constants above
"""Asks for `item` and `product`."""

PAYERS_OF_A_COLLECTION: Final = f"""
    SELECT jsonb_agg(newest.issue ORDER BY item.barcode) FROM collection_line AS planned
    JOIN item ON item.id = planned.item_id CROSS JOIN LATERAL ({NEWEST_ISSUE}) AS newest (issue)
    WHERE planned.collection_id = {{collection_id}} AND planned.collected_at IS NULL AND planned.cancelled_at IS NULL
"""  # noqa: S608 - the part is a constant
"""The newest issue of each thing that is still to be fetched, and that somebody pays for."""

_COLLECTION: Final = "(money.facts -> 'fetched' ->> 'collection_id')"
DRIVE: Final = f"""
    CASE WHEN {_COLLECTION} IS NOT NULL
          AND row_number() OVER (PARTITION BY {_COLLECTION} ORDER BY item.barcode) = 1
          AND NOT EXISTS (SELECT FROM charged_visit WHERE key = 'collection:' || {_COLLECTION} || ':'
                          || (CAST(:at AS timestamptz) AT TIME ZONE 'Europe/London')::date)
    THEN ({PAYERS_OF_A_COLLECTION.format(collection_id=f"{_COLLECTION}::bigint")}) END
"""
"""Who pays for the things of a collection, as they are planned now: with the first row of each, if the drive is not
charged yet."""

COUNTER: Final = f"""
    CASE WHEN CAST(:client_id AS bigint) IS NOT NULL THEN (
        SELECT jsonb_build_object(
                   'client_id', client.id, 'district', {DISTRICT}, 'team_id', team.id,
                   'prescriber', CASE WHEN prescriber.account_id IS NOT NULL THEN account.username END,
                   'shares', jsonb_build_array(jsonb_build_object(
                       'funder', COALESCE(CAST(:funder AS text), usual.code, ''), 'percent', '100')))
        FROM client LEFT JOIN account ON account.username = :actor
        LEFT JOIN prescriber ON prescriber.account_id = account.id
        LEFT JOIN team ON team.id = prescriber.team_id
        LEFT JOIN funder AS usual ON usual.id = team.funder_id
        WHERE client.id = :client_id) END
"""  # noqa: S608 - the part is the constant above
"""Who pays for what goes over the counter: whom it is said to be charged to, or whoever pays for the team."""

TARIFFS: Final = f"""
    CASE WHEN row_number() OVER (ORDER BY item.barcode) = 1 THEN (
        SELECT jsonb_agg(to_jsonb(rate)) FROM tariff AS rate
        WHERE daterange(rate.starts_on, rate.ends_on, '[]')
              @> (CAST(:at AS timestamptz) AT TIME ZONE 'Europe/London')::date
          AND (rate.product_id IS NULL
               OR rate.product_id IN (
                   SELECT product_id FROM item WHERE barcode = ANY({array_of("barcodes", "text")})))) END
"""  # noqa: S608 - the part is a constant
"""The rates in force on the day of `at`; they come with the first row only."""

IS_DISPUTED: Final = """
    EXISTS (SELECT FROM funding_dispute WHERE funding_dispute.order_id = {0}.order_id AND settled_at IS NULL)
"""
"""Whether it is not agreed now who pays for the order of a line; asked when the line is written, not when what it
follows from was."""

WRITE: Final = f"""
    charged AS (
        SELECT * FROM jsonb_to_recordset(CAST(:charges AS jsonb)) AS line (
            posting_id uuid, kind text, variant text, happened_on date, posted_at timestamptz, posted_by text,
            funder text, percent numeric, quantity int, amount_pence bigint, vat_pence bigint, tariff_id bigint,
            basis text, is_unpriced boolean, is_issue boolean, item_id bigint,
            movement_seq int, product_id bigint, category text, recycled boolean, store_id bigint, order_id bigint,
            collection_id bigint, client_id bigint, team_id bigint, prescriber text, reason text, district text,
            visit text, corrects_id bigint, because text, place int)
    ), claimed AS (
        INSERT INTO charged_visit (key) SELECT DISTINCT visit FROM charged
        WHERE visit <> '' AND (SELECT pg_advisory_xact_lock_shared(hashtext('finance_period')))::text IS NOT NULL
        ORDER BY visit ON CONFLICT DO NOTHING RETURNING key
    ), posted AS (
        INSERT INTO charge (posting_id, kind, variant, period, happened_on, posted_at, posted_by, funder_id,
                            percent, quantity, amount_pence, vat_pence, tariff_id, basis, is_unpriced, is_issue,
                            is_provisional, item_id,
                            movement_seq, product_id, category, recycled, store_id, order_id, collection_id, client_id,
                            team_id, prescriber, reason, district, corrects_id, because)
        SELECT posting_id, charged.kind, variant, month_to_post(happened_on), happened_on, posted_at, posted_by,
               funder.id, percent, quantity,
               amount_pence, vat_pence, tariff_id, basis, is_unpriced, is_issue,
               charged.funder <> '' AND {IS_DISPUTED.format("charged")}, item_id,
               movement_seq, product_id, category, recycled, store_id, order_id, collection_id, client_id,
               team_id, prescriber, reason, district, corrects_id, because
        FROM charged LEFT JOIN funder ON funder.code = charged.funder
        WHERE visit = '' OR visit IN (SELECT key FROM claimed)
        ORDER BY place RETURNING id
    )
"""  # noqa: S608 - the part is the constant above
"""Parts of a statement that writes `charges` (rows of `lines_of` as JSON). A visit is charged by whoever is first.

Whoever claims one holds the lock of all who post already: so nobody waits for a claim that waits for the closing of a
month that waits for them.
"""


POST = text(f"WITH {WRITE} SELECT count(*) FROM posted")  # noqa: S608 - the part is the constant above
"""Writes `charges` where nothing moves."""


@dataclass(frozen=True, slots=True)
class Billed:
    """What a verb knows of a movement's charges that no table says yet.

    `client_id`, `funder`: who gets it over the counter, and the code of the funder who is said to pay (None: whoever
    pays for the actor's team). `examined`: the kind of inspection; `labour_pence`: what the work of a repair cost.
    """

    client_id: int | None = None
    funder: str | None = None
    examined: str = ""
    labour_pence: int | None = None


NOTHING_SAID: Final = Billed()


@dataclass(frozen=True, slots=True)
class Account:
    """What is known of the money of one item: the facts of its charges, and what its lines are counted under.

    `fetched`: its collection, and the issues of all that is to be fetched by it, until the drive is charged.
    """

    facts: Facts
    going: Mapping[str, Any]
    coming: Mapping[str, Any]
    fetched: Mapping[str, Any]

    def under(self, move: Move, state: State) -> Mapping[str, Any]:
        """Whose order, client, team and prescriber a line belongs to: of the issue that begins, or of the last one."""
        return self.going if is_issue(state, move) else self.coming


def read_tariffs(rows: Iterable[Mapping[str, Any]]) -> list[Tariff]:
    """Rates, from rows of `tariff` or their JSON."""
    return [
        Tariff(
            id=row["id"],
            kind=ChargeKind(row["kind"]),
            variant=row["variant"],
            product_id=row["product_id"],
            category=row["category"],
            pence=row["pence"],
            percent=None if row["percent"] is None else Decimal(str(row["percent"])),
            taper=tuple(Step(one["from_months"], Decimal(str(one["percent"]))) for one in row["taper"] or ()),
            floor_pence=row["floor_pence"],
            vat_percent=Decimal(str(row["vat_percent"])),
        )
        for row in rows
    ]


def read_hire_rates(rows: Sequence[Mapping[str, Any]]) -> tuple[InForce[Tariff], ...]:
    """Rates with their days, from their JSON."""
    days = [(day_of(row["starts_on"]), row["ends_on"] and day_of(row["ends_on"])) for row in rows]
    return tuple(InForce(rate, *its) for rate, its in zip(read_tariffs(rows), days, strict=True))


def day_of(written: str) -> date:
    """A day from its JSON. The driver keeps the last day of the calendar as `infinity`, and the first likewise."""
    return {"infinity": date.max, "-infinity": date.min}.get(written) or date.fromisoformat(written)


def read_account(row: RowMapping, billed: Billed) -> Account:
    """The money of an item, from a row that `FACTS` and `COUNTER` are part of."""
    known = row["facts"]
    going = row["counter"] or known["wanted"] or {}
    coming = row["issued"] or {}
    fetched = known["fetched"] or {}
    repair = known["repair"] or {}
    facts = Facts(
        product_id=row["product_id"],
        category=known["category"],
        price_pence=known["price_pence"],
        received_on=date.fromisoformat(known["received_on"]),
        times_issued=row["times_issued"],
        is_reusable=known["is_reusable"],
        shares=shares_of(going),
        issued=_issued(coming),
        is_credited=known["is_credited"],
        written_off_pence=int(known["written_off_pence"]),
        was_credited=known["was_credited"],
        paid_pence=None if known["paid_pence"] is None else int(known["paid_pence"]),
        hire_rates=read_hire_rates(known["hire_rates"] or ()),
        route=known["route"],
        examined=billed.examined,
        parts_pence=int(repair.get("parts") or 0),
        labour_pence=billed.labour_pence if billed.labour_pence is not None else repair.get("labour") or 0,
    )
    return Account(facts, going, coming, fetched)


def read_accounts(rows: Sequence[RowMapping], billed: Billed) -> dict[str, Account]:
    """The money of each item by its barcode; what of a collection stands with one row is told to all of it."""
    accounts = {row["barcode"]: read_account(row, billed) for row in rows}
    payers = {accounts[row["barcode"]].fetched["collection_id"]: row["drive"] for row in rows if row["drive"]}
    return {
        barcode: replace(one, fetched={**one.fetched, "payers": payers.get(one.fetched.get("collection_id"))})
        for barcode, one in accounts.items()
    }


def lines_of(
    account: Account,
    tariffs: Sequence[Tariff],
    move: Move,
    state: State,
    *,
    item_id: int,
    seq: int,
    store_id: int,
    actor: str,
    at: datetime,
) -> list[dict[str, Any]]:
    """The rows for `WRITE` of everything that this movement costs."""
    on = uk_date(at)
    going_out = is_issue(state, move)
    facts = account.facts
    speed = account.going.get("speed") if going_out else account.fetched.get("speed")
    if speed:
        facts = replace(facts, speed=speed, visit=_visit(account, on, going_out=going_out))
    under = account.under(move, state)
    payers = [] if going_out else account.fetched.get("payers") or []
    drive = share_drive(payers)
    facts = replace(facts, visit_shares=tuple(share for _, share in drive))
    shared = {
        "item_id": item_id,
        "movement_seq": seq,
        "store_id": store_id,
        "category": facts.category,
        "collection_id": None if going_out else account.fetched.get("collection_id"),
        **counted_under(under),
        "product_id": facts.product_id,
        "recycled": facts.times_issued > 0 if going_out else None,
        "happened_on": on.isoformat(),
        "posted_at": at.isoformat(),
        "posted_by": actor,
    }
    whose = [its for its, _ in drive]
    charges = charges_of(move, state, facts, tariffs, on=on)
    return [row for one in charges for row in rows_of(one, shared, whose if one.due.visit else ())]


def counted_under(under: Mapping[str, Any]) -> dict[str, Any]:
    """What lines are counted under, by what a query read of an order or an issue."""
    names = ("order_id", "client_id", "team_id", "prescriber", "reason", "district")
    return {name: under.get(name) for name in names}


def share_drive(payers: Sequence[Mapping[str, Any]]) -> list[tuple[dict[str, Any], Share]]:
    """Who pays for a drive by which several are served (the issues of their things): the part of each order is split as
    the order is, and counted under it. With each share what its line is counted under: what all things of this order
    have in common, or all that were ordered by nobody."""
    of_order: dict[int | None, list[dict[str, Any]]] = {}
    for one in payers:
        of_order.setdefault(one.get("order_id"), []).append(counted_under(one))
    common = {
        order_id: {name: value if all(one[name] == value for one in its) else None for name, value in its[0].items()}
        for order_id, its in of_order.items()
    }
    shared = share_visit((one.get("order_id"), shares_of(one)) for one in payers)
    return [(common[order_id], share) for order_id, share in shared]


def rows_of(
    posting: Posting, shared: Mapping[str, Any], whose: Sequence[Mapping[str, Any]] = ()
) -> list[dict[str, Any]]:
    """The rows for `WRITE` of one charge: a line for each funder. `shared`: what they are counted under; `whose`: of a
    drive, what each of its lines is counted under, where not all under the same.

    A visit is for no one product, though its line names the item that it was first counted with.
    """
    due, price = posting.due, posting.price
    posting_id = str(uuid4())
    about = dict(shared) | ({"product_id": None, "category": None, "recycled": None} if due.visit else {})
    return [
        about
        | (dict(whose[place]) if whose else {})
        | {
            "posting_id": posting_id,
            "kind": due.kind.value,
            "variant": due.variant,
            "funder": line.funder,
            "percent": str(line.percent),
            "quantity": due.times,
            "amount_pence": line.pence,
            "vat_pence": line.vat_pence,
            "tariff_id": price.tariff_id,
            "basis": price.basis,
            "is_unpriced": price.is_unpriced,
            "is_issue": due.is_issue,
            "visit": due.visit,
        }
        for place, line in enumerate(posting.lines)
    ]


def as_written(rows: Iterable[dict[str, Any]]) -> str:
    """What `WRITE` takes, in this order. Things that went or came on one visit, scanned together, are charged one
    drive: that of the first of them."""
    whose: dict[str, str] = {}
    kept = (
        row
        for row in rows
        if not row["visit"] or whose.setdefault(row["visit"], row["posting_id"]) == row["posting_id"]
    )
    return json.dumps([row | {"place": place} for place, row in enumerate(kept)])


def _visit(account: Account, on: date, *, going_out: bool) -> str:
    if going_out:
        return f"delivery:{account.going['order_id']}:{on}"
    return f"collection:{account.fetched['collection_id']}:{on}"


def shares_of(under: Mapping[str, Any]) -> tuple[Share, ...]:
    """Who pays, by what a query read of an order or an issue; the service itself where it read of nobody."""
    found = under.get("shares") or ()
    return tuple(Share(one["funder"] or OWN_ACCOUNT, Decimal(one["percent"])) for one in found) or WHOLE


def _issued(under: Mapping[str, Any]) -> Issued | None:
    if not under:
        return None
    on = date.fromisoformat(under["on"])
    return Issued(on, shares_of(under), int(under["pence"]), is_hire=under["is_hire"], is_unpriced=under["is_unpriced"])
