"""What the pages of clients ask for."""

import re
from typing import Annotated, Any, Literal, Self
from urllib.parse import urlencode

from pydantic import AfterValidator, Field, model_validator

from app.domain.access_notes import AccessReason
from app.features.clients.schemas import (
    CareProviderId,
    ClientBody,
    ClientChange,
    NewCareProvider,
    NewClient,
    NhsNumber,
    Postcode,
    Weight,
)
from app.web.asked import asked, needed
from app.web.fields import Day, Email, Line, OptionalLine, OptionalParagraph, Paragraph
from app.web.shapes import Shape

_REFERENCE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,39}")


def _typed_reference(text: str) -> str:
    if not _REFERENCE.fullmatch(text.strip()):
        raise ValueError("Write the reference with up to 40 letters, digits, dots, dashes and underscores.")
    if text.strip().lower() == "new":
        raise ValueError("“new” is the address of a form here. Choose another reference.")
    return text.strip()


def _plain_line_ends(text: str) -> str:
    """Browsers send a carriage return with each line break; without it, what nobody touched is the same as before."""
    return text.replace("\r\n", "\n")


_PlainLineEnds = AfterValidator(_plain_line_ends)


class _DetailsForm(Shape):
    """What a client's pages ask for, new or not."""

    nhs_number: NhsNumber | None = None
    name: Annotated[Line, asked("Enter the name of the client.")] = needed()
    date_of_birth: Day | None = None
    address: Annotated[Paragraph, _PlainLineEnds, asked("Enter the address that equipment goes to.")] = needed()
    postcode: Annotated[Postcode, asked("Enter the postcode.")] = needed()
    phone: OptionalLine = ""
    weight_kg: Weight | None = None
    weighed_on: Day | None = None
    care_provider_id: CareProviderId | None = None
    care_provider_name: OptionalLine = ""
    care_provider_email: Email | None = None
    care_provider_phone: OptionalLine = ""
    access_notes: Annotated[OptionalParagraph, _PlainLineEnds] = ""

    @model_validator(mode="after")
    def check_provider(self) -> Self:
        """Chosen or new, not both; and a new one has a name."""
        if self.care_provider_id and self.care_provider_name:
            raise ValueError("Choose a care provider from the list or add a new one, not both.")
        if not self.care_provider_name and (self.care_provider_email or self.care_provider_phone):
            raise ValueError("Enter the name of the new care provider, or leave their e-mail and telephone empty.")
        return self

    def new_provider(self) -> NewCareProvider | None:
        """The care provider to add, if one was written down."""
        if not self.care_provider_name:
            return None
        values = {"email": self.care_provider_email, "phone": self.care_provider_phone}
        return NewCareProvider(name=self.care_provider_name, **values)


class ClientForm(_DetailsForm):
    """A client to add, on their page. `different_from`: those who were pointed out and are somebody else. `then`: what
    they are added for, with its `product`."""

    client_ref: Annotated[str, AfterValidator(_typed_reference), asked("Enter a reference for the client.")] = needed()
    different_from: Annotated[str, Field(max_length=2000)] = ""
    then: Literal["", "order"] = ""
    product: Annotated[str, Field(max_length=100)] = ""

    @property
    def leads_to(self) -> str:
        """Where somebody goes on who has added the client: to the order that they were drawing up, with its product."""
        if not self.then:
            return f"/clients/{self.client_ref}"
        asked = {"client_ref": self.client_ref} | ({"product": self.product} if self.product else {})
        return f"/orders/new?{urlencode(asked)}"

    def as_client(self, *, care_provider_id: int | None) -> NewClient:
        """The client to add."""
        own = set(ClientForm.model_fields) & set(NewClient.model_fields)
        values = {name: getattr(self, name) for name in own}
        return NewClient(**values | {"care_provider_id": care_provider_id})


class ClientChangeForm(_DetailsForm):
    """The same page for a client who is there already; `version` is the one that it showed."""

    version: Annotated[int, Field(ge=1, lt=2**31)]
    died_on: Day | None = None
    forget_access_notes: bool = False

    def as_change(self, before: ClientBody, *, care_provider_id: int | None) -> ClientChange:
        """What is different from the client as they were. Access notes left empty stay as they are."""
        now = {name: getattr(self, name) for name in _ASKED} | {"care_provider_id": care_provider_id}
        was = before.model_dump(include=_ASKED) | {
            "care_provider_id": before.care_provider.id if before.care_provider else None
        }
        changed = {name: value for name, value in now.items() if value != was[name]}
        if {"weight_kg", "weighed_on"} & changed.keys():
            changed |= {"weight_kg": self.weight_kg, "weighed_on": self.weighed_on}
        if self.access_notes or self.forget_access_notes:
            changed["access_notes"] = self.access_notes
        return ClientChange.model_validate(changed)


_ASKED = {
    "nhs_number",
    "name",
    "date_of_birth",
    "address",
    "postcode",
    "phone",
    "weight_kg",
    "weighed_on",
    "died_on",
}


def as_typed(client: ClientBody) -> dict[str, list[str]]:
    """The client as somebody would have typed them into their page; how to get in is not shown there."""
    shown: dict[str, Any] = client.model_dump(include=_ASKED) | {"version": client.version}
    shown["care_provider_id"] = client.care_provider.id if client.care_provider else None
    return {name: [str(value)] if value else [] for name, value in shown.items()}


class AccessForm(Shape):
    """Why somebody asks how to get in."""

    reason: Annotated[AccessReason, asked("Say why you need to know how to get in.")] = needed()
    because: OptionalParagraph = ""
