"""Whose money a funder's is, as the national return and the rules about charging people ask it."""

from enum import StrEnum


class FunderKind(StrEnum):
    """What a funder is. A person never pays for an aid, or for a minor adaptation of £1,000 or less (SI 2014/2672)."""

    ADULT_SOCIAL_CARE = "adult_social_care"
    INTEGRATED_CARE_BOARD = "integrated_care_board"
    CONTINUING_HEALTHCARE = "continuing_healthcare"
    CHILDRENS_SERVICES = "childrens_services"
    SECTION_117 = "section_117"
    EDUCATION = "education"
    PERSON = "person"
    CHARITY = "charity"
    OTHER = "other"

    @property
    def text(self) -> str:
        """The kind as people read it."""
        return _TEXT.get(self, self.value.replace("_", " ").capitalize())


_TEXT = {
    FunderKind.CHILDRENS_SERVICES: "Children's services",
    FunderKind.SECTION_117: "Section 117 aftercare",
    FunderKind.PERSON: "A person's own top-up",
}
