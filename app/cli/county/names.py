"""Names, streets and postcodes of people who do not exist. The postcode area MA does not exist either."""

from typing import Final

FIRST: Final = (
    "Ada", "Agnes", "Albert", "Amina", "Arthur", "Asha", "Beryl", "Brian", "Carol", "Cyril", "Dev", "Doreen", "Edith",
    "Edna", "Ernest", "Fatima", "Frank", "George", "Gladys", "Grace", "Harold", "Hazel", "Hilda", "Ivy", "Jack", "Jean",
    "Joan", "Kamal", "Kenneth", "Leonard", "Lilian", "Mabel", "Margaret", "Maureen", "Mohan", "Nancy", "Nora", "Olive",
    "Omar", "Patricia", "Percy", "Phyllis", "Ralph", "Raymond", "Rita", "Ronald", "Rose", "Ruth", "Sheila", "Stanley",
    "Sylvia", "Thelma", "Vera", "Victor", "Violet", "Walter", "Wendy", "Winifred", "Yusuf", "Zofia",
)  # fmt: skip
LAST: Final = (
    "Abbott", "Ahmed", "Archer", "Barlow", "Bennett", "Blackwood", "Brook", "Carver", "Chandra", "Clarke", "Cole",
    "Dalton", "Dunn", "Ellis", "Farrow", "Fletcher", "Garner", "Gibbs", "Hale", "Harper", "Hassan", "Hobbs", "Hurst",
    "Iqbal", "Jarvis", "Kaur", "Keating", "Lacey", "Lowe", "Malik", "Marsh", "Mellor", "Nash", "Norris", "Okafor",
    "Osborne", "Parrish", "Patel", "Pearce", "Quinn", "Rahman", "Reeve", "Rowe", "Sharma", "Shaw", "Singh", "Slater",
    "Stone", "Tanner", "Thorpe", "Underwood", "Vance", "Walsh", "Webb", "Whitfield", "Wilde", "Wood", "Yates", "Young",
)  # fmt: skip
STREETS: Final = (
    "Alder Close", "Bridge Street", "Chapel Lane", "Church Road", "Elm Grove", "Field View", "Green Lane",
    "High Street", "Hill Rise", "Kiln Lane", "Lime Avenue", "Manor Road", "Mill Lane", "Orchard Way", "Park Road",
    "Quarry Hill",
    "School Lane", "Station Road", "The Crescent", "Victoria Terrace", "Well Lane", "Windmill Close",
)  # fmt: skip
TOWNS: Final = ("Marston", "Eastmere", "Coldharbour", "Fenbridge", "Little Oakley", "Sandwick", "Thornbury Cross")
DISTRICTS: Final = 60
LETTERS: Final = "ABDEFGHJLNPQRSTUWXYZ"


def person(number: int) -> str:
    """The name of the person with this number, always the same."""
    mixed = number * 2_654_435_761 >> 4
    return f"{FIRST[mixed % len(FIRST)]} {LAST[mixed // 64 % len(LAST)]}"


def district(number: int) -> str:
    """The outward part of their postcode."""
    return f"MA{1 + number * 40_503 // 8 % DISTRICTS}"


def address(number: int) -> tuple[str, str]:
    """Where they live: address and postcode."""
    mixed = number * 2_246_822_519 >> 3
    street = f"{1 + mixed % 140} {STREETS[mixed // 140 % len(STREETS)]}, {TOWNS[mixed // 7 % len(TOWNS)]}"
    inward = f"{mixed % 9 + 1}{LETTERS[mixed // 9 % 20]}{LETTERS[mixed // 180 % 20]}"
    return street, f"{district(number)} {inward}"
