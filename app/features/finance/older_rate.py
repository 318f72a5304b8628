"""What stays at an older rate: one answer for the rates, the charges and the reconciliation."""

from typing import Final

AT_AN_OLDER_RATE: Final = """
    line.reversal_of IS NULL AND NOT (line.kind = 'hire' AND line.is_issue)
    AND NOT EXISTS (SELECT FROM charge_taken_back AS gone WHERE gone.charge_id = line.id)
    AND EXISTS (
        SELECT FROM tariff AS rate
        WHERE rate.id = line.tariff_id AND rate.ends_on < CASE
            WHEN line.kind <> 'hire' THEN line.happened_on
            WHEN line.variant = '' THEN line.happened_on - 1
            ELSE line.variant::date + line.quantity - 1 END)
"""
"""Lines that stand, and whose rate was replaced or ended since, back-dated, for their day. They are append-only, so
they keep the price that was right when they were posted. A night of hire has the rate of the day on which it begins;
a line of hire counts by its last one. An issue of hire names a rate without a sum. Asks for `charge AS line`.
"""


def lines_of(tariff_id: int) -> str:
    """Where exactly these lines are listed."""
    return f"/finance/charges?tariff={tariff_id}&older_rate=true"
