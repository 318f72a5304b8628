"""Letters about a decision as PDF. Pure rendering: a letter in, bytes out, and the same bytes each time.

The one to the person is in large print and short sentences. It says nothing of anybody else.
"""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, Final

from app.domain.authority import listed
from app.domain.certificates import initials_of
from app.domain.dates import in_words, uk_date
from app.domain.panel import ConditionKind, DecisionKind
from app.domain.panel_funding import in_percent
from app.features.panel.letter_layout import (
    LARGE,
    LARGE_MARGIN,
    Letter,
    bullets,
    foot,
    notice,
    part,
    sender,
    to_person,
    when,
)
from app.features.panel.letter_standing import (
    PAST,
    appeal_to_person,
    appeal_to_prescriber,
    tell_person,
    tell_prescriber,
)
from app.web.printing import MARGIN, facts, pdf, table, words
from app.web.templating import pounds

COUNCILS: Final = "Local Government and Social Care Ombudsman. Phone 0300 061 0614. Website: www.lgo.org.uk"
NHS: Final = "Parliamentary and Health Service Ombudsman. Phone 0345 015 4033. Website: www.ombudsman.org.uk"

ANSWERS: Final[Mapping[DecisionKind, str]] = {
    DecisionKind.APPROVE: "We said yes. You can have this equipment.",
    DecisionKind.APPROVE_WITH_CONDITIONS: "We said yes. There are some conditions.",
    DecisionKind.DEFER: "We have not decided yet. We need to know more first.",
    DecisionKind.DECLINE: "We said no to this equipment.",
}
CONDITIONS: Final[Mapping[ConditionKind, str]] = {
    ConditionKind.TRIAL_FIRST: "You try it first. Then we look with you at whether it is right for you.",
    ConditionKind.RECYCLED_ONLY: "It will be equipment that was used before. It is cleaned, checked and safe.",
    ConditionKind.REVIEW_BY: "We look at it again with you.",
    ConditionKind.RING_FENCED_RETURN: "When you do not need it any more, it comes back to us.",
}
NOTHING_NAMED: Final = (
    "The panel named nothing. A need that is eligible stays to be met: ask the panel what it had in mind."
)
NOTHING_NAMED_PLAIN: Final = "We have not named anything else yet. Whoever assessed you must look for it with you."
NEXT: Final[Mapping[DecisionKind, tuple[str, ...]]] = {
    DecisionKind.APPROVE: (
        "We get the equipment ready. Then we phone you to agree a day.",
        "You do not have to pay for it.",
    ),
    DecisionKind.DEFER: (
        "Whoever assessed you sends us what is missing.",
        "Then we decide. We write to you again.",
    ),
    DecisionKind.DECLINE: (
        "Your need still counts. Talk to whoever assessed you about other ways to meet it.",
        "If things change for you, tell them. They can ask us again.",
    ),
}


def letter_to_prescriber(letter: Letter) -> bytes:
    """What was decided, by whom, why, on which conditions; what comes next, and how to appeal."""
    row, contact = letter.decision, letter.contact
    name = letter.name(letter.presenter)
    who = f"{letter.seen['client_ref']} ({initials_of(row['client_name'])})"
    story = [
        *sender(letter, 10, uk_date(row["decided_at"])),
        words(name, 10),
        words(f"Decision about case {letter.case}", 18, bold=True, before=14, after=8),
        *notice(tell_prescriber(letter.standing), 10),
        facts(
            [
                ("Person", who),
                ("Order", letter.seen["order_number"]),
                ("Equipment", ", ".join(letter.equipment)),
                ("Value at catalogue prices", pounds(row["value_pence"])),
                ("Decision", letter.kind.text),
                ("Decided", f"{when(row['decided_at'])}, recorded by {letter.name(row['decided_by'])}"),
                ("Who decided", listed([letter.name(one) for one in row["seen"]["took_part"]], "and")),
                *_days(row),
            ]
        ),
        *part("Reasons", [row["reasons"]], 10),
        *part("What meets the need instead", _alternative(letter, NOTHING_NAMED), 10),
        *part("Conditions", [_condition(one) for one in row["conditions"]], 10, as_bullets=True),
        *part("What the panel asks for", row["information"], 10, as_bullets=True),
        *_funding(row["funding"]),
        *(part("What happens next", _next_for_prescriber(letter), 10) if letter.standing.holds else []),
        *part(
            "How to appeal",
            appeal_to_prescriber(letter.standing, f"Questions: {contact.service}, {contact.phone}."),
            10,
        ),
        *_attached(letter.seen.get("attachments", [])),
        words(f"All that the panel saw is kept with the SHA-256 {row['digest']}.", 8, before=10),
    ]
    title = f"Decision {row['id']} about case {letter.case}"
    return pdf(story, title=title, author=contact.service, foot=foot(f"Case {letter.case}", 8, MARGIN))


def letter_to_person(letter: Letter) -> bytes:
    """The same for the person: what we decided, why, what happens next, what to do if they do not agree."""
    row, contact = letter.decision, letter.contact
    story = [
        *sender(letter, LARGE, uk_date(row["decided_at"])),
        *to_person(letter),
        words("Your equipment: what we decided", 20, bold=True, before=14, after=10),
        words(f"Dear {row['client_name']},", LARGE, after=8),
        *notice(tell_person(letter.standing), LARGE, LARGE_MARGIN),
        *part("", ["You were assessed. We were asked for this equipment for you:"], LARGE),
        *bullets(letter.equipment, LARGE),
        *_answer(letter),
        *bullets([_plain_condition(one) for one in row["conditions"]], LARGE),
        *_what_instead(letter),
        *part("Why", [row["reasons"]], LARGE),
        *(part("What happens next", _next_for_person(letter), LARGE) if letter.standing.holds else []),
        *part(
            "If you do not agree",
            appeal_to_person(letter.standing, letter.kind, contact.phone),
            LARGE,
        ),
        *part(
            "How to complain",
            [
                f"You can complain to us. Phone {contact.phone} and say that you want to complain. Somebody you trust "
                "can do it for you.",
                "Your council's complaints team answers you.",
                "If you are not happy with the answer, you can go to an Ombudsman. That is free.",
                f"About the council: {COUNCILS}",
                f"About the NHS: {NHS}",
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
    title = f"Your equipment: what we decided ({letter.case})"
    at_foot = foot(f"Our reference: {letter.case}", 12, LARGE_MARGIN)
    return pdf(story, title=title, author=contact.service, foot=at_foot, margin=LARGE_MARGIN)


def _days(row: Mapping[str, Any]) -> list[tuple[str, str]]:
    review = "Answer by" if row["kind"] == DecisionKind.DEFER else "Review"
    days = ((review, row["review_on"]), ("Can be used until", row["expires_on"]))
    return [(name, in_words(day)) for name, day in days if day]


def _condition(one: Mapping[str, str]) -> str:
    return one["detail"] or ConditionKind(one["kind"]).text


def _plain_condition(one: Mapping[str, str]) -> str:
    return one["detail"] or CONDITIONS[ConditionKind(one["kind"])]


def _funding(funding: Sequence[Mapping[str, Any]]) -> list[Any]:
    if not funding:
        return []
    rows = [(one["name"], in_percent(Decimal(one["percent"])), pounds(one["pence"])) for one in funding]
    return [
        words("Who pays", 12, bold=True, before=10, after=3),
        table(("Funder", "Share", "Amount"), rows, (94, 40, 40)),
    ]


def _attached(attached: Sequence[Mapping[str, Any]]) -> list[Any]:
    if not attached:
        return []
    rows = [(one["title"], one["sha256"]) for one in attached]
    return [
        words("What was attached to the case", 12, bold=True, before=10, after=3),
        table(("What", "SHA-256"), rows, (84, 90)),
    ]


def _next_for_prescriber(letter: Letter) -> list[str]:
    row, order = letter.decision, letter.seen["order_number"]
    said = {
        DecisionKind.DEFER: "The order waits. Mend the case on its pages, and submit it again.",
        DecisionKind.DECLINE: f"Order {order} is declined. The need stays to be met: agree with the person how.",
    }.get(letter.kind, f"Order {order} goes on by itself, with these conditions checked." if row["conditions"]
          else f"Order {order} goes on by itself.")  # fmt: skip
    lines = [said]
    if row["is_chair_action"]:
        lines.append(
            "The chair acted between meetings because the case is urgent. The next meeting ratifies it or not."
        )
    if row["expires_on"]:
        lines.append(
            f"What is not used by {in_words(row['expires_on'])} is not approved any more; bring it again then."
        )
    lines.append("Tell the person, and give them their letter: it is on the page of the case.")
    return lines


def _answer(letter: Letter) -> list[Any]:
    if letter.standing.holds:
        return part("What we decided", [ANSWERS[letter.kind]], LARGE)
    return part("What we decided then", [PAST[letter.kind]], LARGE)


def _alternative(letter: Letter, nothing: str) -> list[str]:
    """What meets the need instead of what was declined; said, too, where the panel named nothing."""
    if letter.kind is not DecisionKind.DECLINE:
        return []
    return [letter.decision["alternative"] or nothing]


def _what_instead(letter: Letter) -> list[Any]:
    row = letter.decision
    if letter.kind is DecisionKind.DECLINE:
        return part("What there is instead", _alternative(letter, NOTHING_NAMED_PLAIN), LARGE)
    if letter.kind is DecisionKind.DEFER and row["information"]:
        asked = f"We asked for this by {in_words(row['review_on'])}:"
        return [*part("", [asked], LARGE), *bullets(row["information"], LARGE)]
    return []


def _next_for_person(letter: Letter) -> list[str]:
    row = letter.decision
    said = list(NEXT[DecisionKind.APPROVE if letter.kind.approves else letter.kind])
    if row["is_chair_action"]:
        said.append("We decided this quickly, because it was urgent. We look at it once more at our next meeting.")
    if letter.kind.approves and row["review_on"]:
        said.append(f"We look at it again with you by {in_words(row['review_on'])}.")
    return said
