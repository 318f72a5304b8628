"""What axe finds on a page. Contrast is half of its work; each kind of element is looked at for it until it passed."""

from typing import Any

from axe_playwright_python.async_playwright import Axe
from axe_playwright_python.base import AxeResults
from playwright.async_api import Page

RULES = {
    "runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
    "resultTypes": ["violations"],  # what passed is not described, which takes half as long
}
# An element's kind is what it is and what it stands in, as in `page.shape_of`: colours come from nothing else, since
# no page has a style of its own; and whether something in it is checked, has the focus or is wrong (`:has`). A kind's
# number is made of its parent's. Elements of kinds that did not pass yet are marked, for that rule.
LOOK = """async ([rules, passed]) => {
    const known = new Set(passed), kinds = new Map(), fresh = new Set(), marked = [];
    const weighty = /^(role|type|hidden|disabled|open|checked|data-|aria-(?!label|describedby))/;
    const stirred = new Set();
    for (const one of document.querySelectorAll(':checked, :focus, .govuk-error-message')) {
        for (let at = one, up = 0; at && up < 4; at = at.parentElement, up++) stirred.add(at);
    }
    const number = words => {
        let high = 0xdeadbeef, low = 0x41c6ce57;
        for (let at = 0; at < words.length; at++) {
            high = Math.imul(high ^ words.charCodeAt(at), 2654435761);
            low = Math.imul(low ^ words.charCodeAt(at), 1597334677);
        }
        return (high >>> 0).toString(36) + (low >>> 0).toString(36);
    };
    for (const element of document.querySelectorAll('*')) {
        const facts = [...element.attributes].map(({name, value}) => weighty.test(name) ? name + '=' + value : name);
        const words = [...element.childNodes].some(one => one.nodeType === 3 && one.data.trim());
        const classes = [...element.classList].sort();
        const own = [element.localName, ...classes, '', ...facts.sort(), words, stirred.has(element)];
        const kind = number((kinds.get(element.parentElement) ?? '') + '/' + own.join(' '));
        kinds.set(element, kind);
        if (!known.has(kind)) {
            fresh.add(kind);
            marked.push(element);
        }
    }
    marked.forEach(element => element.toggleAttribute('data-unseen', true));
    axe.configure({rules: [{id: 'color-contrast', selector: '[data-unseen]'}]});
    const found = await axe.run(rules);
    marked.forEach(element => element.removeAttribute('data-unseen'));
    return [found, [...fresh]];
}"""

kinds_passed: dict[int | None, set[str]] = {}
"""The kinds of elements of which axe has passed the contrast in this worker, by the width of the page."""


async def ask_axe(page: Page) -> AxeResults:
    """What axe says of the page as it stands."""
    axe, size = Axe(), page.viewport_size
    passed = kinds_passed.setdefault(size and size["width"], set())
    await page.evaluate(axe.axe_script)
    answer: tuple[dict[str, Any], list[str]] = await page.evaluate(LOOK, [RULES, list(passed)])
    found = AxeResults(answer[0])
    if not found.violations_count:
        passed.update(answer[1])
    return found
