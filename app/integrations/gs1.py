"""Makers' labels: the one place that asks `biip`, which knows GS1's application identifiers and their formats.

It is called with the text of one element or of one message at a time and never with what is only brackets around them,
because its own reading of the printed form cuts a value at a bracket. What it finds is judged in the domain.
"""

import re
from collections.abc import Sequence
from dataclasses import replace

from biip import BiipException
from biip.gs1_digital_link_uris import GS1DigitalLinkURI
from biip.gs1_element_strings import GS1ElementString

from app.domain.carriers import read_label_text
from app.domain.gs1_text import Framing, LabelText, begins_late, not_a_barcode, read_outside, split_printed
from app.domain.labels import GROUP_SEPARATOR, TagKind, display, holds_a_tag
from app.domain.makers_labels import Element, LabelKind, LabelReading, Remark, judge, judge_number
from app.domain.scanning import check_tag

# biip raises its own errors, and lets through what urllib and int() say about odd text.
UNREADABLE = (BiipException, ValueError)

FEWEST_DIGITS = 8
"""The shortest number on a label is a GTIN-8, and a row of digits with less says nothing that can be checked."""

_KEY_IN_A_PATH = re.compile(r"/(?:00|01|25[35]|40[12]|41[457]|80(?:0[346]|1[0378]))/")

NOT_OURS = Remark(
    "not-gs1", "This is neither one of our asset tags nor a GS1 label. Type what it says where it belongs."
)


def read_label(raw: str, *, prefix: str) -> LabelReading:
    """What a scanned or typed text is and says: one of our tags, a maker's GS1 label, or another label.

    `prefix`: the letters of our own asset tags, which are read strictly. Raises BadValue `mistyped-barcode` for one of
    ours that is not right, and `not-a-barcode` for what no label carries; any text may be given.
    """
    own = read_label_text(raw, prefix=prefix)
    if own.kind in {TagKind.OURS, TagKind.MISTYPED}:
        return LabelReading(LabelKind.OURS, tag=check_tag(raw, prefix=prefix))
    if own.kind is TagKind.OTHER_SERVICE and own.tag:
        detail = f"{display(own.tag)} is the asset tag of another service."
        return LabelReading(LabelKind.UNKNOWN, remarks=(Remark("other-service", detail),))
    seen = read_outside(raw)
    if own.kind is not TagKind.OTHER_SERVICE and holds_a_tag(raw, prefix=prefix):
        detail = "This is more than one label, or a label with something before or after it. Scan each by itself."
        return LabelReading(LabelKind.UNKNOWN, remarks=(Remark("two-labels", detail),), is_broken=True)
    reading = _READERS[seen.framing](seen)
    if own.kind is TagKind.OTHER_SERVICE:
        others = Remark("other-service", "This is the GS1 asset number of another service.")
        return replace(reading, remarks=(others, *reading.remarks))
    return reading


def _read_printed(seen: LabelText) -> LabelReading:
    elements = [_read_element(ai, value) for ai, value in split_printed(seen.text)]
    return judge(elements, seen)


def _read_element(ai: str, value: str) -> Element:
    try:
        found = GS1ElementString.parse(ai + value) if value.isascii() else None
    except UNREADABLE:
        found = None
    if found is None or found.ai.ai != ai or found.sscc_error:
        raise not_a_barcode(f"({ai}){value[:40]} is no element of a GS1 label. Look at the label, or scan it again.")
    return _element(found)


def _read_link(seen: LabelText) -> LabelReading:
    try:
        link = GS1DigitalLinkURI.parse(seen.text) if seen.text.isascii() else None
    except UNREADABLE:
        link = None
    if link is None or any(one.sscc_error for one in link.element_strings):
        if _KEY_IN_A_PATH.search(seen.text):
            raise not_a_barcode("This web address of a product cannot be read. Scan the label again.")
        detail = "This is a web address that names no product. Type what the label says where it belongs."
        return LabelReading(LabelKind.UNKNOWN, remarks=(Remark("web-address", detail),))
    return judge([_element(one) for one in link.element_strings], seen)


def _read_number(seen: LabelText) -> LabelReading:
    reading = judge_number(seen.text)
    if reading is None:
        raise not_a_barcode(f"{seen.text[:40]} is no GTIN: it is not all digits, or its last digit does not fit.")
    return reading


def _read_message(seen: LabelText) -> LabelReading:
    elements, rest = _elements_of(seen.text)
    if not seen.is_marked and _is_digits(seen.text):
        reading = judge_number(seen.text, also=[] if rest else elements)
        if reading is not None:
            return reading
        if len(seen.text) < FEWEST_DIGITS:
            raise not_a_barcode(f"A label with digits alone has {FEWEST_DIGITS} or more. Scan the label again.")
    if elements:
        return judge(elements, seen, rest=rest)
    if seen.is_marked or _is_digits(seen.text) or begins_late(seen.text):
        raise not_a_barcode(f"“{rest[:20]}” begins no element of a GS1 label. Scan the label again.")
    return LabelReading(LabelKind.UNKNOWN, remarks=(NOT_OURS,))


def _elements_of(text: str) -> tuple[Sequence[Element], str]:
    """The elements from the beginning as far as they can be read, and the rest."""
    found: list[Element] = []
    while text:
        try:
            # To biip the digits of every alphabet are digits.
            element = GS1ElementString.extract(text) if text.isascii() else None
        except UNREADABLE:
            element = None
        if element is None or element.sscc_error:
            break
        found.append(_element(element))
        text = text[len(element) :].lstrip(GROUP_SEPARATOR)
    return found, text


def _element(found: GS1ElementString) -> Element:
    return Element(found.ai.ai, found.value, is_open=found.ai.separator_required)


def _is_digits(text: str) -> bool:
    return text.isascii() and text.isdigit()


_READERS = {
    Framing.PRINTED: _read_printed,
    Framing.LINK: _read_link,
    Framing.NUMBER: _read_number,
    Framing.MESSAGE: _read_message,
}
