"""Makers' labels at goods-in."""

from app.domain.errors import BadValue
from app.domain.makers_labels import LabelReading
from app.integrations.gs1 import read_label


def read_label_in(field: str, raw: str, *, prefix: str) -> LabelReading:
    """What the label says (`read_label`); a refusal is about this field."""
    try:
        return read_label(raw, prefix=prefix)
    except BadValue as error:
        raise BadValue(error.code, error.detail, field=field) from error
