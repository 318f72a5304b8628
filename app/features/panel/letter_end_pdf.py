"""Letters about the end of an approval: a meeting did not ratify it, or it was not used in time. Pure rendering."""

from collections.abc import Sequence
from typing import Final

from app.domain.certificates import initials_of
from app.domain.dates import in_words, uk_date
from app.domain.labels import display
from app.domain.panel import LapseKind
from app.features.panel.letter_layout import (
    LARGE,
    LARGE_MARGIN,
    Letter,
    bullets,
    foot,
    part,
    sender,
    to_person,
    when,
)
from app.web.printing import MARGIN, facts, pdf, words

AGAIN: Final = "If it is still needed, mend the case and submit it again, or cancel the order."


def end_to_prescriber(letter: Letter, issued: Sequence[str]) -> bytes:
    """That the approval does not hold any more, since when, why, and what follows. `issued`: tags of what is out."""
    row, contact = letter.decision, letter.contact
    who = f"{letter.seen['client_ref']} ({initials_of(row['client_name'])})"
    story = [
        *sender(letter, 10, uk_date(row["lapsed_at"])),
        words(letter.name(letter.presenter), 10),
        words(f"Case {letter.case}: the approval does not hold any more", 18, bold=True, before=14, after=8),
        facts(
            [
                ("Person", who),
                ("Order", letter.seen["order_number"]),
                ("Equipment", ", ".join(letter.equipment)),
                ("Approved", f"{when(row['decided_at'])}, recorded by {letter.name(row['decided_by'])}"),
                ("Holds no more since", when(row["lapsed_at"])),
                ("Because", LapseKind(row["lapsed"]).text),
            ]
        ),
        *part("Reasons", _reasons(letter), 10),
        *part("What happens next", _next_for_prescriber(issued), 10),
        *part("Questions", [f"{contact.service}, {contact.phone}."], 10),
    ]
    title = f"End of the approval of case {letter.case}"
    return pdf(story, title=title, author=contact.service, foot=foot(f"Case {letter.case}", 8, MARGIN))


def end_to_person(letter: Letter, issued: Sequence[str]) -> bytes:
    """The same for the person, in large print: what we said before, that it changed, why, and what happens now."""
    row, contact = letter.decision, letter.contact
    then = in_words(uk_date(row["decided_at"]))
    story = [
        *sender(letter, LARGE, uk_date(row["lapsed_at"])),
        *to_person(letter),
        words("Your equipment: something has changed", 20, bold=True, before=14, after=10),
        words(f"Dear {row['client_name']},", LARGE, after=8),
        *part("", [f"On {then} we said yes to this equipment for you:"], LARGE),
        *bullets(letter.equipment, LARGE),
        *part("What has changed", ["That does not count any more.", *_why(letter)], LARGE),
        *part("Why", _reasons(letter), LARGE),
        *part("What happens next", _next_for_person(issued), LARGE),
        *part(
            "If you do not agree",
            [
                f"Tell whoever assessed you, or phone us on {contact.phone}. They can ask us again.",
                f"You can complain. Phone {contact.phone} and say that you want to complain. Somebody you trust can do "
                "it for you.",
            ],
            LARGE,
        ),
        *part(
            "This letter in another way",
            [f"Do you need this letter read to you, or in another language or format? Phone us on {contact.phone}."],
            LARGE,
        ),
        words("Yours sincerely", LARGE, before=16, after=8),
        words(f"{letter.panel}, {contact.service}", LARGE),
    ]
    title = f"Your equipment: something has changed ({letter.case})"
    at_foot = foot(f"Our reference: {letter.case}", 12, LARGE_MARGIN)
    return pdf(story, title=title, author=contact.service, foot=at_foot, margin=LARGE_MARGIN)


def _reasons(letter: Letter) -> list[str]:
    row = letter.decision
    if row["lapsed"] == LapseKind.NOT_RATIFIED:
        return [row["ratification"]] if row["ratification"] else []
    if row["lapsed"] == LapseKind.EXPIRED:
        return [f"It could be used until {in_words(row['expires_on'])}, and nothing was handed over by then."]
    return []


def _why(letter: Letter) -> list[str]:
    day = in_words(uk_date(letter.decision["lapsed_at"]))
    if letter.decision["lapsed"] == LapseKind.NOT_RATIFIED:
        return [f"One person had decided it quickly, because it was urgent. On {day} our meeting did not say yes."]
    return []


def _next_for_prescriber(issued: Sequence[str]) -> list[str]:
    if issued:
        out = ", ".join(display(barcode) for barcode in issued)
        return [f"{out} is out: review whether it may stay, and arrange its collection if not. The rest is called off."]
    return [f"The order waits for the panel again, and what was held for it is free. {AGAIN}"]


def _next_for_person(issued: Sequence[str]) -> list[str]:
    talk = "Whoever assessed you talks to you about what you need now."
    if issued:
        return ["Keep what you have already, until somebody has talked to you about it.", talk]
    return ["We do not bring the equipment now.", f"Your need still counts. {talk} They can ask us again."]
