"""What a barcode is and says, before anything is done with it."""

from app.domain.makers_labels import LabelKind
from app.features.stock.makers_labels import read_label_in, warned
from app.features.stock.schemas import Warned
from app.web.auth import Actor
from app.web.fields import Body
from app.web.once import api_router
from app.web.shapes import Shape
from app.web.tags import Prefix

router = api_router("stock")


class RawScan(Body):
    """What the scanner sent, as it sent it, or what is printed under the barcode: `(01)05012345678900(10)L-7`."""

    raw: str


class BarcodeBody(Shape):
    """What the scan is. `barcode` only of our own tags; `elements` of GS1 labels: application identifier → value.

    `suspect`: something on the label cannot be as it seems, so it must not clear an item of anything.
    """

    kind: LabelKind
    barcode: str | None
    elements: dict[str, str]
    warnings: list[Warned]
    suspect: bool


@router.post("/barcodes/parse")
async def parse_barcode(actor: Actor, prefix: Prefix, body: RawScan) -> BarcodeBody:
    """What one scan says: our own asset tag, a maker's GS1 or UDI label, or something else. Nothing is looked up.

    422 `not-a-barcode` for what no label carries, `mistyped-barcode` for a tag of ours that is not right.
    """
    reading = read_label_in("raw", body.raw, prefix=prefix)
    return BarcodeBody(
        kind=reading.kind,
        barcode=reading.tag,
        elements=dict(reading.elements),
        warnings=warned(reading.remarks),
        suspect=reading.suspect,
    )
