"""What the page offers to print on: stocks as one list, in the words of the boxes, and what each choice means."""

from typing import Final

from app.domain.errors import BadValue
from app.domain.labels import make_tag
from app.domain.printers import PrinterKind, Symbols
from app.features.labels.layout import check_width
from app.features.labels.printing import Dpi
from app.features.labels.schemas import LabelFormat
from app.features.labels.service import Target
from app.features.labels.shapes import TooSmall
from app.features.labels.stocks import STOCKS, Feed, Stock
from app.settings import Settings

ZEBRA_DPIS: Final[tuple[Dpi, ...]] = (203, 300)
_SHEET_DPI: Final = 300
_DPI_OF: Final[dict[PrinterKind, Dpi]] = {PrinterKind.ZEBRA_203: 203, PrinterKind.ZEBRA_300: 300}

Option = tuple[str, str]
"""What the form sends, and what people read."""


def choice_of(stock: str, kind: PrinterKind) -> str:
    """The choice that a saved printer was saved with."""
    return f"{stock}/{_DPI_OF[kind]}" if kind.is_zebra else stock


def kind_of(target: Target) -> PrinterKind:
    """Which kind of printer prints it."""
    if target.format is not LabelFormat.ZPL:
        return PrinterKind.PDF
    return PrinterKind.ZEBRA_203 if target.dpi == _DPI_OF[PrinterKind.ZEBRA_203] else PrinterKind.ZEBRA_300


def fits(stock: Stock, prefix: str) -> bool:
    """Whether this service's tags can be printed on it so that hand scanners read them."""
    dpis = ZEBRA_DPIS if stock.feed is Feed.ZEBRA else (_SHEET_DPI,)
    try:
        return all(check_width(make_tag(prefix, 1), stock.label, dpi) for dpi in dpis)
    except TooSmall:
        return False


def stocks_for(prefix: str) -> list[Stock]:
    """The stocks that can carry this service's tags: sheets first, then rolls."""
    return [stock for stock in STOCKS.values() if fits(stock, prefix)]


def options(prefix: str) -> list[Option]:
    """Every stock to choose from; a Zebra's by its resolution too, because it is sent dots."""
    stocks = stocks_for(prefix)
    plain = [(stock.code, stock.text) for stock in stocks if stock.feed is not Feed.ZEBRA]
    return plain + [
        (f"{stock.code}/{dpi}", f"{stock.text}, {dpi} dots an inch")
        for dpi in ZEBRA_DPIS
        for stock in stocks
        if stock.feed is Feed.ZEBRA
    ]


def symbol_options(settings: Settings) -> list[Option]:
    """What this service's labels can carry, bars first."""
    return [
        (symbols.value, symbols.text)
        for symbols in Symbols
        if (settings.gs1_company_prefix or not symbols.has_data_matrix)
        and (settings.public_addresses or not symbols.has_qr)
    ]


def target_of(choice: str) -> Target:
    """What one of them means. Raises BadValue `unknown-stock`."""
    code, _, resolution = choice.partition("/")
    for dpi in ZEBRA_DPIS:
        if code in STOCKS and STOCKS[code].feed is Feed.ZEBRA and resolution == str(dpi):
            return Target(STOCKS[code], LabelFormat.ZPL, dpi)
    if code in STOCKS and STOCKS[code].feed is not Feed.ZEBRA and not resolution:
        return Target(STOCKS[code])
    raise BadValue("unknown-stock", "Choose what to print on from the list.", field="stock")
