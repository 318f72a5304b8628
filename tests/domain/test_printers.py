"""Label printers: their kinds in words, and offsets that a person can read."""

import pytest

from app.domain.errors import BadValue
from app.domain.printers import MOST_OFFSET, NO_OFFSET, Offset, PrinterKind, Symbols, check_symbols


def test_each_kind_has_its_words_and_only_a_zebra_is_sent_zpl() -> None:
    assert [(kind.text, kind.is_zebra) for kind in PrinterKind] == [
        ("Office printer, Brother or Dymo", False),
        ("Zebra, 203 dots an inch", True),
        ("Zebra, 300 dots an inch", True),
    ]


@pytest.mark.parametrize(
    ("offset", "x_mm", "y_mm", "words"),
    [
        (NO_OFFSET, 0, 0, "None"),
        (Offset(12, -5), 1.2, -0.5, "1.2 mm right, 0.5 mm up"),
        (Offset(-MOST_OFFSET, 0), -10, 0, "10 mm left"),
        (Offset(0, MOST_OFFSET), 0, 10, "10 mm down"),
    ],
)
def test_an_offset_is_tenths_of_a_millimetre_and_reads_as_a_direction(
    offset: Offset, x_mm: float, y_mm: float, words: str
) -> None:
    assert (offset.x_mm, offset.y_mm, offset.text) == (x_mm, y_mm, words)


@pytest.mark.parametrize(
    ("x", "y", "field"),
    [(MOST_OFFSET + 1, 0, "offset_x"), (0, -MOST_OFFSET - 1, "offset_y")],
)
def test_what_is_further_off_than_a_centimetre_is_refused(x: int, y: int, field: str) -> None:
    with pytest.raises(BadValue, match="from -100 to 100 tenths") as refused:
        Offset(x, y)
    assert (refused.value.code, refused.value.field) == ("offset-too-far", field)


@pytest.mark.parametrize(
    ("symbols", "bars", "data_matrix", "qr"),
    [
        (Symbols.CODE_128, True, False, False),
        (Symbols.CODE_128_AND_DATA_MATRIX, True, True, False),
        (Symbols.DATA_MATRIX, False, True, False),
        (Symbols.CODE_128_AND_QR, True, False, True),
        (Symbols.QR, False, False, True),
    ],
)
def test_every_choice_of_symbols_says_what_it_needs(symbols: Symbols, bars: bool, data_matrix: bool, qr: bool) -> None:
    assert (symbols.has_bars, symbols.has_data_matrix, symbols.has_qr) == (bars, data_matrix, qr)
    assert symbols.text
    check_symbols(symbols, has_company_prefix=data_matrix, has_address=qr)


@pytest.mark.parametrize(
    ("symbols", "code"), [(Symbols.DATA_MATRIX, "no-company-prefix"), (Symbols.CODE_128_AND_QR, "no-public-address")]
)
def test_symbols_with_nothing_to_put_in_are_refused(symbols: Symbols, code: str) -> None:
    with pytest.raises(BadValue) as refusal:
        check_symbols(symbols, has_company_prefix=False, has_address=False)
    assert (refusal.value.code, refusal.value.field) == (code, "symbols")
