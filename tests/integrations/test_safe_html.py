"""Others' HTML on our pages: what stays of it, and what does not."""

import pytest

from app.integrations.safe_html import from_text, sanitise, shown


@pytest.mark.parametrize(
    ("html", "safe"),
    [
        ('<h2 id="a" class="b">One</h2><h3>Two</h3><h6>Six</h6>', "<h3>One</h3><h4>Two</h4><h5>Six</h5>"),
        ("<script>alert(1)</script><style>p{}</style><svg><script>x</script></svg>a", "a"),
        ("<p style='x' onclick='y'>a<img src='https://x.example/pixel'><iframe src='//x'></iframe></p>", "<p>a</p>"),
        ("<a href='javascript:x'>a</a><a href='/local'>b</a>", '<a rel="noopener noreferrer nofollow">a</a>'),
        ("<div class='address'><form action='/x'><input name='y'>a</form></div>", "<div>a</div>"),
        ("<table><tr><td colspan='2'>a", '<table><tbody><tr><td colspan="2">a</td></tr></tbody></table>'),
        ("&lt;script&gt;", "&lt;script&gt;"),
        ("<p>&#60;h2&#62;", "<p>&lt;h2&gt;</p>"),
    ],
)
def test_words_structure_and_links_stay_and_nothing_else(html: str, safe: str) -> None:
    assert sanitise(html).startswith(safe)


def test_a_link_leads_to_a_mailbox_or_to_the_web_alone() -> None:
    hidden = "&#109;&#097;&#105;&#108;&#116;&#111;:a@b.example"
    clean = sanitise(
        f"<a href='{hidden}'>a</a><a href='data:text/html,x'>b</a><a href='https://x.example/ to see'>c</a>"
    )
    assert 'href="mailto:a@b.example"' in clean
    assert "data:" not in clean
    assert 'href="https://x.example/ to see"' in clean


def test_tables_scroll_in_a_frame_and_have_captions() -> None:
    html = sanitise("<table><tr><td>a</td></tr></table><table><caption>Mine</caption><tr><td>b</td></tr></table>")
    framed = shown(html)
    assert framed.count('<div class="app-table" role="region"') == framed.count("</table></div>") == 2
    assert "<caption>Table 1 of the notice</caption>" in framed
    assert framed.count("<caption>") == 2


def test_text_is_kept_as_text() -> None:
    assert from_text("a <b>\r\nc\n\n\n d ") == "<p>a &lt;b&gt;<br>c</p><p>d</p>"
    assert from_text(" \n\n ") == ""
