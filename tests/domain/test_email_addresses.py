"""E-mail addresses: which are taken, which are refused, and that what is taken can be written on a letter."""

from email.headerregistry import Address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.email_addresses import check_email

LONGEST = f"{'a' * 64}@{'b' * 63}.{'c' * 63}.{'d' * 58}.uk"


@pytest.mark.parametrize(
    "address",
    [
        "office@example.org",
        "Jo.O'Neill+stores@nhs.net",
        "a@b.uk",
        "x_1-2@care-home.co.uk",
        "care@xn--mller-kva.example",
        "care@3rd-age.example",
        LONGEST,
    ],
)
def test_an_address_is_taken_as_it_is_written(address: str) -> None:
    assert check_email(address) == address
    assert check_email(f" {address}\u00a0") == address
    assert Address(addr_spec=address).addr_spec == address


@pytest.mark.parametrize(
    "wrong",
    [
        "",
        "nobody",
        "a@b",
        "duty@care..uk",
        "[duty@care.uk",
        "a@[1.2",
        "a@[192.0.2.1]",
        "a@192.0.2.1",
        ".duty@care.uk",
        "duty.@care.uk",
        "du..ty@care.uk",
        "duty@.care.uk",
        "duty@care.uk.",
        "duty@-care.uk",
        "duty@care-.uk",
        "duty@ca_re.uk",
        "duty@care.u",
        "duty@care.1uk",
        "du ty@care.uk",
        '"duty"@care.uk',
        "duty(day)@care.uk",
        "Duty <duty@care.uk>",
        "a@b.example, c@d.example",
        "a@b@care.uk",
        "a@care.uk\r\nBcc: x@care.uk",
        "a@care.uk\n",
        "a@care\x00.uk",
        "\\@[11.aa",
        f"a@{'b' * 64}.uk",
    ],
)
def test_what_is_no_address_is_refused_with_how_one_looks(wrong: str) -> None:
    with pytest.raises(ValueError, match=r"^Write an e-mail address like office@example\.org\.$"):
        check_email(wrong)


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ("müller@care.uk", "without accents"),
        ("office@cäre.uk", "without accents"),
        ("\uff4fffice@care.uk", "without accents"),
        (f"{'a' * 65}@care.uk", "too long"),
        (f"a{LONGEST[1:].replace('.uk', 'd.uk')}", "too long"),
    ],
)
def test_other_letters_and_too_many_are_refused_for_what_they_are(wrong: str, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        check_email(wrong)


BROKEN = st.text(st.sampled_from('ab1@.[]:;<>(),"\\ -_é\t\x00=+'), max_size=14)
NEARLY_RIGHT = st.from_regex(r"[a-z!#$%&'*+/=?^_`{|}~.-]{1,8}@[a-z0-9.-]{1,8}\.[a-z]{2,4}", fullmatch=True)


@given(BROKEN | NEARLY_RIGHT)
def test_whatever_the_rule_takes_the_library_can_write_on_a_letter(typed: str) -> None:
    try:
        address = check_email(typed)
    except ValueError:
        return
    assert Address("Jo Bloggs", addr_spec=address).addr_spec == address
