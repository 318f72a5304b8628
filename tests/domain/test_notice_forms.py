"""Every form in which real notices write what they cover, asked of the rules."""

import pytest

from app.domain.maker_names import MakerNames
from app.domain.notice_evidence import explain, read_findings, write_findings
from app.domain.notice_json import scope_as_json
from app.domain.notice_parsing import read_scope
from app.domain.notices import match
from tests.domain.notice_forms import FORMS, TODAY, Form


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
def test_the_form_covers_what_it_says_and_clears_nothing_of_which_data_is_missing(form: Form) -> None:
    scope, names = read_scope(form.lines), MakerNames(form.aliases)
    found = [match(scope, item, names=names, today=TODAY) for item, _ in form.items]
    assert [one.result.value for one in found] == [result for _, result in form.items]
    for one in found:
        assert explain(scope, one.findings)
        assert not one.findings or read_findings(write_findings(one.findings)) == one.findings
    assert read_scope(scope_as_json(scope)) == scope
