"""E-mail addresses: which ones letters can be sent to. The one rule for people, care providers and the sender."""

import re
from typing import Final

LONGEST_ADDRESS: Final = 254
LONGEST_BEFORE_AT: Final = 64

_WORD: Final = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
_LABEL: Final = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_LAST_LABEL: Final = r"[A-Za-z][A-Za-z0-9-]{0,61}[A-Za-z0-9]"
_ADDRESS: Final = re.compile(rf"(?P<before>{_WORD}(?:\.{_WORD})*)@(?:{_LABEL}\.)+{_LAST_LABEL}")


def check_email(raw: str) -> str:
    """The address without blanks around it. Raises ValueError with a sentence for people.

    Source: RFC 5321, sections 4.1.2 and 4.5.3.1 (words with single dots between them, 64 characters before the @, 254
    in all) and RFC 1123, section 2.1 (names of hosts). What the standards still allow and people only mistype is
    refused: quoted words, comments, numbers in brackets. So are letters beyond ASCII, which many mail servers do not
    take. Checked for its shape, not for existence.
    """
    address = raw.strip(" \u00a0")
    if not address.isascii():
        raise ValueError("Write the e-mail address with plain letters only, without accents: office@example.org.")
    shape = _ADDRESS.fullmatch(address)
    if shape is None:
        raise ValueError("Write an e-mail address like office@example.org.")
    if len(address) > LONGEST_ADDRESS or len(shape["before"]) > LONGEST_BEFORE_AT:
        raise ValueError(
            f"This is too long for an e-mail address: {LONGEST_BEFORE_AT} characters before the @ and "
            f"{LONGEST_ADDRESS} in all is the most."
        )
    return address
