"""The journal for the general ledger: sums of charges as debits, and a credit for each funder that balances them."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from itertools import groupby
from typing import Final

from app.domain.costs import ChargeKind
from app.domain.errors import BadValue
from app.domain.months import last_day, month_in_words, month_name

LONGEST_CODE: Final = 40


class JournalField(StrEnum):
    """What a column of the journal holds."""

    DATE = "date"
    PERIOD = "period"
    REFERENCE = "reference"
    ACCOUNT = "account"
    COST_CENTRE = "cost_centre"
    FUNDER = "funder"
    CHARGE_KIND = "charge_kind"
    DESCRIPTION = "description"
    DEBIT = "debit"
    CREDIT = "credit"
    AMOUNT = "amount"
    LINES = "lines"

    @property
    def text(self) -> str:
        """The field as people read it."""
        return _FIELD_TEXT.get(self, self.value.replace("_", " ").capitalize())


_FIELD_TEXT: Final = {
    JournalField.DATE: "Date (last day of the month)",
    JournalField.AMOUNT: "Amount (debit above zero, credit below)",
    JournalField.LINES: "Number of charge lines",
    JournalField.CHARGE_KIND: "Kind of charge",
}


class DateFormat(StrEnum):
    """How the journal writes its date."""

    ISO = "YYYY-MM-DD"
    UK = "DD/MM/YYYY"
    DOTS = "DD.MM.YYYY"
    PLAIN = "YYYYMMDD"

    def of(self, day: date) -> str:
        """The day, so written."""
        return day.strftime(_STRFTIME[self])


_STRFTIME: Final = {
    DateFormat.ISO: "%Y-%m-%d",
    DateFormat.UK: "%d/%m/%Y",
    DateFormat.DOTS: "%d.%m.%Y",
    DateFormat.PLAIN: "%Y%m%d",
}
USUAL_COLUMNS: Final = (
    (JournalField.DATE, "Date"),
    (JournalField.REFERENCE, "Reference"),
    (JournalField.ACCOUNT, "Account"),
    (JournalField.COST_CENTRE, "Cost centre"),
    (JournalField.DESCRIPTION, "Description"),
    (JournalField.DEBIT, "Debit"),
    (JournalField.CREDIT, "Credit"),
)


@dataclass(frozen=True, slots=True)
class Layout:
    """How the general ledger wants its journal. `accounts`: by kind of charge; `contras`: by funder, else `contra`.

    `own_cost_centre`: of what the service itself bears, for which no funder has one.
    """

    columns: tuple[tuple[JournalField, str], ...] = USUAL_COLUMNS
    date_format: DateFormat = DateFormat.ISO
    accounts: Mapping[ChargeKind, str] = field(default_factory=dict)
    vat_account: str = ""
    contra: str = ""
    contras: Mapping[str, str] = field(default_factory=dict)
    own_cost_centre: str = ""


@dataclass(frozen=True, slots=True)
class ChargeSum:
    """What the lines of a month come to for one funder and kind of charge. `funder`: its code, empty: the service."""

    funder: str
    funder_name: str
    cost_centre: str
    kind: ChargeKind
    net_pence: int
    vat_pence: int
    lines: int


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the journal; `pence`: a debit above zero, a credit below."""

    account: str
    cost_centre: str
    funder: str
    kind: str
    description: str
    pence: int
    lines: int


def entries_of(period: date, sums: Iterable[ChargeSum], layout: Layout) -> tuple[Entry, ...]:
    """The journal of a month: for each funder its charges, their VAT, and one line that balances them to the penny."""
    found: list[Entry] = []
    ordered = sorted(sums, key=lambda one: (one.funder, one.kind))
    for funder, of_funder in groupby(ordered, key=lambda one: one.funder):
        charged = list(of_funder)
        name, month = charged[0].funder_name, month_in_words(period)
        cost_centre = charged[0].cost_centre if funder else layout.own_cost_centre
        lines = sum(one.lines for one in charged)

        def entry(account: str, kind: str, words: str, pence: int, lines: int) -> Entry:
            return Entry(account, cost_centre, funder, kind, f"{words}, {name}, {month}", pence, lines)  # noqa: B023 - called at once

        of_this = [
            entry(layout.accounts.get(one.kind, ""), one.kind.value, one.kind.text, one.net_pence, one.lines)
            for one in charged
        ]
        of_this.append(entry(layout.vat_account, "vat", "VAT", sum(one.vat_pence for one in charged), lines))
        balance = -sum(one.pence for one in of_this)
        of_this.append(
            entry(layout.contras.get(funder) or layout.contra, "contra", "Equipment charges", balance, lines)
        )
        found += [one for one in of_this if one.pence]
    return tuple(found)


def without_account(sums: Sequence[ChargeSum], layout: Layout) -> list[str]:
    """In words, for what of these sums no account is set; nothing: the journal can be posted."""
    kinds = sorted({one.kind for one in sums if one.net_pence and not layout.accounts.get(one.kind)})
    missing = [kind.text for kind in kinds]
    if any(one.vat_pence for one in sums) and not layout.vat_account:
        missing.append("VAT")
    funders = sorted({one.funder for one in sums if not (layout.contras.get(one.funder) or layout.contra)})
    names = {one.funder: one.funder_name for one in sums}
    return missing + [f"the contra of {names[funder]}" for funder in funders]


def cells_of(entry: Entry, layout: Layout, period: date) -> list[str]:
    """The line as its columns want it."""
    said = {
        JournalField.DATE: layout.date_format.of(last_day(period)),
        JournalField.PERIOD: month_name(period),
        JournalField.REFERENCE: f"STORES-{month_name(period)}",
        JournalField.ACCOUNT: entry.account,
        JournalField.COST_CENTRE: entry.cost_centre,
        JournalField.FUNDER: entry.funder,
        JournalField.CHARGE_KIND: entry.kind,
        JournalField.DESCRIPTION: entry.description,
        JournalField.DEBIT: plain_pounds(entry.pence) if entry.pence > 0 else "",
        JournalField.CREDIT: plain_pounds(-entry.pence) if entry.pence < 0 else "",
        JournalField.AMOUNT: plain_pounds(entry.pence),
        JournalField.LINES: str(entry.lines),
    }
    return [said[column] for column, _ in layout.columns]


def plain_pounds(pence: int) -> str:
    """123456 pence as files write it: 1234.56."""
    sign = "-" if pence < 0 else ""
    return f"{sign}{abs(pence) // 100}.{abs(pence) % 100:02}"


def check_layout(layout: Layout) -> None:
    """Raises BadValue `journal-columns`, `journal-amounts`, `journal-heading` or `journal-code`."""
    fields = [column for column, _ in layout.columns]
    if len(set(fields)) != len(fields) or JournalField.ACCOUNT not in fields:
        detail = "Choose each column once, and the account among them: a ledger posts nothing without it."
        raise BadValue("journal-columns", detail, field="columns")
    if JournalField.AMOUNT not in fields and not {JournalField.DEBIT, JournalField.CREDIT} <= set(fields):
        detail = "Choose the amount, or debit and credit both."
        raise BadValue("journal-amounts", detail, field="columns")
    for column, heading in layout.columns:
        if not re.match(r"\w", heading):
            detail = f"The heading of “{column.text}” begins with a letter or a digit."
            raise BadValue("journal-heading", detail, field=f"heading-{column}")
    for name, code in _codes(layout):
        if code and not re.fullmatch(rf"[A-Za-z0-9][A-Za-z0-9 ./:_-]{{0,{LONGEST_CODE - 1}}}", code):
            detail = f"A code has up to {LONGEST_CODE} letters and digits, and . / : _ - between them."
            raise BadValue("journal-code", detail, field=name)


def _codes(layout: Layout) -> list[tuple[str, str]]:
    named = [(f"account-{kind}", code) for kind, code in layout.accounts.items()]
    named += [(f"contra-{funder}", code) for funder, code in layout.contras.items()]
    return [
        *named,
        ("vat_account", layout.vat_account),
        ("contra", layout.contra),
        ("own_cost_centre", layout.own_cost_centre),
    ]
