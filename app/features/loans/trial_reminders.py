"""Reminds people of the trials that they started: before the end, and once when it is over. Called by the worker."""

from datetime import date, datetime

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app import outbox
from app.domain.dates import in_words
from app.domain.labels import display
from app.domain.promises import working_days_after
from app.web.bank_holidays import bank_holidays

WORKING_DAYS_BEFORE = 3

# A trial that came with an order was started by its driver; whom it concerns is who ordered it. `warned_at` on or
# before the last day was the warning before the end. Two workers that come at once: the second finds it set.
DUE = text("""
    WITH due AS (
        UPDATE loan SET warned_at = :at
        FROM item
        WHERE item.id = loan.item_id AND item.state = 'on_trial'
          AND loan.ended_at IS NULL AND loan.kind = 'trial' AND loan.trial_ends_on <= :soon
          AND (loan.warned_at IS NULL
               OR (loan.trial_ends_on < :today
                   AND CAST(loan.warned_at AT TIME ZONE 'Europe/London' AS date) <= loan.trial_ends_on))
        RETURNING loan.id, loan.client_id, loan.trial_ends_on, loan.started_by, item.barcode, item.product_id
    )
    SELECT due.id, due.barcode, due.trial_ends_on, product.name AS product_name, client.client_ref, account.username
    FROM due JOIN product ON product.id = due.product_id JOIN client ON client.id = due.client_id
    LEFT JOIN order_unit ON order_unit.loan_id = due.id
    LEFT JOIN order_line ON order_line.id = order_unit.order_line_id
    LEFT JOIN equipment_order ON equipment_order.id = order_line.order_id
    JOIN account ON account.username = COALESCE(equipment_order.made_by, due.started_by)
    ORDER BY due.id
""")


async def remind_of_ending_trials(session: AsyncSession, *, today: date, actor: str, at: datetime) -> int:
    """Tell who started a trial three working days before its end, and once when it is overdue; returns how many."""
    soon = working_days_after(today, WORKING_DAYS_BEFORE, bank_holidays(today))
    trials = (await session.execute(DUE, {"today": today, "soon": soon, "at": at})).all()
    for trial in trials:
        is_over = trial.trial_ends_on < today
        thing, ends = f"{trial.product_name} ({display(trial.barcode)})", in_words(trial.trial_ends_on)
        when = f"ended on {ends}" if is_over else f"ends on {ends}"
        await outbox.post(
            session,
            purpose="trial_overdue" if is_over else "trial_ends_soon",
            subject=f"Trial {'is overdue' if is_over else f'ends on {ends}'}: {display(trial.barcode)}",
            body=f"The trial of {thing} with client {trial.client_ref} {when}.\n\n"
            "Record its outcome: they keep it, it is collected, or the trial goes on until another day. "
            "You find it under Trials.",
            to=trial.username,
            about=f"loan:{trial.id}",
            actor=actor,
            at=at,
        )
    return len(trials)
