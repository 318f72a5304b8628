"""Who gets what: by which attributes of people it is told, and what its figures mean. Nobody is recognised by them."""

from enum import StrEnum
from typing import Final

from app.domain.small_numbers import FEWEST, once_in_words, suppression_in_words


class Grouping(StrEnum):
    """What people are told apart by: what the register knows of everybody, and nothing that names them."""

    DISTRICT = "district"
    AGE = "age"

    @property
    def text(self) -> str:
        """The grouping as a heading."""
        return {"district": "Postcode district", "age": "Age"}[self.value]


AGE_BANDS: Final = ((18, "Under 18"), (65, "18 to 64"), (75, "65 to 74"), (85, "75 to 84"), (None, "85 and over"))
"""Bands by the age that is no more in them."""
NOT_RECORDED: Final = "Not recorded"
WORDS: Final = (
    "People who were handed something in the financial year, or for whom something was charged, by the {grouping} that "
    "stands on their record now{day}. Issues: things handed over, trials among them. Wait: working days from the "
    "order's approval (its submission, where nobody had to agree) until it was handed over, on average; at the counter "
    "nobody waits. Cost: lines of what happened in the year and is about a person, less credits, net of VAT. "
    f"{suppression_in_words(FEWEST)} An empty figure is about fewer than {FEWEST} people, or would give one such away. "
    f"{once_in_words('only a whole financial year is told')} "
    "It says who got what, not who needed it: how many people live in a district is not known here."
)


def definition(grouping: Grouping) -> str:
    """What the figures mean, and of when the grouping is."""
    day = ", on the last day of the year or today" if grouping is Grouping.AGE else ""
    return WORDS.format(grouping=grouping.text.lower(), day=day)
