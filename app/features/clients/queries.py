"""Reads of clients: lists, what a client has, and what goes on with them."""

from collections.abc import Mapping, Sequence
from datetime import date

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app.db import literally
from app.domain.errors import NotFound
from app.domain.overloads import Borne, find_overloads, weight_wanted
from app.features.clients.schemas import CareProviderBody, ClientBody, ClientLine, Dealings, EquipmentLine
from app.features.clients.search import place_from, understand

MOST_DUPLICATES = 20
MOST_PAST = 50

EVERYBODY = text("""
    SELECT client_ref, name, date_of_birth, postcode FROM client WHERE client_ref > :after
    ORDER BY client_ref LIMIT :limit
""")

# What the parameters say decides which index is the shortest way; a plan for just any words would miss that.
LIKE_THIS = text("""
    SELECT set_config('pg_trgm.word_similarity_threshold', :threshold, true),
           set_config('plan_cache_mode', 'force_custom_plan', true)
""")

# Each way to be found is an arm of its own, so that each uses its own index, and in the order of references, so that
# none is read further than the page is long, however many people have the name. The rank is how far off it is; whoever
# is found in a nearer way is not found again in a farther one.
IS_EXACT = """(upper(client_ref) = upper(:words) OR COALESCE(nhs_number = :nhs_number, false)
               OR COALESCE(postcode = :postcode, false) OR COALESCE(date_of_birth = :born, false))"""
BEGINS = """(upper(client_ref) LIKE upper(:begins)
             OR COALESCE(replace(postcode, ' ', '') LIKE :postcode_begins, false))"""


ARM = """
    (SELECT id, {rank} AS rank, upper(client_ref) AS place FROM client
     WHERE {found} AND :rank <= {rank} AND (:rank < {rank} OR upper(client_ref) ~>~ upper(:after))
     ORDER BY upper(client_ref) USING ~<~ LIMIT :limit)
"""
WAYS = (
    (0, "upper(client_ref) = upper(:words)"),
    (0, "nhs_number = :nhs_number"),
    (0, "postcode = :postcode"),
    (0, "date_of_birth = :born"),
    (100, f"upper(client_ref) LIKE upper(:begins) AND NOT {IS_EXACT}"),
    (100, f"replace(postcode, ' ', '') LIKE :postcode_begins AND NOT {IS_EXACT}"),
    (200, f"name ILIKE :holds AND NOT {IS_EXACT} AND NOT {BEGINS}"),
)
FOUND_BY = " UNION ALL ".join(ARM.format(rank=rank, found=found) for rank, found in WAYS)
FOUND = text(f"""
    WITH hit AS ({FOUND_BY}), best AS (
        SELECT id, min(rank) AS rank, min(place) AS place FROM hit GROUP BY id
        ORDER BY min(rank), min(place) USING ~<~ LIMIT :limit
    )
    SELECT client.client_ref, client.name, client.date_of_birth, client.postcode, best.rank
    FROM best JOIN client ON client.id = best.id ORDER BY best.rank, best.place USING ~<~
""")  # noqa: S608 - our own words

# Names that are much alike, then those that are a little: “ashbey” finds Ashby, “moar” finds Moor.
BANDS = ((300, 0.5, 2.0), (700, 0.35, 0.5))
"""Of each: the rank it begins with, how alike its names are at least, and below what."""
MOST_ALIKE = 500
"""So many of one band are compared with one another. Where there are more, they are alike by one common name."""
ALIKE = text("""
    WITH alike AS (
        SELECT client_ref, name, date_of_birth, postcode FROM client
        WHERE :words <% name AND name NOT ILIKE :holds AND upper(client_ref) NOT LIKE upper(:begins)
          AND word_similarity(:words, name) < :below
        LIMIT :most
    ), ranked AS (
        SELECT *, :band + 300 - CAST(round(150 * (word_similarity(:words, name) + strict_word_similarity(:words, name)))
                                     AS integer) AS rank
        FROM alike
    )
    SELECT client_ref, name, date_of_birth, postcode, rank FROM ranked
    WHERE rank > :rank OR (rank = :rank AND upper(client_ref) ~>~ upper(:after))
    ORDER BY rank, upper(client_ref) USING ~<~ LIMIT :limit
""")

DUPLICATES = text("""
    SELECT client_ref, name, date_of_birth, postcode FROM client
    WHERE name % :name AND (date_of_birth = CAST(:born AS date) AND similarity(name, :name) >= 0.6
                            OR postcode = :postcode AND lower(name) = lower(:name))
    ORDER BY client_ref LIMIT :limit
""")

EQUIPMENT = text("""
    SELECT loan.id AS loan_id, item.barcode, product.code AS product_code, product.name AS product_name,
           item.serial_number, loan.kind, item.state, loan.started_at, loan.trial_ends_on,
           COALESCE(loan.kind = 'trial' AND loan.trial_ends_on < :today, false) AS is_overdue,
           EXISTS (SELECT FROM hold WHERE hold.item_id = item.id AND lifted_at IS NULL) AS held,
           collection.number AS collection, due.kind AS next_inspection, due.due_on AS next_inspection_on,
           notice.reason AS must_not_be_used, notice.given_at AS must_not_be_used_since,
           product.category, product.model, client.weight_kg,
           LEAST(product.safe_working_load_kg, item.certified_load_kg) AS safe_working_load_kg,
           ARRAY(SELECT said.warning FROM loan_answer AS said WHERE said.loan_id = loan.id AND said.answer IS NULL
                 ORDER BY said.id) AS not_answered,
           CASE WHEN client.weight_kg IS NULL AND notice.id IS NULL
                     AND (item.load_lowered_at >= loan.started_at OR loan.weight_wanted_since IS NOT NULL)
                THEN CASE WHEN item.certified_load_kg = LEAST(product.safe_working_load_kg, item.certified_load_kg)
                     THEN item.certified_on
                     ELSE CAST(COALESCE(item.load_lowered_at, loan.weight_wanted_since) AT TIME ZONE 'Europe/London'
                          AS date) END END AS lowered_on
    FROM loan
    JOIN client ON client.id = loan.client_id
    JOIN item ON item.id = loan.item_id
    JOIN product ON product.id = item.product_id
    LEFT JOIN stop_use_notice AS notice ON notice.loan_id = loan.id
    LEFT JOIN collection_line AS line
      ON line.item_id = item.id AND line.collected_at IS NULL AND line.cancelled_at IS NULL
    LEFT JOIN collection ON collection.id = line.collection_id
    LEFT JOIN LATERAL (
        SELECT kind, due_on FROM inspection_due WHERE item_id = item.id
        UNION ALL
        SELECT wanted.kind, NULL FROM product_inspection AS wanted
        WHERE wanted.product_id = item.product_id AND NOT EXISTS (
            SELECT FROM inspection_due AS known WHERE known.item_id = item.id AND known.kind = wanted.kind)
        ORDER BY due_on NULLS FIRST, kind LIMIT 1
    ) AS due ON true
    WHERE upper(client.client_ref) = upper(:client_ref) AND loan.ended_at IS NULL
    ORDER BY notice.id IS NULL, loan.id
""")

DEALINGS = text("""
    SELECT (SELECT jsonb_agg(one) FROM (
               SELECT item.barcode, product.name AS product_name, kept.from_on, kept.until_on
               FROM reservation AS kept JOIN item ON item.id = kept.item_id
               JOIN product ON product.id = item.product_id
               WHERE kept.client_id = :client_id AND kept.ended_at IS NULL ORDER BY kept.from_on, kept.id
           ) AS one) AS reservations,
           (SELECT jsonb_agg(one) FROM (
               SELECT asked.number, stands.state, asked.made_at, asked.promised_on
               FROM equipment_order AS asked JOIN equipment_order_state AS stands ON stands.order_id = asked.id
               WHERE asked.client_id = :client_id ORDER BY asked.id DESC LIMIT :most
           ) AS one) AS orders,
           (SELECT jsonb_agg(one) FROM (
               SELECT collection.number, collection.requested_at, collection.scheduled_on, collection.is_bereavement,
                      count(line.id) AS items,
                      count(line.id) FILTER (WHERE line.collected_at IS NULL AND line.cancelled_at IS NULL)
                          AS still_open
               FROM collection LEFT JOIN collection_line AS line ON line.collection_id = collection.id
               WHERE collection.client_id = :client_id GROUP BY collection.id ORDER BY collection.id DESC LIMIT :most
           ) AS one) AS collections,
           (SELECT jsonb_agg(one) FROM (
               SELECT item.barcode, product.name AS product_name, loan.started_at, loan.ended_at
               FROM loan JOIN item ON item.id = loan.item_id JOIN product ON product.id = item.product_id
               WHERE loan.client_id = :client_id AND loan.ended_at IS NOT NULL
               ORDER BY loan.ended_at DESC, loan.id DESC LIMIT :most
           ) AS one) AS past_loans,
           (SELECT jsonb_build_object(
                'is_withdrawn', line.action = 'client_death_withdrawn', 'at', line.at,
                'orders', string_to_array(line.detail->>'orders', ', '),
                'with_the_driver', string_to_array(line.detail->>'with_the_driver', ', '),
                'reserved', (
                    SELECT COALESCE(jsonb_agg(jsonb_build_object('barcode', item.barcode, 'product_name', product.name)
                                              ORDER BY kept.id), '[]')
                    FROM reservation AS kept JOIN item ON item.id = kept.item_id
                    JOIN product ON product.id = item.product_id
                    WHERE kept.id = ANY(CAST(string_to_array(line.detail->>'reservations', ', ') AS bigint[]))))
            FROM audit_event AS line
            WHERE line.subject = 'client:' || CAST(:client_ref AS text)
              AND line.action IN ('client_death_recorded', 'client_death_withdrawn')
            ORDER BY line.id DESC LIMIT 1) AS called_off
""")


async def list_clients(
    session: AsyncSession, *, q: str | None, after: str | None = None, limit: int = 50
) -> list[ClientLine]:
    """Clients, `limit + 1` of them: all by reference, or those like `q`, the likeliest first.

    `q`: a reference in any case, an NHS number, a postcode or its beginning, a date of birth, or a name, of which a
    part will do and in which mistakes are forgiven. Raises BadValue `bad-cursor`.
    """
    rank, behind = place_from(after)
    if not (q or "").strip():
        rows = await session.execute(EVERYBODY, {"after": behind, "limit": limit + 1})
        return [ClientLine(**row) for row in rows.mappings()]
    asked = understand(q or "")
    literal = literally(asked.words)
    values = {
        "words": asked.words,
        "nhs_number": asked.nhs_number,
        "postcode": asked.postcode,
        "born": asked.born,
        "begins": f"{literal}%",
        "postcode_begins": asked.postcode_begins and f"{asked.postcode_begins}%",
        "holds": f"%{literal}%",
        "rank": rank,
        "after": behind,
        "limit": limit + 1,
    }
    await session.execute(LIKE_THIS, {"threshold": str(BANDS[0][1])})
    found = [ClientLine(**row) for row in (await session.execute(FOUND, values)).mappings()]
    if asked.may_be_misspelt and len(found) <= limit:
        found += await _alike(session, values, limit=limit + 1 - len(found))
    return found


async def _alike(session: AsyncSession, values: Mapping[str, object], *, limit: int) -> list[ClientLine]:
    """Who has a name like that but not quite; the likest first, so many of them."""
    found: list[ClientLine] = []
    for band, threshold, below in BANDS:
        if len(found) < limit:
            await session.execute(LIKE_THIS, {"threshold": str(threshold)})
            asked = {"band": band, "below": below, "most": MOST_ALIKE, "limit": limit - len(found)}
            found += [ClientLine(**row) for row in (await session.execute(ALIKE, {**values, **asked})).mappings()]
    return found


async def find_duplicates(
    session: AsyncSession, *, name: str, born: date | None, postcode: str, other_than: str = ""
) -> list[ClientLine]:
    """Who may be the same person: much the same name and the same birthday, or the same name and postcode."""
    values = {"name": name, "born": born, "postcode": postcode, "limit": MOST_DUPLICATES}
    rows = [ClientLine(**row) for row in (await session.execute(DUPLICATES, values)).mappings()]
    return [row for row in rows if row.client_ref != other_than]


async def list_equipment(session: AsyncSession, client_ref: str, *, today: date) -> list[EquipmentLine]:
    """What the client has now: first what must not be used, then oldest loan first."""
    rows = await session.execute(EQUIPMENT, {"client_ref": client_ref, "today": today})
    lines = [dict(row) for row in rows.mappings()]
    there = [Borne(one["barcode"], one["product_name"], one["category"], one["safe_working_load_kg"]) for one in lines]
    weight = lines[0]["weight_kg"] if lines else None
    too_weak = {one.barcode: one.why for one in find_overloads(there, weight)} if weight else {}
    return [
        EquipmentLine(
            **one,
            too_weak=None if one["must_not_be_used"] else too_weak.get(one["barcode"]),
            weight_wanted=weight_wanted(one["safe_working_load_kg"], one["lowered_on"]),
        )
        for one in lines
    ]


async def list_dealings(session: AsyncSession, client: ClientBody) -> Dealings:
    """The client's reservations, orders, collections and past loans, and what a death called off, in one statement."""
    values = {"client_id": client.id, "client_ref": client.client_ref, "most": MOST_PAST}
    row = (await session.execute(DEALINGS, values)).mappings().one()
    called_off = row["called_off"]
    lists = {name: lines or [] for name, lines in row.items() if name != "called_off"}
    return Dealings.model_validate({**lists, "called_off": called_off})


async def list_care_providers(session: AsyncSession) -> Sequence[CareProviderBody]:
    """All care providers, by name."""
    rows = await session.execute(text("SELECT id, name, email, phone FROM care_provider ORDER BY lower(name), id"))
    return [CareProviderBody(**row) for row in rows.mappings()]


async def get_care_provider(session: AsyncSession, provider_id: int) -> CareProviderBody:
    """One care provider. Raises NotFound `unknown-care-provider`."""
    wanted = text("SELECT id, name, email, phone FROM care_provider WHERE id = :provider_id")
    row = (await session.execute(wanted, {"provider_id": provider_id})).mappings().one_or_none()
    if row is None:
        raise NotFound("unknown-care-provider", "There is no care provider with this number.")
    return CareProviderBody(**row)
