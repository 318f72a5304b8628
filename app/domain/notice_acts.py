"""Which action may be recorded of an item that a safety notice covers, and what follows from it.

Nothing but evidence clears an item: a look or a record that shows that it is not affected, or a correction that another
person has checked. "Contacted" is not "corrected", and "untraceable" is counted, never cleared.
"""

import re
from collections.abc import Collection, Iterable, Mapping
from typing import Final

from app.domain.errors import BadValue, Conflict, NotAllowed, RuleError
from app.domain.goods import serial_key
from app.domain.notice_standing import Act, Channel, Place, Reading, Standing
from app.domain.notice_work import Handling, MatchAction, MatchOutcome, waits_for_another
from app.domain.notices import Result
from app.domain.reasons import NO_WORDS, check_reason, has_words
from app.domain.safety_notices import NoticeState

_HERE = frozenset({Place.IN_STORE, Place.IN_REPAIR})
_ELSEWHERE = frozenset({Place.WITH_CLIENT, Place.WITH_CONTRACTOR, Place.IN_TRANSIT, Place.MISSING})
_TO_BE_SEEN = frozenset(Place) - {Place.SCRAPPED, Place.MISSING}

WHERE: Final[Mapping[MatchAction, tuple[frozenset[Place], str, str]]] = {
    MatchAction.CONTACTED: (
        _ELSEWHERE,
        "nobody-to-contact",
        "It is in a store or scrapped, so there is nobody to contact. Record what was done with the item itself.",
    ),
    MatchAction.NO_ACCESS: (
        frozenset({Place.WITH_CLIENT}),
        "not-with-a-client",
        "It is not recorded at anybody's home, so nobody can have failed to open there.",
    ),
    MatchAction.QUARANTINED: (
        _HERE,
        "not-in-a-store",
        "It is not in a store. Have it fetched, and record this when it is there and set apart.",
    ),
    MatchAction.INSPECTED: (
        _TO_BE_SEEN,
        "nothing-to-look-at",
        "It is scrapped or missing, so nobody can have looked at it. Record first that it was found.",
    ),
    MatchAction.CORRECTED: (
        _TO_BE_SEEN,
        "nothing-to-correct",
        "It is scrapped or missing, so nobody can have corrected it. Record first that it was found.",
    ),
    MatchAction.REPLACED: (
        _HERE | {Place.WITH_CONTRACTOR, Place.IN_TRANSIT},
        "still-with-the-client",
        "An item counts as replaced when it is away from its client. Record its return first.",
    ),
    MatchAction.DISPOSED: (
        frozenset({Place.SCRAPPED}),
        "not-scrapped",
        "Its own record does not say that it is scrapped. Scrap it there first: only then it cannot go out any more.",
    ),
    MatchAction.UNTRACEABLE: (
        _ELSEWHERE,
        "where-it-is-known",
        "Its record says that it is in a store or scrapped. If it is not there, record it as missing first.",
    ),
}
"""Where an item must be for an action, and what is said where it is not. `cleared` asks for evidence instead."""

NO_EVIDENCE: Final = (
    "Only evidence clears an item: a look whose answers show that it is not affected, a record that shows it, or a "
    "correction that another person has checked."
)
SAME_PERSON: Final = "You recorded its correction. Somebody else must check that, and clear it."
SAME_LOOK: Final = (
    "You have seen the contrary of what was seen before. Somebody else must look at it too, or check what you saw, and "
    "clear it."
)
SAME_FAULT: Final = "You found that it is not sound. Somebody else must look at it, and clear it."
SAME_CHANGE: Final = (
    "You changed what is recorded, so that it would not be affected any more. Somebody else must check it, and clear "
    "it."
)
WITH_A_CLIENT: Final = (
    "Its record says that a client has it, so there is somebody to ask. Visit them, or record that nobody opened. If "
    "they have died, moved or gone away, and nobody there knows of it, say so with it; somebody else then confirms it."
)
SAME_SEARCH: Final = "You said that nobody can trace it. Its client is known, so somebody else must confirm that."
SECOND_READING: Final = "Somebody else reads its label, too, and records it as inspected with what they read."
CLEARED_ALREADY: Final = "It is clear already, and the notice does not hold it."
NOT_SEEN: Final = (
    "Only somebody who sees an item can inspect it. Record what was said by phone or in writing as “Contacted”: that "
    "clears nothing."
)
NOT_AFFECTED: Final = "What is known of it shows that it is not affected, so there is nothing to correct. Clear it."


ENDS_A_HOLD: Final = frozenset(
    {MatchAction.INSPECTED, MatchAction.CORRECTED, MatchAction.DISPOSED, MatchAction.CLEARED}
)
"""What may be recorded of an item that is on hold still when its notice is closed."""
ALREADY_COUNTED: Final = (
    "The notice is closed, and has counted it. What can still be recorded is what ends its hold: a look, a correction, "
    "its scrap, or that it is clear."
)


FINAL: Final = (
    "This notice is closed, and its record is final. What can still be recorded is a look at the item. A new version "
    "with another scope opens the notice again."
)


def check_notice(state: NoticeState) -> None:
    """Whether anything may be recorded of its items. Raises Conflict `not-active`."""
    if state not in {NoticeState.ACTIVE, NoticeState.CLOSED}:
        raise Conflict("not-active", "This notice has not been activated, so nothing can be recorded of its items yet.")


def check_act(action: MatchAction, standing: Standing, *, actor: str, client_gone: bool = False) -> None:
    """Whether it may be recorded. `client_gone`: with it is said that its client has died, moved or gone away. Raises
    Conflict with the code of `WHERE`, `notice-closed`, `counted-already`, `not-affected`, `no-evidence`,
    `cleared-already`, `second-reading` or `with-a-client`, and NotAllowed `same-person`.

    What arrived after the closing is not a part of what was closed, and has to be dealt with still. What is still held
    must not be held for ever: what ends its hold is recorded, and the counts of the closing stay. And whoever looks at
    an item is never refused: what they have seen may be the danger.
    """
    if standing.is_counted and action is not MatchAction.INSPECTED:
        _check_counted(action, is_held=standing.is_held)
    if action in WHERE:
        places, code, detail = WHERE[action]
        if standing.place not in places:
            raise Conflict(code, detail)
    is_fine = standing.result is Result.NOT_AFFECTED and standing.unsound_by is None
    if action is MatchAction.CORRECTED and is_fine:
        raise Conflict("not-affected", NOT_AFFECTED)
    if action is MatchAction.CLEARED:
        _check_clearing(standing, actor)
    if action is MatchAction.UNTRACEABLE and standing.place is Place.WITH_CLIENT:
        _check_untraceable(standing, actor, client_gone=client_gone)


def _check_untraceable(standing: Standing, actor: str, *, client_gone: bool) -> None:
    if not client_gone:
        raise Conflict("with-a-client", WITH_A_CLIENT)
    if standing.untraceable_by == actor:
        raise NotAllowed("same-person", SAME_SEARCH)


def is_to_confirm(action: MatchAction, standing: Standing) -> bool:
    """Whether it counts only when another person has said the same: that an item is lost at a client who is known."""
    is_at_home = action is MatchAction.UNTRACEABLE and standing.place is Place.WITH_CLIENT
    return is_at_home and standing.untraceable_by is None


def _check_clearing(standing: Standing, actor: str) -> None:
    if standing.outcome in RELEASED and not standing.is_held:
        raise Conflict("cleared-already", CLEARED_ALREADY)
    if standing.result is Result.NOT_AFFECTED:
        _check_not_affected(standing, actor)
    elif standing.corrected_by is None:
        raise Conflict("no-evidence", NO_EVIDENCE)
    elif standing.corrected_by == actor:
        raise NotAllowed("same-person", SAME_PERSON)


def _check_not_affected(standing: Standing, actor: str) -> None:
    """Whoever brought it about that it would be free is not the one who lets it go."""
    if standing.unsound_by == actor:
        raise NotAllowed("same-person", SAME_FAULT)
    if standing.unsound_by is not None and standing.corrected_by == actor:
        raise NotAllowed("same-person", SAME_PERSON)
    if standing.contrary_by == actor:
        raise NotAllowed("same-person", SAME_LOOK)
    if standing.weakened_by == actor:
        raise NotAllowed("same-person", SAME_CHANGE)
    if standing.reading_to_confirm is not None:
        raise Conflict("second-reading", f"{_read(standing.reading_to_confirm)} {SECOND_READING}")


def _check_counted(action: MatchAction, *, is_held: bool) -> None:
    if not is_held:
        raise Conflict("notice-closed", FINAL)
    if action not in ENDS_A_HOLD:
        raise Conflict("counted-already", ALREADY_COUNTED)


def choices(standing: Standing, *, actor: str) -> dict[MatchAction, str | None]:
    """Every action: None where it may be recorded, or why it may not."""
    found: dict[MatchAction, str | None] = {}
    for action in MatchAction:
        try:
            check_act(action, standing, actor=actor, client_gone=True)
        except RuleError as error:
            found[action] = error.detail
        else:
            found[action] = None
    return found


def check_details(
    action: MatchAction,
    *,
    channel: str,
    answers: Mapping[str, bool],
    questions: tuple[str, ...],
    serial_read: str = "",
    client_gone: bool = False,
    sound: bool | None = None,
) -> None:
    """What must be said with it. Raises BadValue `channel-needed`, `not-seen`, `answers-needed`, `no-answers-here`,
    `no-label-here`, `no-verdict-here`, `empty-serial`, `unknown-question` or `no-client-gone-here`."""
    if client_gone and action is not MatchAction.UNTRACEABLE:
        detail = "That the client has gone belongs to an item that nobody can trace. Record it as untraceable."
        raise BadValue("no-client-gone-here", detail, field="client_gone")
    if action is MatchAction.CONTACTED and not channel:
        raise BadValue("channel-needed", "Say how they were contacted: by phone, on a visit …", field="channel")
    if action is MatchAction.INSPECTED:
        _check_look(channel, answers, questions, serial_read=serial_read, sound=sound)
        return
    if sound is not None:
        detail = "Who says whether it is sound has looked at it. Record it as inspected."
        raise BadValue("no-verdict-here", detail, field="sound")
    if serial_read:
        detail = "Who read its label has looked at it. Record it as inspected."
        raise BadValue("no-label-here", detail, field="serial_read")
    if answers:
        detail = (
            "Answers belong to an item that somebody has looked at: record that as inspected. What was only said "
            "of it belongs in the notes."
        )
        raise BadValue("no-answers-here", detail, field="answers")


def check_notes(action: MatchAction, notes: str) -> None:
    """What lifts a hold, or ends the work on an item, is said so that others understand it later; of the rest there is
    a word at least. Raises BadValue `not-a-reason`."""
    if action in NEEDS_REASON:
        check_reason(notes, field="notes")
    elif not has_words(notes):
        raise BadValue("not-a-reason", NO_WORDS, field="notes")


def _check_look(
    channel: str, answers: Mapping[str, bool], questions: tuple[str, ...], *, serial_read: str, sound: bool | None
) -> None:
    """Whoever has found a fault is never sent back for what the notice asks."""
    if channel not in {"", Channel.VISIT}:
        raise BadValue("not-seen", NOT_SEEN, field="channel")
    if serial_read and not serial_key(serial_read):
        detail = f"“{serial_read}” is no serial number: it has only dashes."
        raise BadValue("empty-serial", detail, field="serial_read")
    if questions and not answers and not serial_read and sound is not False:
        detail = f"The notice asks: {' '.join(questions)} Answer what was seen."
        raise BadValue("answers-needed", detail, field="answers")
    unknown = sorted(set(answers) - set(questions))
    if unknown:
        known = " ".join(questions) or "nothing that only a look can tell"
        raise BadValue("unknown-question", f"The notice does not ask “{unknown[0]}”. It asks: {known}", field="answers")


def check_seen_at_home(places: Iterable[Place], answers: Mapping[str, bool], home_questions: Collection[str]) -> None:
    """Away from its client nobody sees what an item is used with: a look there clears nothing of that. Raises BadValue
    `only-at-home`."""
    denied = [question for question, is_so in answers.items() if question in home_questions and not is_so]
    if denied and any(place is not Place.WITH_CLIENT for place in places):
        detail = (
            f"“{denied[0]}” can be answered with no only at its client's: elsewhere nobody sees what it is used with. "
            "Leave that answer out."
        )
        raise BadValue("only-at-home", detail, field="answers")


def check_list_asked(
    answers: Mapping[str, bool], list_questions: Collection[str], *, may_handle: bool, numbered: Collection[bool]
) -> None:
    """Nobody sees on an item whether it is on a list that the maker keeps. No is what the maker answered about its
    number, recorded item by item by those who handle notices. `numbered`: of each item, whether a serial number or
    lot is on record. Raises BadValue `not-seen-on-it`, `one-by-one` or `no-number`.
    """
    denied = [question for question, is_so in answers.items() if question in list_questions and not is_so]
    if not denied:
        return
    if not may_handle:
        detail = (
            f"“{denied[0]}” cannot be seen on an item. Leave that answer out: those who handle notices ask the maker, "
            "and enter the list as a scope."
        )
        raise BadValue("not-seen-on-it", detail, field="answers")
    if len(numbered) > 1:
        detail = "Record what the maker answered item by item. Where there is a list, enter it as a scope."
        raise BadValue("one-by-one", detail, field="barcodes")
    if not all(numbered):
        detail = "No serial number or lot of it is on record for the maker to look for. Read its label first."
        raise BadValue("no-number", detail, field="answers")


NEEDS_REASON: Final = frozenset(
    {MatchAction.CORRECTED, MatchAction.REPLACED, MatchAction.UNTRACEABLE, MatchAction.CLEARED}
)
_ENDS: Final = {
    MatchAction.REPLACED: MatchOutcome.REPLACED,
    MatchAction.DISPOSED: MatchOutcome.DISPOSED,
    MatchAction.UNTRACEABLE: MatchOutcome.UNTRACEABLE,
}
RELEASED: Final = frozenset({MatchOutcome.CLEARED, MatchOutcome.CORRECTED, MatchOutcome.NOT_COVERED})
"""Outcomes with which nothing keeps the item from going out any more."""


def outcome_after(
    action: MatchAction,
    standing: Standing,
    *,
    answers: Mapping[str, bool],
    actor: str = "",
    is_label_read: bool = False,
    sound: bool | None = None,
) -> MatchOutcome | None:
    """How the work on it stands then; None: it is open. `standing.result` is as the answers, and a serial number
    that was read off its label, have made it.

    A wrong line is put right by another one: what was looked at again and is affected, is open again. What a closing
    has counted stays as it was counted, unless it was free and a look has seen what the notice asks about, or that it
    is not sound (`sound`): that opens it again, whatever else is known of it. A look that says the contrary of an
    earlier one, or another serial number than was recorded, clears nothing by itself; nor does any look at what was
    found not to be sound.
    """
    if standing.is_counted and standing.outcome in RELEASED and not standing.is_held:
        is_seen = standing.result is not Result.NOT_AFFECTED and any(answers.values())
        return None if is_seen or sound is False else standing.outcome
    after = (
        None if sound is False else _outcome_after(action, standing, answers, is_shown=bool(answers) or is_label_read)
    )
    if action is MatchAction.INSPECTED and after is MatchOutcome.CLEARED:
        is_contrary = standing.with_act(Act(action, actor, answers)).contrary_by is not None
        is_doubted = is_contrary or standing.unsound_by is not None or standing.reading_to_confirm is not None
        after = standing.outcome if is_doubted or standing.weakened_by == actor else after
    return standing.outcome if after is None and standing.is_counted else after


def _outcome_after(
    action: MatchAction, standing: Standing, answers: Mapping[str, bool], *, is_shown: bool
) -> MatchOutcome | None:
    if is_to_confirm(action, standing):
        return standing.outcome
    if action in _ENDS:
        return _ENDS[action]
    if action is MatchAction.CLEARED:
        is_clear = standing.result is Result.NOT_AFFECTED
        return MatchOutcome.CLEARED if is_clear else MatchOutcome.CORRECTED
    if action in {MatchAction.CORRECTED, MatchAction.QUARANTINED}:
        return None
    if action is MatchAction.INSPECTED and is_shown and standing.result is Result.NOT_AFFECTED:
        return MatchOutcome.CLEARED
    return None if any(answers.values()) else standing.outcome


def ends_hold(standing: Standing) -> str:
    """What must happen before the hold of an item ends, for whoever wonders why it is still there."""
    if standing.place is Place.SCRAPPED:
        return "It is scrapped, and cannot go out any more."
    if standing.outcome is MatchOutcome.UNTRACEABLE:
        return "Nobody can find it. When it turns up, scan it in: its work begins again then."
    if standing.result is Result.NOT_AFFECTED:
        return _ends_when_cleared(standing)
    if standing.corrected_by is not None:
        return f"Its correction is recorded, by {standing.corrected_by}. Its hold ends when somebody else clears it."
    if standing.unsound_by is not None:
        return f"{_unsound(standing.unsound_by)} Its hold ends when it is corrected, and somebody else clears it."
    why = "Its client has another one; this one is affected as before. " if standing.outcome else ""
    looked = "when somebody has looked and it is not affected, or " if standing.result is Result.POSSIBLE else ""
    return f"{why}Its hold ends {looked}when it is corrected, and somebody else has checked that and clears it."


def _unsound(by: str) -> str:
    return f"{by} has looked at it, and it is not sound."


def _read(reading: Reading) -> str:
    return f"{reading.by} read {reading.read} off its label, where our record said {reading.before}."


def _ends_when_cleared(standing: Standing) -> str:
    if standing.unsound_by is not None:
        return f"{_unsound(standing.unsound_by)} Its hold ends when somebody else has looked at it, and clears it."
    if standing.contrary_by is not None:
        seen = f"{standing.contrary_by} has seen the contrary of what was seen before."
        return f"{seen} Its hold ends when somebody else clears it."
    if standing.reading_to_confirm is not None:
        return f"{_read(standing.reading_to_confirm)} {SECOND_READING} Its hold ends then."
    if standing.weakened_by is not None:
        return f"{waits_for_another(standing.weakened_by)} Its hold ends when they clear it."
    return "What is known of it now shows that it is not affected. Its hold ends when somebody clears it."


def wants_hold(handling: Handling, outcome: MatchOutcome | None) -> bool:
    """Whether the notice holds an item whose work stands so."""
    return handling is Handling.QUARANTINE and outcome not in RELEASED


def is_to_escalate(before: int, tries: int, *, after_tries: int) -> bool:
    """Whether the try that made them so many is the one after which the manager is told; several on a day are one."""
    return before < tries == after_tries


def without_names(text: str, names: Iterable[str]) -> str:
    """The text with the names of these people taken out, and each part of them of three letters or more."""
    parts = {part for name in names for part in [name, *name.split()] if len(part) > 2}
    if not parts:
        return text
    longest_first = "|".join(re.escape(part) for part in sorted(parts, key=lambda part: (-len(part), part)))
    return re.sub(rf"\b(?:{longest_first})\b", "[name]", text, flags=re.IGNORECASE)
