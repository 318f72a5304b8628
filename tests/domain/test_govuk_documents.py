"""Documents of GOV.UK, as they come and as they should not."""

import json
from datetime import UTC, date, datetime
from typing import Any

import pytest

from app.domain.errors import BadValue
from app.domain.govuk_documents import MOST_DOCUMENTS, Publication, Unreadable, is_path, lines_of, read_documents

CONTENT: dict[str, Any] = {
    "base_path": "/drug-device-alerts/a-bed",
    "content_id": "0",
    "title": "A bed:  risk of falls",
    "description": "Check it (DSI/2026/003)",
    "public_updated_at": "2026-02-03T10:00:00+01:00",
    "withdrawn_notice": {},
    "details": {
        "body": "<h2>Action</h2>\r\n<p>Check\u0000 it.</p>",
        "metadata": {"alert_type": "device-safety-information", "issued_date": "2026-02-02", "medical_specialism": []},
        "change_history": [
            {"note": "Deadline moved", "public_timestamp": "2026-02-03T09:00:00.000+00:00"},
            {"note": "First published.", "public_timestamp": "2026-02-02T09:00:00.000+00:00"},
            "junk",
        ],
    },
}
HIT: dict[str, Any] = {
    "title": "A bed",
    "link": "/drug-device-alerts/a-bed",
    "description": None,
    "public_timestamp": "2026-02-03T09:00:00Z",
    "alert_type": ["device-safety-information"],
    "issued_date": "2026-02-02",
}


def read_one(document: Any) -> Publication | Unreadable:
    [one] = read_documents(json.dumps(document).encode())
    return one


def test_a_document_of_the_content_api_is_read_with_its_last_change() -> None:
    assert read_one(CONTENT) == Publication(
        base_path="/drug-device-alerts/a-bed",
        title="A bed: risk of falls",
        summary="Check it (DSI/2026/003)",
        kind="device-safety-information",
        issuer="MHRA",
        issued_on=date(2026, 2, 2),
        updated_at=datetime(2026, 2, 3, 9, 0, tzinfo=UTC),
        body="<h2>Action</h2>\n<p>Check it.</p>",
        change_note="Deadline moved",
        is_withdrawn=False,
    )


def test_results_of_the_search_api_are_read_without_their_text() -> None:
    assert read_one({"results": [HIT]}) == Publication(
        base_path="/drug-device-alerts/a-bed",
        title="A bed",
        summary="",
        kind="device-safety-information",
        issuer="MHRA",
        issued_on=date(2026, 2, 2),
        updated_at=datetime(2026, 2, 3, 9, 0, tzinfo=UTC),
        body=None,
    )


def with_details(**details: Any) -> dict[str, Any]:
    return {**CONTENT, "details": {**CONTENT["details"], **details}}


@pytest.mark.parametrize(
    ("document", "fact", "value"),
    [
        (with_details(metadata={}), "kind", "unknown"),
        (with_details(metadata="junk"), "kind", "unknown"),
        (with_details(metadata={"alert_type": "a-type-of-2031"}), "kind", "a-type-of-2031"),
        (with_details(metadata={"alert_type": []}), "kind", "unknown"),
        (with_details(metadata={"issued_date": "soon"}), "issued_on", None),
        (with_details(change_history=None), "change_note", ""),
        (with_details(change_history=[{}]), "change_note", ""),
        ({**CONTENT, "withdrawn_notice": {"withdrawn_at": "2026-02-04T00:00:00Z"}}, "is_withdrawn", True),
        ({**CONTENT, "withdrawn_notice": None}, "is_withdrawn", False),
        ({**CONTENT, "base_path": "/product-safety-alerts-reports-recalls/x"}, "issuer", "OPSS"),
        ({**CONTENT, "public_updated_at": "2026-02-03T10:00:00"}, "updated_at", datetime(2026, 2, 3, 10, tzinfo=UTC)),
    ],
)
def test_old_and_odd_documents_are_taken_in(document: dict[str, Any], fact: str, value: object) -> None:
    assert getattr(read_one(document), fact) == value


@pytest.mark.parametrize(
    "wrong",
    [
        with_details(body=None),
        {**CONTENT, "title": " "},
        {**CONTENT, "base_path": "//evil.example/x"},
        {**CONTENT, "base_path": 7},
        {**CONTENT, "public_updated_at": None},
        {**CONTENT, "public_updated_at": "0001-01-01T00:00:00+14:00"},
    ],
)
def test_a_document_without_what_tells_it_from_others_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(BadValue) as refused:
        read_one(wrong)
    assert (refused.value.code, refused.value.field) == ("not-a-document", "file")


@pytest.mark.parametrize("raw", [b"", b"<html>", b"[]", b"{}", b"1", b"\xff\xfe", b"[" * 100_000, b'{"results": 1}'])
def test_what_is_no_document_is_refused_in_words(raw: bytes) -> None:
    with pytest.raises(BadValue) as refused:
        read_documents(raw)
    assert refused.value.code == "not-a-document"


def test_one_bad_result_does_not_keep_out_the_others() -> None:
    read = read_documents(json.dumps({"results": [7, HIT, {"title": "x"}]}).encode())
    assert [type(one) for one in read] == [Unreadable, Publication, Unreadable]
    assert read[0] == Unreadable(0, "It is no document.")


def test_too_many_results_are_refused() -> None:
    with pytest.raises(BadValue) as refused:
        read_documents(json.dumps({"results": [0] * (MOST_DOCUMENTS + 1)}).encode())
    assert refused.value.code == "too-many-documents"


@pytest.mark.parametrize(
    ("path", "fine"),
    [
        ("/drug-device-alerts/a-b", True),
        ("/a", True),
        ("/", False),
        ("a/b", False),
        ("//a", False),
        ("/a/../b", False),
        ("/a?b", False),
        ("/a b", False),
        ("/ä", False),
        ("/a\n", False),
        (f"/{'a' * 400}", False),
    ],
)
def test_a_path_leads_nowhere_else(path: str, fine: bool) -> None:
    assert is_path(path) is fine


def test_html_is_read_as_lines_of_plain_words() -> None:
    html = "<h2>Do&nbsp;it</h2><ul><li>One <b>two</b></li><li></li></ul><table><tr><th>A</th><td>B</td></tr></table>x"
    assert lines_of(html) == ("Do it", "One two", "A B", "x")
    assert lines_of("") == ()
