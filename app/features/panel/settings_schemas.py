"""Bodies and forms of a panel's settings: its rules, how it decides, its members, and its budget."""

from typing import Annotated, Any

from pydantic import BeforeValidator, Field

from app.domain.authority import Tier
from app.domain.panel_meeting import Side
from app.web.asked import asked, needed
from app.web.fields import Body, Code, Line, Pence
from app.web.forms import Form
from app.web.shapes import Shape
from app.web.typed import pence_from

MOST_BUDGET = 10_000_000_000
Quorum = Annotated[int, Field(ge=1, le=20)]
ApprovalDays = Annotated[int, Field(ge=1, le=1096)]
Precedence = Annotated[int, Field(ge=1, le=999)]
Username = Annotated[str, Field(min_length=1, max_length=100)]


def _pounds(typed: object) -> object:
    """Whole pounds as people write them: £250,000."""
    return typed.strip().removeprefix("£").replace(",", "").strip() if isinstance(typed, str) else typed


class MemberBody(Body):
    """Somebody who sits on a panel, for whom, and whether they chair it."""

    username: Username
    side: Side
    is_chair: bool = False


class BudgetBody(Body):
    """What a panel may commit in the financial year that begins in April of `year`."""

    year: Annotated[int, Field(ge=2000, le=2999)]
    pence: Annotated[int, Field(ge=0, le=MOST_BUDGET)]


class PanelDetails(Body):
    """The settings of a panel. Its rules: `tiers`, `orders_above_pence` (null: at no value), `decides_non_catalogue`,
    `funders` (empty: of all). Of several panels that fit an order, the lowest `precedence` decides."""

    name: Line
    tiers: Annotated[list[Tier], Field(max_length=3, default_factory=list)]
    orders_above_pence: Pence | None = None
    decides_non_catalogue: bool = False
    funders: Annotated[list[Code], Field(max_length=100, default_factory=list)]
    precedence: Precedence = 100
    quorum: Quorum = 3
    joint_needs_both: bool = True
    approval_days: ApprovalDays = 90
    is_active: bool = True
    members: Annotated[list[MemberBody], Field(max_length=100, default_factory=list)]
    budgets: Annotated[list[BudgetBody], Field(max_length=20, default_factory=list)]


class NewPanel(PanelDetails):
    """A panel to add."""

    code: Code


class PanelChange(PanelDetails):
    """What to change of a panel; what is left out stays, and a list replaces the one before."""

    name: Line = ""


class PanelBody(Shape):
    """A panel, what it decides, and how."""

    code: str
    name: str
    decides_highly_specialist: bool
    orders_above_pence: int | None
    tiers: list[Tier]
    decides_non_catalogue: bool
    funders: list[str]
    precedence: int
    quorum: int
    joint_needs_both: bool
    approval_days: int
    is_active: bool
    rules: list[str]


class MemberShown(MemberBody):
    """A member. `is_able`: the account is open, so that they count."""

    name: str
    is_able: bool


class GapShown(Shape):
    """What the settings leave undone."""

    code: str
    detail: str


class PanelSettings(PanelBody):
    """A panel with its members and budgets. `warnings`: what will stop it sooner or later."""

    members: list[MemberShown]
    budgets: list[BudgetBody]
    warnings: list[GapShown]
    version: int = Field(exclude=True)


class PanelForm(Shape):
    """The settings as their page asks for them: pounds instead of pence. Members and budgets are read by
    `read_lists`."""

    name: Annotated[Line, asked("Enter the name of the panel.")] = needed()
    tiers: list[Tier] = Field(default_factory=list, max_length=3)
    above: Annotated[int, BeforeValidator(pence_from)] | None = None
    decides_non_catalogue: bool = False
    funders: list[Code] = Field(default_factory=list, max_length=100)
    precedence: Annotated[Precedence, asked("Enter in which order it is asked.")] = needed()
    quorum: Annotated[Quorum, asked("Enter how many must be there.")] = needed()
    joint_needs_both: bool = False
    approval_days: Annotated[ApprovalDays, asked("Enter for how many days an approval lasts.")] = needed()
    is_active: bool = False
    chairs: list[Username] = Field(default_factory=list, max_length=100)
    budget_1: Annotated[int, BeforeValidator(_pounds), Field(ge=0, le=MOST_BUDGET // 100)] | None = None
    budget_2: Annotated[int, BeforeValidator(_pounds), Field(ge=0, le=MOST_BUDGET // 100)] | None = None
    version: Annotated[int, Field(ge=0, lt=2**31)] = 0

    def as_details(self, form: Form, years: tuple[int, int]) -> dict[str, Any]:
        """What is kept. `seat-<username>` says for whom somebody sits; empty: they do not."""
        same = ("name", "tiers", "decides_non_catalogue", "funders", "precedence", "quorum", "joint_needs_both")
        values = {name: getattr(self, name) for name in (*same, "approval_days", "is_active")}
        seats = {name.removeprefix("seat-"): form.value(name) for name in form.names if name.startswith("seat-")}
        members = [
            {"username": username, "side": side, "is_chair": username in self.chairs}
            for username, side in sorted(seats.items())
            if side
        ]
        budgets = [
            {"year": year, "pence": pounds * 100}
            for year, pounds in zip(years, (self.budget_1, self.budget_2), strict=True)
            if pounds is not None
        ]
        return values | {"orders_above_pence": self.above, "members": members, "budgets": budgets}


class NewPanelForm(PanelForm):
    """The same page for a panel that is to be added."""

    code: Annotated[Code, asked("Enter a code for the panel.")] = needed()


def as_typed(panel: PanelSettings, years: tuple[int, int]) -> dict[str, list[str]]:
    """The settings as somebody would have typed them."""
    above = panel.orders_above_pence
    known = {one.year: one.pence for one in panel.budgets}
    budgets = {f"budget_{place}": known.get(year) for place, year in enumerate(years, start=1)}
    shown = {
        **{name: [str(getattr(panel, name))] for name in ("name", "precedence", "quorum", "approval_days", "version")},
        **{name: ["true"] if getattr(panel, name) else [] for name in FLAGS},
        "tiers": [tier.value for tier in panel.tiers],
        "funders": list(panel.funders),
        "above": [] if above is None else [f"{above // 100}.{above % 100:02}".removesuffix(".00")],
        "chairs": [one.username for one in panel.members if one.is_chair],
    }
    shown |= {name: [] if pence is None else [str(pence // 100)] for name, pence in budgets.items()}
    return shown | {f"seat-{one.username}": [one.side.value] for one in panel.members}


FLAGS = ("decides_non_catalogue", "joint_needs_both", "is_active")
