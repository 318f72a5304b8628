"""What carries an asset tag besides the tag itself: a GS1 asset number, or the address in a QR code. No drawing here.

A GIAI (AI 8004) is the GS1 company prefix and then our tag. A GRAI (AI 8003) is a zero, twelve digits of the company
prefix and a type of asset, their check digit, and then our tag as the serial number (GS1 General Specifications, 3.9).
The address is that of the item's public page: `https://stores.example.org/l/ES000123430`.

Whose a label is, its company prefix and its address say better than two letters: both are compared, not only the tag.
"""

import re
from enum import StrEnum
from typing import Final
from urllib.parse import urlsplit

from app.domain.labels import GROUP_SEPARATOR, TagKind, TagReading, bare, normalise, read_tag

LONGEST_ADDRESS: Final = 60
"""Of the service's web address: with a tag after it, a QR code of 33 modules holds it and a label has room for that."""

_ELEMENT = re.compile(r"(?:\((800[34])\)|(800[34]))(.+)")
_MARKED = re.compile(r"\](?:d2|C1|Q3|J1|e0)")
_TAG_AT_THE_END = re.compile(r"[A-Z]{2,4}[0-9]{9}$")
_LABEL_PAGE = re.compile(r"https?://[^\s/]+(?:/\S*)?/l/([A-Za-z]{2,4}[0-9]{9})/?", re.IGNORECASE)
_SCHEME = re.compile(r"https?://", re.IGNORECASE)
_LOOPBACK: Final = {"localhost", "127.0.0.1"}

# GS1 prefixes that are never given to a company: for use within a region or a company, and for coupons.
_NO_COMPANY = ("2", "02", "04", "05", "977", "978", "979", "98", "99")


class AssetNumber(StrEnum):
    """Which of GS1's two numbers for assets the labels carry."""

    GIAI = "giai"
    GRAI = "grai"


class OwnPrefix(str):
    """The letters that begin this service's tags, and how else its labels may name them.

    `company_prefix`: of GS1, empty without one. `addresses`: of the service on the web; the first is printed, the
    others were printed before and are still read. Plain letters do wherever labels carry the tag alone.
    """

    company_prefix: str
    addresses: tuple[str, ...]

    def __new__(cls, letters: str, *, company_prefix: str = "", addresses: tuple[str, ...] = ()) -> "OwnPrefix":
        """The letters with what belongs to them."""
        made = super().__new__(cls, letters)
        made.company_prefix, made.addresses = company_prefix, addresses
        return made


def check_company_prefix(digits: str) -> str:
    """The GS1 company prefix, if it can be one. Raises ValueError with a sentence for people."""
    if not (digits.isascii() and digits.isdigit() and 4 <= len(digits) <= 12):
        raise ValueError("A GS1 company prefix has 4 to 12 digits and nothing else, such as 5012345. GS1 UK gives it.")
    if digits.startswith(_NO_COMPANY) or not int(digits):
        raise ValueError(f"GS1 gives no company a prefix that begins like {digits}. Copy it from GS1's certificate.")
    return digits


def check_asset_type(digits: str, *, company_prefix: str) -> str:
    """The type of asset in GRAIs, if it fits beside the company prefix. Raises ValueError with a sentence."""
    room = 12 - len(company_prefix)
    if not ((digits.isascii() and digits.isdigit()) or not digits) or len(digits.lstrip("0")) > room:
        raise ValueError(f"Beside this company prefix the type of asset has up to {room} digits and nothing else.")
    return digits


def check_addresses(text: str) -> tuple[str, ...]:
    """The web addresses with commas between them, without a slash at their ends. Raises ValueError with a sentence."""
    return tuple(_check_address(one.strip()) for one in text.split(",") if one.strip())


def element_string(tag: str, kind: AssetNumber, *, company_prefix: str, asset_type: str = "") -> str:
    """What the GS1 DataMatrix of this tag holds, after its FNC1: `80045012345ES000123430`. GIAIs have no type."""
    if kind is AssetNumber.GIAI:
        return f"8004{company_prefix}{tag}"
    stem = "0" + company_prefix + asset_type.lstrip("0").zfill(12 - len(company_prefix))
    return f"8003{stem}{_check_digit(stem)}{tag}"


def human_readable(elements: str) -> str:
    """The text that is printed beside a DataMatrix of one asset number: `(8004) 5012345ES000123430`. The brackets and
    the blank are no part of what it holds (GS1 General Specifications, human readable interpretation)."""
    return f"({elements[:4]}) {elements[4:]}"


def label_address(tag: str, *, address: str) -> str:
    """The address of the item's public page, as its QR code holds it."""
    return f"{address}/l/{tag}"


def read_label_text(raw: str, *, prefix: str) -> TagReading:
    """What a scanned or typed text is to this service: as `read_tag`, and also a tag inside one of our own carriers.

    A GS1 asset number with another company's prefix, and the label page of another address, are OTHER_SERVICE; the
    former names no tag. Never raises for any `raw`.
    """
    if isinstance(prefix, OwnPrefix):
        text = bare(raw)
        reading = _read_address(text, prefix) if _SCHEME.match(text) else _read_asset_number(raw, text, prefix)
        if reading is not None:
            return reading
    return read_tag(raw, prefix=prefix)


def is_carried(raw: str) -> bool:
    """Whether the text is a web address or a GS1 asset number, in which a tag may stand."""
    text = bare(raw).lstrip(GROUP_SEPARATOR)
    return _SCHEME.match(text) is not None or _ELEMENT.fullmatch(text) is not None


def _check_address(address: str) -> str:
    address = address.rstrip("/")
    try:
        parts = urlsplit(address)
        is_plain = not (parts.query or parts.fragment or parts.username or parts.password)
        is_safe = parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in _LOOPBACK)
        is_right = bool(parts.hostname) and parts.port != 0 and is_plain and is_safe
    except ValueError:
        is_right = False
    if not is_right or not address.isascii() or not address.isprintable() or " " in address:
        raise ValueError("The public address is where people reach this service: https://stores.example.org, no more.")
    if len(address) > LONGEST_ADDRESS:
        raise ValueError(f"The public address has up to {LONGEST_ADDRESS} characters, so that labels have room for it.")
    return address


def _read_address(text: str, prefix: OwnPrefix) -> TagReading | None:
    without_scheme = _SCHEME.sub("", text, count=1)
    for address in prefix.addresses:
        page = _SCHEME.sub("", address, count=1) + "/l/"
        if without_scheme.casefold().startswith(page.casefold()):
            return read_tag(without_scheme[len(page) :].rstrip("/"), prefix=str(prefix))
    found = _LABEL_PAGE.fullmatch(text) if prefix.addresses else None
    return TagReading(TagKind.OTHER_SERVICE, tag=normalise(found[1])) if found else None


def _read_asset_number(raw: str, text: str, prefix: OwnPrefix) -> TagReading | None:
    """A GS1 label with one asset number and nothing else; None for any other text, and without a company prefix."""
    found = _ELEMENT.fullmatch(text.strip(GROUP_SEPARATOR))
    if found is None or not prefix.company_prefix:
        return None
    value = normalise(found[3])
    number, serial = _apart(found[1] or found[2], value, prefix.company_prefix)
    if number is None:
        is_marked = bool(found[1]) or text.startswith(GROUP_SEPARATOR) or _MARKED.match(raw.strip()) is not None
        is_likely = is_marked or _TAG_AT_THE_END.search(value) is not None
        return TagReading(TagKind.OTHER_SERVICE) if is_likely else None
    if not number:
        return TagReading(TagKind.MISTYPED)
    return read_tag(serial, prefix=str(prefix))


def _apart(ai: str, value: str, company_prefix: str) -> tuple[str | None, str]:
    """What of the value is the number and what our tag: no number (None) of another company, an empty one misread."""
    if ai == "8004":
        if not value.startswith(company_prefix):
            return None, ""
        return company_prefix, value[len(company_prefix) :]
    number, serial = value[:14], value[14:]
    if not number.startswith("0" + company_prefix):
        return None, ""
    if len(number) < 14 or not (number.isascii() and number.isdigit()) or _check_digit(number[:13]) != number[13]:
        return "", ""
    return number, serial


def _check_digit(digits: str) -> str:
    """GS1 General Specifications, 7.9: modulus 10 with weights 3 and 1 from the right."""
    total = sum(int(digit) * weight for digit, weight in zip(reversed(digits), (3, 1) * len(digits), strict=False))
    return str(-total % 10)
