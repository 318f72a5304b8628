"""Reads of clients: lists, what a client has, and what goes on with them."""

from collections.abc import Sequence
from datetime import date

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app.domain.errors import NotFound
from app.features.clients.schemas import CareProviderBody, ClientBody, ClientLine, Dealings, EquipmentLine
from app.features.clients.search import place_from, understand

MOST_DUPLICATES = 20
MOST_PAST = 50

EVERYBODY = text("""
    SELECT client_ref, name, date_of_birth, postcode FROM client WHERE client_ref > :after
    ORDER BY client_ref LIMIT :limit
""")

# How much of the shortest name that still counts: “ashbey” finds Ashby, “moar” finds Moor.
FORGIVE = text("SELECT set_config('pg_trgm.word_similarity_threshold', '0.35', true)")

# Each way to be found is an arm of its own, so that each uses its own index. The rank is how far off it is.
FOUND = text("""
    WITH hit (id, rank) AS (
        SELECT id, 0 FROM client WHERE upper(client_ref) = upper(:words)
        UNION ALL SELECT id, 0 FROM client WHERE nhs_number = :nhs_number
        UNION ALL SELECT id, 0 FROM client WHERE postcode = :postcode
        UNION ALL SELECT id, 0 FROM client WHERE date_of_birth = :born
        UNION ALL SELECT id, 100 FROM client WHERE upper(client_ref) LIKE upper(:begins)
        UNION ALL SELECT id, 100 FROM client
                  WHERE CAST(:postcode_begins AS text) IS NOT NULL AND replace(postcode, ' ', '') LIKE :postcode_begins
        UNION ALL SELECT id, 200 FROM client WHERE name ILIKE :holds
        UNION ALL SELECT id, 1300 - CAST(round(500 * (word_similarity(:words, name)
                                                      + strict_word_similarity(:words, name))) AS integer)
                  FROM client WHERE CAST(:may_be_misspelt AS boolean) AND :words <% name
    ), best AS (SELECT id, min(rank) AS rank FROM hit GROUP BY id)
    SELECT client.client_ref, client.name, client.date_of_birth, client.postcode, best.rank
    FROM best JOIN client ON client.id = best.id
    WHERE (best.rank, client.client_ref) > (:rank, :after)
    ORDER BY best.rank, client.client_ref LIMIT :limit
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
           notice.reason AS must_not_be_used, notice.given_at AS must_not_be_used_since
    FROM loan
    JOIN client ON client.id = loan.client_id
    JOIN item ON item.id = loan.item_id
    JOIN product ON product.id = item.product_id
    LEFT JOIN stop_use_notice AS notice ON notice.loan_id = loan.id
    LEFT JOIN collection_line AS line
      ON line.item_id = item.id AND line.collected_at IS NULL AND line.cancelled_at IS NULL
    LEFT JOIN collection ON collection.id = line.collection_id
    LEFT JOIN LATERAL (
        SELECT kind, due_on FROM inspection_due WHERE item_id = item.id ORDER BY due_on, kind LIMIT 1
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
    literal = asked.words.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    await session.execute(FORGIVE)
    values = {
        "words": asked.words,
        "nhs_number": asked.nhs_number,
        "postcode": asked.postcode,
        "born": asked.born,
        "begins": f"{literal}%",
        "postcode_begins": asked.postcode_begins and f"{asked.postcode_begins}%",
        "holds": f"%{literal}%",
        "may_be_misspelt": asked.may_be_misspelt,
        "rank": rank,
        "after": behind,
        "limit": limit + 1,
    }
    return [ClientLine(**row) for row in (await session.execute(FOUND, values)).mappings()]


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
    return [EquipmentLine(**row) for row in rows.mappings()]


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
