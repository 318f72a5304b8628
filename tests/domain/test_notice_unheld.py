"""What a scope names and the catalogue does not have is said, with what may have been meant."""

from app.domain.maker_names import Alias, MakerNames
from app.domain.notice_parsing import read_scope
from app.domain.notice_products import ProductFacts
from app.domain.notice_unheld import find_unheld
from tests.domain.notice_forms import line

CATALOGUE = [
    ProductFacts("H-1", "Mechanaids", "KS1019", "12 36 03"),
    ProductFacts("H-2", "Shore", "KS1018", "12 36 03"),
    ProductFacts("H-3", "", "", ""),
]
NAMES = MakerNames([Alias("Mechanaids", "Arjo")])


def test_what_is_not_in_the_catalogue_is_named_once_with_what_may_have_been_meant() -> None:
    lines = [
        line(product_codes=["H-1"], where={"serials": ["1"]}),
        line(manufacturers=["Arjo", "Shoreham"], models=["ks 1019", "KS1091"], categories=["12 36", "18 12"]),
        line(models=["KS1091", "Zebra"], where={"together_with": {"manufacturers": ["Sohre"], "models": ["KS1018"]}}),
    ]
    assert find_unheld(read_scope(lines), CATALOGUE, NAMES) == [
        "No product in the catalogue is made by Shoreham; did you mean Shore?",
        "No product in the catalogue has the model KS1091; did you mean KS1019 or KS1018?",
        "No product in the catalogue is in ISO 9999 group 18 12.",
        "No product in the catalogue has the model Zebra.",
        "No product in the catalogue is made by Sohre; did you mean Shore?",
    ]


def test_of_a_long_list_it_is_said_how_many_more_there_are() -> None:
    said = find_unheld(read_scope([line(models=[f"Z{number}" for number in range(12)])]), [], NAMES)
    assert (len(said), said[-1]) == (11, "And 2 more that the catalogue does not have.")
