"""What is published of the columns is what the code has."""

from pathlib import Path

import pytest

from app.features.imports.columns import Kind
from app.features.imports.columns_doc import describe, sample

DOCS = Path(__file__).resolve().parents[3] / "docs"


def test_the_columns_are_documented_as_they_are() -> None:
    assert (DOCS / "imports.md").read_text() == describe()


@pytest.mark.parametrize("kind", list(Kind))
def test_the_published_sample_is_that_of_the_columns(kind: Kind) -> None:
    assert (DOCS / "samples" / f"{kind}.csv").read_bytes().decode() == sample(kind)
