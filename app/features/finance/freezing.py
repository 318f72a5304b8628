"""What a closed month is: how many lines, their sums, and the digest over them (ADR 50). One place for both who close
and who look again."""

from typing import Final

from sqlalchemy import text

_LINE: Final = """
    jsonb_build_array(
        1, line.id, line.posting_id, line.kind, line.variant, to_char(line.period, 'YYYY-MM-DD'),
        to_char(line.happened_on, 'YYYY-MM-DD'),
        to_char(line.posted_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'), line.posted_by, line.funder_id,
        line.percent::text, line.quantity, line.amount_pence, line.vat_pence, line.tariff_id, line.basis,
        line.is_unpriced, line.is_issue, line.is_provisional, line.item_id, line.movement_seq, line.product_id,
        line.category, line.recycled, line.store_id, line.order_id, line.collection_id, line.client_id, line.team_id,
        line.prescriber, line.reason, line.district, line.reversal_of, line.corrects_id, line.because)::text
"""
"""A line as one text, in which nothing depends on a time zone or a setting. The first number is that of this form."""

_SUMS: Final = """
    SELECT (SELECT count(*) FROM charge AS line WHERE line.period = month.period) AS now_lines,
           (SELECT jsonb_build_object(
                       'net_pence', COALESCE(sum(part.net), 0), 'vat_pence', COALESCE(sum(part.vat), 0),
                       'by', COALESCE(jsonb_agg(jsonb_build_object(
                           'funder', part.funder, 'kind', part.kind, 'lines', part.lines, 'net_pence', part.net,
                           'vat_pence', part.vat) ORDER BY part.funder COLLATE "C" NULLS FIRST, part.kind COLLATE "C"),
                           '[]'))
            FROM (SELECT funder.code AS funder, line.kind, count(*) AS lines, sum(line.amount_pence) AS net,
                         sum(line.vat_pence) AS vat
                  FROM charge AS line LEFT JOIN funder ON funder.id = line.funder_id
                  WHERE line.period = month.period GROUP BY 1, 2) AS part) AS now_totals
"""
_FROZEN: Final = f"""
    {_SUMS},
           (SELECT encode(sha256(COALESCE(string_agg(sha256(convert_to({_LINE}, 'UTF8')), ''::bytea ORDER BY line.id),
                                          ''::bytea)), 'hex')
            FROM charge AS line WHERE line.period = month.period) AS now_digest
"""  # noqa: S608 - the part is the constant above

FREEZE = text(f"""
    INSERT INTO finance_period (period, closed_at, closed_by, lines, totals, digest)
    SELECT month.period, :at, :actor, sums.now_lines, sums.now_totals, sums.now_digest
    FROM (SELECT CAST(:period AS date) AS period) AS month CROSS JOIN LATERAL ({_FROZEN}) AS sums
    RETURNING lines, totals, digest
""")  # noqa: S608 - the parts are constants
# The digest is of what is closed: to make it of an open month takes ten times as long as its sums.
WOULD_BE = text(f"""
    SELECT sums.* FROM (SELECT CAST(:period AS date) AS period) AS month CROSS JOIN LATERAL ({_SUMS}) AS sums
""")  # noqa: S608 - the parts are constants
OF_CLOSED_MONTHS = text(f"""
    SELECT month.period, month.lines, month.totals, month.digest, sums.*
    FROM finance_period AS month CROSS JOIN LATERAL ({_FROZEN}) AS sums
    WHERE (CAST(:period AS date) IS NULL OR month.period = :period)
      AND NOT EXISTS (SELECT FROM month_put_aside AS aside WHERE aside.whole = 'charge' AND aside.month = month.period)
    ORDER BY month.period
""")  # noqa: S608 - the parts are constants
