"""Who wrote a line or opened a dispute, for readers who may not see which prescriber did what."""

from typing import Any, Final

from app.domain.access import Actor, Permission

A_PRESCRIBER: Final = "a prescriber"


def poster(column: str) -> str:
    """The user in this column, as SQL; only that it was a prescriber, where the reader may see no more (`seen_by`)."""
    return f"""
        CASE WHEN NOT CAST(:by_prescriber AS boolean) AND EXISTS (
            SELECT FROM account AS who JOIN account_role AS has ON has.account_id = who.id
            WHERE who.username = {column} AND has.role IN ('prescriber', 'senior_prescriber'))
        THEN '{A_PRESCRIBER}' ELSE {column} END
    """


def seen_by(actor: Actor) -> dict[str, Any]:
    """What `poster` has bound."""
    return {"by_prescriber": actor.may(Permission.SEE_COSTS_BY_PRESCRIBER)}
