"""Our own tags in a GS1 asset number and in the address of a QR code: made, read back, told from others'."""

import pytest
from hypothesis import given, strategies
from stdnum import ean

from app.domain.carriers import (
    AssetNumber,
    OwnPrefix,
    check_addresses,
    check_asset_type,
    check_company_prefix,
    element_string,
    human_readable,
    is_carried,
    label_address,
    read_label_text,
)
from app.domain.errors import RuleError
from app.domain.labels import HIGHEST_NUMBER, TagKind, TagReading, make_tag
from app.domain.scanning import check_tag

TAG = make_tag("ES", 1234)
OURS = OwnPrefix(
    "ES", company_prefix="5012345", addresses=("https://stores.example.org", "https://old.example.org/stores")
)
GIAI = element_string(TAG, AssetNumber.GIAI, company_prefix="5012345")
GRAI = element_string(TAG, AssetNumber.GRAI, company_prefix="5012345", asset_type="17")


def refusal(raw: str, prefix: str = OURS) -> str:
    with pytest.raises(RuleError) as refused:
        check_tag(raw, prefix=prefix)
    return refused.value.code


def test_an_asset_number_is_the_company_prefix_and_the_tag() -> None:
    assert f"80045012345{TAG}" == GIAI
    assert f"8003{'0' + '5012345' + '00017' + '6'}{TAG}" == GRAI


@pytest.mark.parametrize(
    ("elements", "said"),
    [(GIAI, f"(8004) 5012345{TAG}"), (GRAI, f"(8003) 05012345000176{TAG}")],
)
def test_an_asset_number_is_printed_with_its_identifier_in_brackets_and_typed_that_way_is_read_back(
    elements: str, said: str
) -> None:
    assert human_readable(elements) == said
    assert check_tag(said, prefix=OURS) == TAG


@given(
    strategies.from_regex(r"50[0-9]{2,10}", fullmatch=True),
    strategies.integers(1, HIGHEST_NUMBER),
    strategies.sampled_from(AssetNumber),
    strategies.data(),
)
def test_every_asset_number_keeps_gs1s_lengths_and_check_digit_and_is_read_back(
    company_prefix: str, number: int, kind: AssetNumber, data: strategies.DataObject
) -> None:
    tag = make_tag("KENT", number)
    room = 12 - len(company_prefix)
    asset_type = str(data.draw(strategies.integers(0, 10**room - 1)))
    text = element_string(tag, kind, company_prefix=company_prefix, asset_type=asset_type)
    value = text[4:]
    if kind is AssetNumber.GIAI:
        assert len(value) <= 30
    else:
        assert value[0] == "0"
        assert ean.is_valid(value[1:14])
        assert len(value[14:]) <= 16
    assert check_tag(text, prefix=OwnPrefix("KENT", company_prefix=company_prefix)) == tag


@pytest.mark.parametrize("element", [GIAI, GRAI], ids=["giai", "grai"])
@pytest.mark.parametrize("around", ["{}", "]d2{}", "]C1{}", "]D2{}", "\x1d{}", "]d2{}\x1d", " {}\r\n"])
def test_our_asset_number_is_our_tag_whatever_the_scanner_puts_around_it(around: str, element: str) -> None:
    assert check_tag(around.format(element), prefix=OURS) == TAG


@pytest.mark.parametrize(
    "raw",
    [
        f"(8004)5012345{TAG}",
        f"(8004) 5012345 {TAG}",
        GIAI.lower(),
        "]d1" + TAG,
        f"https://stores.example.org/l/{TAG}",
        f"]Q1https://stores.example.org/l/{TAG}",
        f"HTTPS://STORES.EXAMPLE.ORG/L/{TAG}",
        f"http://stores.example.org/l/{TAG}/",
        f"https://stores.example.org/l/{TAG.lower()}",
        f"https://old.example.org/stores/l/{TAG}",
    ],
)
def test_every_way_in_which_our_labels_say_the_tag_is_the_tag(raw: str) -> None:
    assert check_tag(raw, prefix=OURS) == TAG


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        (f"80045099999{TAG}", "other-service"),
        (f"]d280045099999{TAG}", "other-service"),
        ("]d28004509999912345", "other-service"),
        ("(8003)05099999000172", "other-service"),
        (f"8003{'0' + '5099999' + '00017' + '9'}{TAG}", "other-service"),
        (f"https://other.example.org/l/{TAG}", "other-service"),
        (f"https://stores.example.org.evil.example/l/{TAG}", "other-service"),
        ("https://other.example.org/l/KENT123456789", "other-service"),
        # One character is misread.
        (f"8004501234{TAG}", "other-service"),
        (f"8003050123450001{'8'}6{TAG}", "mistyped-barcode"),
        ("80030501234500", "mistyped-barcode"),
        ("8003050123450001²6", "mistyped-barcode"),
        ("80045012345ES000123431", "mistyped-barcode"),
        ("https://stores.example.org/l/ES000123431", "mistyped-barcode"),
        # Of the same owner, but no equipment of this service.
        ("80045012345LAPTOP-17", "unknown-barcode"),
        ("https://stores.example.org/sign-in", "unknown-barcode"),
        ("https://other.example.org/about", "unknown-barcode"),
        # Nothing says that this is GS1: many articles of Italy begin so.
        ("8004260123456", "unknown-barcode"),
        # A second element: this is no label of ours.
        (f"{GIAI}\x1d10LOT", "suspect-barcode"),
    ],
)
def test_what_is_not_ours_is_told_apart(raw: str, code: str) -> None:
    assert refusal(raw) == code


def test_a_service_that_prints_neither_reads_neither() -> None:
    assert refusal(GIAI, "ES") == refusal(GIAI, OwnPrefix("ES")) == "suspect-barcode"
    assert refusal(f"https://stores.example.org/l/{TAG}", OwnPrefix("ES")) == "suspect-barcode"
    assert refusal("https://stores.example.org/l/KENT123456789", OwnPrefix("ES")) == "unknown-barcode"


def test_another_services_number_names_no_tag() -> None:
    assert read_label_text(f"80045099999{TAG}", prefix=OURS) == TagReading(TagKind.OTHER_SERVICE)


@pytest.mark.parametrize(
    ("raw", "carried"), [(GIAI, True), ("\x1d" + GRAI, True), ("http://a/l/b", True), (TAG, False), ("800", False)]
)
def test_a_carrier_is_known_by_its_beginning(raw: str, carried: bool) -> None:
    assert is_carried(raw) is carried


@given(strategies.text(max_size=200) | strategies.from_regex(r"(8003|8004|https://stores.example.org/l/).{0,40}"))
def test_no_text_is_too_odd(raw: str) -> None:
    assert read_label_text(raw, prefix=OURS).kind in TagKind


@pytest.mark.parametrize("digits", ["5012345", "5000", "501234567890", "0012345"])
def test_a_company_prefix_has_four_to_twelve_digits(digits: str) -> None:
    assert check_company_prefix(digits) == digits


@pytest.mark.parametrize(
    ("digits", "words"),
    [
        ("501", "4 to 12 digits"),
        ("5012345678901", "4 to 12 digits"),
        ("50l2345", "4 to 12 digits"),
        ("\uff15\uff10\uff11\uff12", "4 to 12 digits"),
        ("", "4 to 12 digits"),
        ("2012345", "gives no company"),
        ("0212345", "gives no company"),
        ("9781234", "gives no company"),
        ("0000", "gives no company"),
    ],
)
def test_what_gs1_gives_nobody_is_refused(digits: str, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        check_company_prefix(digits)


@pytest.mark.parametrize(
    ("digits", "company_prefix", "is_right"),
    [
        ("", "5012345", True),
        ("17", "5012345", True),
        ("00017", "5012345", True),
        ("99999", "5012345", True),
        ("100000", "5012345", False),
        ("1x", "5012345", False),
        ("0", "501234567890", True),
        ("1", "501234567890", False),
    ],
)
def test_a_type_of_asset_has_the_digits_that_the_company_prefix_leaves(
    digits: str, company_prefix: str, is_right: bool
) -> None:
    if is_right:
        assert check_asset_type(digits, company_prefix=company_prefix) == digits
    else:
        with pytest.raises(ValueError, match="has up to"):
            check_asset_type(digits, company_prefix=company_prefix)


def test_addresses_are_kept_without_their_last_slash() -> None:
    assert check_addresses("") == ()
    assert check_addresses("https://a.example/, http://127.0.0.1:8000 ,") == (
        "https://a.example",
        "http://127.0.0.1:8000",
    )
    assert label_address(TAG, address="https://a.example") == f"https://a.example/l/{TAG}"


@pytest.mark.parametrize(
    "address",
    [
        "stores.example.org",
        "http://stores.example.org",
        "ftp://stores.example.org",
        "https://",
        "https://a.example/?q",
        "https://a.example/#x",
        "https://me:secret@a.example",
        "https://a .example",
        "https://ä.example",
        "https://a.example:port",
        "https://[a",
        "https://" + "a" * 60 + ".example",
    ],
)
def test_an_address_that_nobody_could_open_from_a_label_is_refused(address: str) -> None:
    with pytest.raises(ValueError, match="public address"):
        check_addresses(address)
