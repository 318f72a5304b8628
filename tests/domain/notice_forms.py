"""The forms in which real notices write what they cover, with items just inside, just outside, with data missing, and
of a similar model. Facts only; `source` names the notice. Asked of the rules in `test_notice_forms.py`, of SQL in
`tests/test_matching_forms.py`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from app.domain.maker_names import Alias
from app.domain.notice_products import ProductFacts
from app.domain.notices import ItemFacts

TODAY = date(2026, 3, 2)
CAME = date(2026, 1, 5)
IN, MAYBE, OUT = "affected", "possible", "not_affected"


def thing(made: str | None = None, precision: str = "day", came: date = CAME, **facts: Any) -> ItemFacts:
    """An item: facts of its product by their names, and those of itself; `made` and `sent` as ISO days."""
    product = {name: facts.pop(name) for name in ("code", "manufacturer", "model", "category") if name in facts}
    sent = facts.pop("sent", None)
    return ItemFacts(
        ProductFacts(**product, udi_di=tuple(facts.pop("gtins", ()))),
        received_on=came,
        manufactured_on=date.fromisoformat(made) if made else None,
        manufactured_precision=precision if made else None,
        dispatched_on=date.fromisoformat(sent) if sent else None,
        **facts,
    )


def line(effect: str = "include", where: Any = None, **lists: Any) -> dict[str, Any]:
    """A line of a scope."""
    return {"effect": effect, **lists, **({"where": where} if where else {})}


@dataclass(frozen=True)
class Form:
    """A form: the lines as the API takes them, and what each item is."""

    source: str
    lines: list[dict[str, Any]]
    items: list[tuple[ItemFacts, str]]
    aliases: list[Alias] = field(default_factory=list)


def each(shared: Mapping[str, Any], *cases: tuple[dict[str, Any], str]) -> list[tuple[ItemFacts, str]]:
    """Items that share some facts."""
    return [(thing(**{**shared, **facts}), result) for facts, result in cases]


ARJO = {"manufacturer": "Arjo", "model": "KS1019"}
FRAME = {"manufacturer": "Patterson Medical", "model": "Frame 5"}
COOPERS = {"manufacturer": "Sunrise Medical", "model": "7321C"}

FORMS: dict[str, Form] = {
    "1 a whole class of devices": Form(
        "NatPSA/2023/010/MHRA",
        [line(categories=["18 12", "12 31"])],
        each(
            {"manufacturer": "Any", "model": "Any"},
            ({"category": "18 12 27"}, IN),
            ({"category": "1812"}, IN),
            ({"category": "12 31 03"}, IN),
            ({"category": "18 09 21"}, OUT),
            ({"category": ""}, MAYBE),
        ),
    ),
    "1b a class of which the catalogue knows only the beginning": Form(
        "MDA/2007/031",
        [line(categories=["12 36 21"])],
        each({}, ({"category": "12 36"}, MAYBE), ({"category": "12 36 03"}, OUT), ({"category": "12 36 21"}, IN)),
    ),
    "2 all models of a maker, under its older names": Form(
        "MDA/2008/010",
        [line(manufacturers=["Arjo"], models=["Ambulift"])],
        each(
            {"model": "AMBULIFT"},
            ({"manufacturer": "Arjo"}, IN),
            ({"manufacturer": "Mechanaids"}, IN),
            ({"manufacturer": "Arjo-Mechanaids"}, IN),
            ({"manufacturer": "Huntleigh", "made": "2007-06-01"}, IN),
            ({"manufacturer": "Huntleigh", "made": "2007-05-01", "precision": "year"}, IN),
            ({"manufacturer": "Huntleigh", "made": "2006-12-31"}, OUT),
            ({"manufacturer": "Huntleigh"}, MAYBE),
            ({"manufacturer": "Huntleigh", "came": date(2007, 1, 1)}, OUT),
            ({"manufacturer": "Invacare"}, OUT),
            ({"manufacturer": ""}, MAYBE),
            ({"manufacturer": "Arjo", "model": "Ambulift 2"}, OUT),
        ),
        [
            Alias("Mechanaids", "Arjo"),
            Alias("Arjo Mechanaids", "Mechanaids"),
            Alias("Huntleigh", "Arjo", date(2007, 6, 1)),
        ],
    ),
    "3 a model, all serial numbers": Form(
        "Z-0261-2008",
        [line(manufacturers=["Arjo"], models=["BIB2003-01"])],
        each(
            {"manufacturer": "Arjo"},
            ({"model": "BIB2003-01", "serial_number": "1"}, IN),
            ({"model": "bib2003 01"}, IN),
            ({"model": "BIB2003-02"}, OUT),
            ({"model": "BIB2003"}, OUT),
            ({"model": ""}, MAYBE),
        ),
    ),
    "3b lines of our own catalogue": Form(
        "Z-0261-2008",
        [line(product_codes=["BED-1", "BED-2"], where={"unmarked": "lot"})],
        each({}, ({"code": "BED-1"}, IN), ({"code": "BED-2", "lot_number": "L1"}, OUT), ({"code": "BED-11"}, OUT)),
    ),
    "4 models exactly, never by how they begin": Form(
        "Z-2752-2018",
        [line(models=["323117"])],
        each({}, ({"model": "323117"}, IN), ({"model": "323117V"}, OUT), ({"model": "32311"}, OUT)),
    ),
    "5 serial numbers from one to another": Form(
        "SN2011(28)",
        [line(models=["KS1019"], where={"serial_range": {"from": "AB 0100", "to": "AB-0199"}})],
        each(
            ARJO,
            ({"serial_number": "AB0100"}, IN),
            ({"serial_number": "ab 0199"}, IN),
            ({"serial_number": "AB0099"}, OUT),
            ({"serial_number": "AB0200"}, OUT),
            ({"serial_number": "AB150"}, MAYBE),
            ({"serial_number": "0150"}, MAYBE),
            ({"serial_number": "ABO150"}, MAYBE),
            ({}, MAYBE),
            ({"model": "KS1019V", "serial_number": "AB0150"}, OUT),
        ),
    ),
    "6 several ranges": Form(
        "Z-0016-2007",
        [
            line(
                models=["KS1019"],
                where={
                    "any": [
                        {"serial_range": {"from": "100", "to": "199"}},
                        {"serial_range": {"from": "300", "to": "399"}},
                    ]
                },
            )
        ],
        each(ARJO, ({"serial_number": "150"}, IN), ({"serial_number": "250"}, OUT), ({"serial_number": "0150"}, MAYBE)),
    ),
    "7 another range for each model": Form(
        "Z-0014-2018",
        [
            line(models=["A"], where={"serial_range": {"from": "100", "to": "199"}}),
            line(models=["B"], where={"serial_range": {"from": "500", "to": "599"}}),
        ],
        each(
            {},
            ({"model": "A", "serial_number": "150"}, IN),
            ({"model": "A", "serial_number": "550"}, OUT),
            ({"model": "B", "serial_number": "550"}, IN),
            ({"model": "B", "serial_number": "150"}, OUT),
            ({"model": "", "serial_number": "150"}, MAYBE),
        ),
    ),
    "8 up to and including": Form(
        "TGA Otto Bock",
        [line(models=["KS1019"], where={"serial_range": {"to": "AB0500"}})],
        each(
            ARJO,
            ({"serial_number": "AA9999"}, IN),
            ({"serial_number": "AB0500"}, IN),
            ({"serial_number": "AB0501"}, OUT),
            ({"serial_number": "AB050"}, MAYBE),
        ),
    ),
    "8b up to, without the end; from, with it": Form(
        "TGA Otto Bock",
        [
            line(models=["A"], where={"serial_range": {"to": "500", "to_inclusive": False}}),
            line(models=["B"], where={"serial_range": {"from": "500", "from_inclusive": False}}),
        ],
        each(
            {},
            ({"model": "A", "serial_number": "500"}, OUT),
            ({"model": "A", "serial_number": "499"}, IN),
            ({"model": "B", "serial_number": "500"}, OUT),
            ({"model": "B", "serial_number": "501"}, IN),
        ),
    ),
    "9 as from a month": Form(
        "MHRA FSN CON355483",
        [line(models=["S222"], where={"date": {"kind": "manufactured", "from": "2012-09"}})],
        each(
            {"model": "S222"},
            ({"made": "2012-09-01"}, IN),
            ({"made": "2012-08-31"}, OUT),
            ({"made": "2012-03-01", "precision": "year"}, IN),
            ({"made": "2011-03-01", "precision": "year"}, OUT),
            ({}, MAYBE),
            ({"came": date(2012, 8, 31)}, OUT),
        ),
    ),
    "9b before a week": Form(
        "MDA/2009/057",
        [line(models=["S222"], where={"date": {"kind": "manufactured", "to": "2009-W11", "to_inclusive": False}})],
        each(
            {"model": "S222"},
            ({"made": "2009-03-08"}, IN),
            ({"made": "2009-03-09"}, OUT),
            ({"made": "2009-03-08", "precision": "week"}, IN),
            ({"made": "2009-03-09", "precision": "week"}, OUT),
            ({"came": date(2009, 3, 8)}, IN),
            ({"came": date(2009, 3, 9)}, MAYBE),
        ),
    ),
    "10 a list of serial numbers": Form(
        "Z-0079-2015",
        [line(models=["700-19425"], where={"serials": ["1942500017", "1942500025", "1942500030"]})],
        each(
            {"model": "700 19425"},
            ({"serial_number": "1942500025"}, IN),
            ({"serial_number": "19425 00030"}, IN),
            ({"serial_number": "1942500026"}, OUT),
            ({}, MAYBE),
        ),
    ),
    "11 codes that hide a week and a year": Form(
        "MDA/2013/060",
        [line(manufacturers=["Patterson Medical"], where={"lot_range": {"from": "DMW12013", "to": "DMW82013"}})],
        each(
            FRAME,
            ({"lot_number": "DMW12013"}, IN),
            ({"lot_number": "dmw 8 2013"}, IN),
            ({"lot_number": "DMW92013"}, OUT),
            ({"lot_number": "DMW52012"}, MAYBE),
            ({"lot_number": "DMW102013"}, MAYBE),
            ({}, MAYBE),
        ),
    ),
    "11b the same as a pattern": Form(
        "MDA/2013/060",
        [line(manufacturers=["Patterson Medical"], where={"lot_pattern": "DMW[1-8]2013"})],
        each(
            FRAME,
            ({"lot_number": "DMW82013"}, IN),
            ({"lot_number": "DMW92013"}, OUT),
            ({"lot_number": "DMW52012"}, OUT),
            ({"lot_number": "DMW102013"}, OUT),
            ({}, MAYBE),
        ),
    ),
    "11c what begins so": Form(
        "MDA/2013/060",
        [line(models=["KS1019"], where={"serial_pattern": "AB##*"})],
        each(
            ARJO,
            ({"serial_number": "ab12"}, IN),
            ({"serial_number": "AB12-X"}, IN),
            ({"serial_number": "AB1"}, OUT),
            ({"serial_number": "XAB12"}, OUT),
        ),
    ),
    "12 letters and digits in turn": Form(
        "Z-0174-04",
        [line(models=["KS1019"], where={"serial_range": {"from": "03D889942", "to": "03E002241"}})],
        each(
            ARJO,
            ({"serial_number": "03D999999"}, IN),
            ({"serial_number": "03E002241"}, IN),
            ({"serial_number": "03E002242"}, OUT),
            ({"serial_number": "03D889941"}, OUT),
            ({"serial_number": "03D88994"}, MAYBE),
        ),
    ),
    "13 lots, each of its own model": Form(
        "Z-0270-2012",
        [line(models=["CA200"], where={"lots": ["1C0101"]}), line(models=["CA300"], where={"lots": ["2D0202"]})],
        each(
            {},
            ({"model": "CA200", "lot_number": "1c0101"}, IN),
            ({"model": "CA200", "lot_number": "2D0202"}, OUT),
            ({"model": "CA300", "lot_number": "2D0202"}, IN),
            ({"model": "CA300"}, MAYBE),
        ),
    ),
    "14 serial numbers and lots, without a word between them": Form(
        "Therapy 2023",
        [line(models=["KS1019"], where={"serial_range": {"from": "100", "to": "199"}, "lots": ["L1"]})],
        each(
            ARJO,
            ({"serial_number": "150", "lot_number": "L9"}, IN),
            ({"serial_number": "250", "lot_number": "L1"}, IN),
            ({"serial_number": "250", "lot_number": "L9"}, OUT),
            ({"serial_number": "250"}, MAYBE),
        ),
    ),
    "14b serial numbers and lots, both": Form(
        "Therapy 2023",
        [line(models=["KS1019"], where={"all": [{"serial_range": {"from": "100", "to": "199"}}, {"lots": ["L1"]}]})],
        each(
            ARJO,
            ({"serial_number": "150", "lot_number": "L1"}, IN),
            ({"serial_number": "250"}, OUT),
            ({"serial_number": "150"}, MAYBE),
        ),
    ),
    "15 made between months": Form(
        "Z-0426-2007",
        [line(models=["KA1210"], where={"date": {"kind": "manufactured", "from": "2006-09", "to": "2006-12"}})],
        each(
            {"model": "KA1210"},
            ({"made": "2006-08-31"}, OUT),
            ({"made": "2006-09-01"}, IN),
            ({"made": "2006-12-31"}, IN),
            ({"made": "2007-01-01"}, OUT),
            ({"made": "2006-08-30", "precision": "week"}, IN),
            ({"made": "2006-08-20", "precision": "week"}, OUT),
            ({"made": "2006-12-31", "precision": "month"}, IN),
            ({"made": "2007-01-01", "precision": "week"}, OUT),
            ({"sent": "2006-08-31"}, OUT),
            ({}, MAYBE),
        ),
    ),
    "16 sent out by the maker between days": Form(
        "MHRA CON213178",
        [line(models=["7321C"], where={"date": {"kind": "dispatched", "from": "2012-08-20", "to": "2012-10-02"}})],
        each(
            COOPERS,
            ({"sent": "2012-08-20"}, IN),
            ({"sent": "2012-10-02"}, IN),
            ({"sent": "2012-08-19"}, OUT),
            ({"sent": "2012-10-03"}, OUT),
            ({}, MAYBE),
            ({"came": date(2012, 9, 1)}, MAYBE),
            ({"came": date(2012, 8, 19)}, OUT),
            ({"made": "2012-10-03"}, OUT),
            ({"made": "2012-10-02"}, MAYBE),
            ({"made": "2012-08-20", "came": date(2012, 10, 2)}, IN),
            ({"model": "7321", "sent": "2012-09-01"}, OUT),
        ),
    ),
    "16b came to us between days": Form(
        "Z-0249-2007",
        [line(models=["7321C"], where={"date": {"kind": "received", "to": "2012-10-02"}})],
        each(COOPERS, ({"came": date(2012, 10, 2)}, IN), ({"came": date(2012, 10, 3)}, OUT)),
    ),
    "17 older than so many years": Form(
        "Oxford Dipper",
        [line(models=["Dipper"], where={"older_than_years": 10})],
        each(
            {"model": "Dipper"},
            ({"made": "2016-03-01"}, IN),
            ({"made": "2016-03-02"}, OUT),
            ({"made": "2016-01-01", "precision": "year"}, IN),
            ({"came": date(2016, 3, 1)}, IN),
            ({"came": date(2016, 3, 2)}, MAYBE),
        ),
    ),
    "18 no number on it: codes, and when it was sold": Form(
        "MHRA 2008-10",
        [
            line(
                models=["AA2112", "AA2112L"], where={"date": {"kind": "dispatched", "from": "2007-05", "to": "2008-01"}}
            )
        ],
        each(
            {"model": "AA2112L"},
            ({"sent": "2007-06-01"}, IN),
            ({}, MAYBE),
            ({"sent": "2008-02-01"}, OUT),
            ({"model": "AA2112Y", "sent": "2007-06-01"}, OUT),
        ),
    ),
    "19 what lacks a lot": Form(
        "MDA/2015/025",
        [line(models=["20421"], where={"unmarked": "lot"}), line(models=["V6390"], where={"unmarked": "serial"})],
        each(
            {},
            ({"model": "20421"}, IN),
            ({"model": "20421", "lot_number": "L1"}, OUT),
            ({"model": "V6390"}, IN),
            ({"model": "V6390", "serial_number": "1"}, OUT),
        ),
    ),
    "20 what only a look can tell": Form(
        "MHRA Flamingo 2009",
        [line(models=["Flamingo"], where={"feature": "Is the hook open?"})],
        each(
            {"model": "Flamingo"},
            ({}, MAYBE),
            ({"answers": {"Is the hook open?": True}}, IN),
            ({"answers": {"Is the hook open?": False}}, OUT),
            ({"answers": {"Is it red?": False}}, MAYBE),
        ),
    ),
    "21 a part": Form(
        "MHRA 2011-03-29",
        [line(models=["Junior"], where={"part": {"part_number": "PB-17", "fitted_to": "2026-02-28"}})],
        each(
            {"model": "Junior"},
            ({"parts": (("pb 17", date(2026, 2, 28)),)}, IN),
            ({"parts": (("PB-17", date(2026, 3, 1)),)}, MAYBE),
            ({"parts": (("PB-18", date(2026, 2, 1)),)}, MAYBE),
            ({"answers": {"Has part PB-17 fitted until 28 February 2026?": False}}, OUT),
            ({"answers": {"Has part PB-17 fitted until 28 February 2026?": True}}, IN),
        ),
    ),
    "22 two products together": Form(
        "MDA/2007/031",
        [line(models=["Hoist"], where={"together_with": {"manufacturers": ["Mygo"], "models": ["Sling", "Hoist"]}})],
        each(
            {"model": "Hoist", "manufacturer": "Mygo"},
            ({"together": (ProductFacts("S", "Mygo", "SLING"),)}, IN),
            ({"together": (ProductFacts("S2", "Other", "SLING"),)}, MAYBE),
            ({"together": (ProductFacts("S3", "", "SLING"),)}, MAYBE),
            ({}, MAYBE),
        ),
    ),
    "23 device identifiers": Form(
        "FDA Medline beds",
        [line(where={"udi_di": ["05012345678900"]})],
        each(
            {},
            ({"udi_di": "05012345678900"}, IN),
            ({"udi_di": "15012345678907"}, IN),
            ({"udi_di": "07300016350759", "gtins": ["05012345678900"]}, OUT),
            ({"gtins": ["05012345678900"]}, IN),
            ({"gtins": ["05012345678900", "07300016350759"]}, MAYBE),
            ({"gtins": ["07300016350759"]}, OUT),
            ({}, MAYBE),
        ),
    ),
    "24 a list that is not published": Form(
        "Z-0187-2012",
        [line(models=["KS1019"], where={"unpublished_list": True})],
        each(ARJO, ({"serial_number": "1"}, MAYBE), ({"model": "KS1019V"}, OUT)),
    ),
    "25 except, with a gap that counts": Form(
        "SN2011(28)",
        [
            line(models=["KS1019"], where={"serial_range": {"from": "100", "to": "199"}}),
            line("exclude", where={"date": {"kind": "manufactured", "from": "2008-09-01", "from_inclusive": False}}),
        ],
        each(
            ARJO,
            ({"serial_number": "150", "made": "2008-08-31"}, IN),
            ({"serial_number": "150", "made": "2008-09-01"}, IN),
            ({"serial_number": "150", "made": "2008-09-02"}, OUT),
            ({"serial_number": "150", "made": "2008-01-01", "precision": "year"}, IN),
            ({"serial_number": "150"}, IN),
            ({"made": "2008-09-02"}, OUT),
            ({}, MAYBE),
        ),
    ),
    "25b except what is for children; a name of some years proves nothing": Form(
        "MDA/2013/060",
        [
            line(manufacturers=["Patterson Medical"]),
            line("exclude", models=["Paediatric"]),
            line("exclude", manufacturers=["Sammons"], models=["Frame 7"]),
            line("exclude", models=["Frame 8"], where={"unmarked": "lot"}),
        ],
        each(
            {"manufacturer": "Patterson Medical"},
            ({"model": "Paediatric"}, OUT),
            ({"model": "Frame 5"}, IN),
            ({"model": ""}, IN),
            ({"model": "Frame 7"}, IN),
            ({"model": "Frame 7", "made": "2005-01-01", "precision": "year"}, IN),
            ({"model": "Frame 7", "made": "2004-01-01", "precision": "year"}, OUT),
            ({"model": "Frame 8"}, IN),
        ),
        [Alias("Sammons", "Patterson Medical", None, date(2005, 6, 30))],
    ),
    "26 sent out until a day, and nothing is guessed": Form(
        "FDA",
        [line(models=["A"], where={"date": {"kind": "dispatched", "to": "2026-01-31"}})],
        each(
            {"model": "A"},
            ({"sent": "2026-01-31", "came": date(2026, 2, 2)}, IN),
            ({"sent": "2026-02-01", "came": date(2026, 2, 2)}, OUT),
        ),
    ),
}
