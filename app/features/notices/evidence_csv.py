"""The evidence pack as a table: a line for each item."""

import re
from collections.abc import Iterator

from app.features.notices.packs import Handed

PACK_HEAD = (
    "barcode",
    "product_code",
    "product_name",
    "manufacturer",
    "model",
    "serial_number",
    "lot_number",
    "result",
    "because",
    "found_at",
    "cause",
    "first_blocked_at",
    "times_prevented",
    "where",
    "action_state",
    "contacts",
    "tries_in_vain",
    "finished_at",
    "after_closing",
    "serial_number_before",
)


def pack_rows(handed: Handed) -> Iterator[tuple[object, ...]]:
    """The lines, in the order of `PACK_HEAD`: of a closed notice as they were kept, then what was caught since."""
    since = handed.since.items if handed.since else ()
    for item in [*handed.pack.items, *since]:
        yield (
            item.barcode,
            item.product_code,
            item.product_name,
            item.manufacturer,
            item.model,
            item.serial_number,
            item.lot_number,
            item.result.value,
            item.because,
            item.found_at.isoformat(),
            item.cause.value,
            item.first_blocked_at.isoformat() if item.first_blocked_at else None,
            item.prevented,
            item.place.value,
            item.action_state.value,
            item.contacts,
            item.tries_in_vain,
            item.finished_at.isoformat() if item.finished_at else None,
            item.is_after_closing,
            item.serial_before,
        )


def file_name(reference: str) -> str:
    """The reference as the beginning of a file's name."""
    return re.sub(r"[^A-Za-z0-9.]+", "-", reference).strip("-.") or "notice"
