"""What is typed into the form that searches the catalogue, as it stands in the page's address."""

from dataclasses import asdict, dataclass
from typing import Annotated, Any, Final
from urllib.parse import urlencode

from fastapi import Query
from pydantic import AfterValidator

from app.domain.catalogue import as_iso_9999_group
from app.features.catalogue.finding import BIGGEST_MM, Size, Wanted
from app.models import Tier
from app.web.fields import without_controls
from app.web.forms import Form

DIMENSIONS: Final = {
    "seat_width_mm": "Seat width",
    "seat_depth_mm": "Seat depth",
    "seat_height_mm": "Seat height",
    "width_mm": "Width",
    "length_mm": "Length",
    "height_mm": "Height",
}
"""The dimensions that the form offers, by their names in the record."""

LABELS: Final = {
    "q": "Words",
    "category": "ISO 9999 code",
    "tier": "Tier",
    "store": "Store",
    "min_load_kg": "Carries at least",
    "size": "Size",
    "least": "Size from",
    "most": "Size to",
    "compatible_with": "Goes with",
    "available": "On a shelf now",
}
HEAVIEST_KG: Final = 2_000

Text = Annotated[str, Query(max_length=100), AfterValidator(without_controls), AfterValidator(str.strip)]


@dataclass(frozen=True, slots=True)
class ChosenFor:
    """For whom or what somebody looks: a client, or an order and one of its lines. It goes along from page to page."""

    client_ref: Text = ""
    order: Text = ""
    line: Text = ""

    @property
    def given(self) -> dict[str, str]:
        """What is known of it."""
        return {name: value for name, value in asdict(self).items() if value}

    def on(self, href: str) -> str:
        """The address with it."""
        joint = "&" if "?" in href else "?"
        return f"{href}{joint}{urlencode(self.given)}" if self.given else href


@dataclass(frozen=True, slots=True)
class Asked:
    """The fields of the form, as text."""

    q: Text = ""
    category: Text = ""
    tier: Text = ""
    store: Text = ""
    min_load_kg: Text = ""
    size: Text = ""
    least: Text = ""
    most: Text = ""
    compatible_with: Text = ""
    available: Text = ""

    @property
    def filled(self) -> dict[str, str]:
        """What was filled in."""
        return {name: value for name, value in asdict(self).items() if value}

    @property
    def has_more(self) -> bool:
        """Whether anything was asked for among the further choices."""
        return any((self.min_load_kg, self.size, self.least, self.most, self.compatible_with))

    @property
    def drops(self) -> list[dict[str, Any]]:
        """For each filter: what it is, and the address of the same search without it."""
        groups = [("size", "least", "most") if name == "size" else (name,) for name in self.filled]
        shown = [group for group in groups if group[0] not in {"q", "least", "most"}]
        return [{"text": self._in_words(group[0]), "href": self._without(group)} for group in shown]

    def read(self) -> tuple[Form, Wanted]:
        """The form with what is wrong about it, and what is wanted by what is right."""
        form = Form({name: [value] for name, value in asdict(self).items()})
        if self.tier and self.tier not in list(Tier):
            form.refuse("There is no such tier. Choose one from the list.", "tier")
        if self.available not in {"", "yes"}:
            form.refuse("Tick “Only what is on a shelf now”, or leave it empty.", "available")
        wanted = Wanted(
            q=self.q,
            category=self._category(form),
            tier=Tier(self.tier) if self.tier in list(Tier) else None,
            available=True if self.available else None,
            min_load_kg=_number(form, "min_load_kg", self.min_load_kg, HEAVIEST_KG, "The load", "kg"),
            sizes=self._sizes(form),
            compatible_with=self.compatible_with,
            store=self.store,
        )
        return form, wanted

    def _category(self, form: Form) -> str:
        if not self.category:
            return ""
        try:
            return as_iso_9999_group(self.category)
        except ValueError as wrong:
            form.refuse(str(wrong), "category")
            return ""

    def _sizes(self, form: Form) -> tuple[Size, ...]:
        if not (self.size or self.least or self.most):
            return ()
        if self.size not in DIMENSIONS:
            form.refuse("Choose which size is meant.", "size")
        elif not (self.least or self.most):
            form.refuse("Enter the least or the most in millimetres, such as 450.", "least")
        least = _number(form, "least", self.least, BIGGEST_MM, "The least size", "mm") or 0
        most = _number(form, "most", self.most, BIGGEST_MM, "The most size", "mm") or BIGGEST_MM
        if least > most:
            form.refuse("The most must not be less than the least.", "most")
        return () if form.errors else (Size(self.size, least, most),)

    def _in_words(self, name: str) -> str:
        value = self.filled[name]
        if name == "size":
            ends = [f"from {self.least} mm" if self.least else "", f"to {self.most} mm" if self.most else ""]
            value = " ".join([DIMENSIONS.get(value, value).lower(), *filter(None, ends)])
        if name == "available":
            return LABELS[name]
        return f"{LABELS[name]}: {value.replace('_', ' ')}{' kg' if name == 'min_load_kg' else ''}"

    def _without(self, group: tuple[str, ...]) -> str:
        left = {name: value for name, value in self.filled.items() if name not in group}
        return f"/products?{urlencode(left)}" if left else "/products"


def _number(form: Form, field: str, typed: str, biggest: int, what: str, unit: str) -> int | None:
    """The whole number that was typed; says on the form what is wrong with it."""
    if not typed:
        return None
    if not (typed.isascii() and typed.isdigit() and 1 <= int(typed) <= biggest):
        form.refuse(f"{what} must be a whole number of {unit} from 1 to {biggest:,}.", field)
        return None
    return int(typed)
