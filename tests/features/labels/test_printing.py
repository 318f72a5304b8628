"""Labels printed one by one, each read back by a reader that is not ours, and measured dot by dot."""

import re
from dataclasses import fields, replace
from io import BytesIO
from itertools import groupby
from urllib.parse import unquote
from xml.etree import ElementTree as ET

import pytest
import zxingcpp
from barcode.charsets import code128
from PIL import Image, ImageDraw, ImageFilter

from app.domain.labels import display, make_tag
from app.features.labels.printing import Dpi, LabelContent, LabelSize, command_svg, label_png, label_svg, label_zpl

SVG = "{http://www.w3.org/2000/svg}"
BED = LabelContent(
    tag=make_tag("ES", 1234),
    product_name="Profiling bed, electric, four section, with integral side rails & mattress",
    service_name="Coast & Vale Equipment Stores",
    return_phone="0300 000 0000",
    store_name="Main store",
    safe_working_load_kg=200,
)
LONGEST = LabelContent(
    tag=make_tag("KENT", 9_999_999),
    product_name="W" * 300,
    service_name="S" * 40,
    return_phone="0300 000 0000 ext 99",
    store_name="Coastal satellite store at the hospital",
    single_patient_use=True,
    safe_working_load_kg=1_270,
)
BAREST = LabelContent(tag=make_tag("QQ", 1), product_name="", service_name="A", return_phone="0")
ROGUE = replace(BED, product_name='日本 \x00\r\n^XZ~JA \\& _5E <b>"é" £', service_name="^FD<script>", store_name="]]>")
EVERY_CONTENT = pytest.mark.parametrize(
    "content", [BED, LONGEST, BAREST, ROGUE], ids=["bed", "longest", "barest", "rogue"]
)
EVERY_DPI = pytest.mark.parametrize("dpi", [203, 300])
EVERY_SIZE = pytest.mark.parametrize(
    "size", [LabelSize(63.5, 38.1), LabelSize(62, 29), LabelSize(100, 50), LabelSize(51, 25)], ids=str
)


def read(picture: Image.Image) -> list[tuple[str, str]]:
    return [(str(found.format), found.text) for found in zxingcpp.read_barcodes(picture)]


def opened(png: bytes) -> Image.Image:
    return Image.open(BytesIO(png))


Row = list[tuple[bool, int]]


def row_of_bars(picture: Image.Image) -> tuple[Row, int]:
    """The row of dots that runs through the bars, as (is black, how many dots), and how many rows are just like it."""
    grey = picture.convert("L")
    rows: list[Row] = []
    for y in range(grey.height):
        row = [value == 0 for value in grey.crop((0, y, grey.width, y + 1)).tobytes()]
        rows.append([(black, len(list(dots))) for black, dots in groupby(row)])
    alike = [(row, len(list(same))) for row, same in groupby(rows) if len(row) > 60]
    return max(alike, key=lambda found: found[1])


@EVERY_SIZE
@EVERY_DPI
@EVERY_CONTENT
def test_a_png_label_is_read_back_at_both_resolutions_and_every_size(
    content: LabelContent, dpi: Dpi, size: LabelSize
) -> None:
    assert read(opened(label_png(content, dpi=dpi, size=size))) == [("Code 128", content.tag)]


@EVERY_DPI
@EVERY_CONTENT
def test_every_bar_is_a_whole_number_of_dots_and_ten_modules_stay_white_on_either_side(
    content: LabelContent, dpi: Dpi
) -> None:
    row, tall = row_of_bars(opened(label_png(content, dpi=dpi)))
    assert tall / dpi * 25.4 >= 6.35
    widths = [width for _, width in row[1:-1]]
    module = min(widths)
    assert module / dpi * 25.4 >= 0.25
    assert {width / module for width in widths} == {1, 2, 3, 4}
    assert sum(widths) == module * {"ES": 123, "QQ": 123, "KENT": 145}[content.tag[:-9]]
    assert row[0][0] is row[-1][0] is False
    assert min(row[0][1], row[-1][1]) >= 10 * module


@pytest.mark.parametrize(
    ("content", "dpi", "dots"), [(BED, 203, 3), (BED, 300, 4), (LONGEST, 203, 2), (LONGEST, 300, 4)]
)
def test_the_module_is_as_wide_as_the_layouts_explanation_says(content: LabelContent, dpi: Dpi, dots: int) -> None:
    row, _ = row_of_bars(opened(label_png(content, dpi=dpi)))
    assert min(width for _, width in row[1:-1]) == dots


@EVERY_DPI
def test_a_png_says_its_resolution_and_is_as_large_as_the_label_in_pure_black_and_white(dpi: Dpi) -> None:
    picture = opened(label_png(BED, dpi=dpi))
    assert picture.format == "PNG"
    assert picture.mode == "1"
    assert picture.info["dpi"] == pytest.approx((dpi, dpi), abs=0.01)
    assert picture.width / dpi * 25.4 == pytest.approx(63.5, abs=0.1)
    assert picture.height / dpi * 25.4 == pytest.approx(38.1, abs=0.1)


@EVERY_SIZE
@EVERY_DPI
@EVERY_CONTENT
def test_nothing_is_printed_within_two_millimetres_of_the_edge(
    content: LabelContent, dpi: Dpi, size: LabelSize
) -> None:
    picture = opened(label_png(content, dpi=dpi, size=size)).convert("L")
    black = picture.point(lambda value: 255 - value).getbbox()
    assert black is not None
    sides = round(2 * dpi / 25.4)
    ends = round(1.2 * dpi / 25.4)
    assert black[0] >= sides
    assert black[2] <= picture.width - sides
    assert black[1] >= ends
    assert black[3] <= picture.height - ends


@pytest.mark.parametrize("turned", [-7, 0, 4, 90, 183])
def test_a_blurred_and_crooked_label_is_still_read(turned: int) -> None:
    straight = opened(label_png(BED)).convert("L")
    photograph = straight.rotate(turned, Image.Resampling.BICUBIC, expand=True, fillcolor=200)
    photograph = photograph.filter(ImageFilter.GaussianBlur(1.5)).point(lambda value: 60 + value // 2)
    assert read(photograph) == [("Code 128", BED.tag)]


@EVERY_DPI
def test_a_scratch_along_the_label_does_not_stop_the_reader(dpi: Dpi) -> None:
    picture = opened(label_png(BED, dpi=dpi)).convert("L")
    scratch = (0, picture.height * 0.4, picture.width, picture.height * 0.5)
    ImageDraw.Draw(picture).line(scratch, fill=255, width=dpi // 40)
    assert read(picture) == [("Code 128", BED.tag)]


def painted(svg: bytes, dpi: int) -> Image.Image:
    """The bars and boxes of an SVG, painted by the test itself from its numbers and units."""
    root = ET.fromstring(svg)  # noqa: S314
    width, height = (float(root.attrib[name].removesuffix("mm")) for name in ("width", "height"))
    assert list(map(float, root.attrib["viewBox"].split())) == [0, 0, width, height]
    scale = dpi / 25.4
    picture = Image.new("L", (round(width * scale), round(height * scale)), 255)
    group = root.find(f"{SVG}g")
    assert group is not None
    x, y, wide, high = map(float, re.findall(r"[\d.]+", group.attrib["transform"]))
    for bar in group.iter(f"{SVG}rect"):
        left = x + float(bar.attrib["x"]) * wide
        right = left + float(bar.attrib["width"]) * wide
        corners = (round(left * scale), round(y * scale), round(right * scale) - 1, round((y + high) * scale))
        ImageDraw.Draw(picture).rectangle(corners, fill=0)
    return picture


def words_of(svg: bytes) -> list[str]:
    return [text.text or "" for text in ET.fromstring(svg).iter(f"{SVG}text")]  # noqa: S314


@pytest.mark.parametrize("dpi", [203, 300, 600])
@EVERY_CONTENT
def test_an_svg_label_is_read_back_from_its_numbers_alone(content: LabelContent, dpi: int) -> None:
    assert read(painted(label_svg(content), dpi)) == [("Code 128", content.tag)]


def test_an_svg_label_says_its_words_as_text() -> None:
    words = words_of(label_svg(BED))
    assert words[0] == "Coast & Vale Equipment Stores"
    assert {"SWL", "200 kg", "ES-0001234-30", "Please return: 0300 000 0000"} <= set(words)


def test_an_svg_label_has_nothing_that_a_strict_content_policy_stops() -> None:
    svg = label_svg(ROGUE)
    assert not re.search(rb"style|<script|href|url\(|on[a-z]+=", svg)
    assert "^FD<script>" in words_of(svg)


@pytest.mark.parametrize("command", ["CMD-RETURN", "CMD-DECONTAMINATE-PASS", "1", "a ~^_<&>\\"])
def test_a_command_card_is_read_back_and_says_its_command(command: str) -> None:
    svg = command_svg(command)
    assert read(painted(svg, 203)) == [("Code 128", command)]
    assert words_of(svg) == [command]


@pytest.mark.parametrize("command", ["", "x" * 41, "CMD\nRETURN", "CMD-É"])
def test_a_command_that_no_wedge_scanner_types_is_refused(command: str) -> None:
    with pytest.raises(ValueError, match="1 to 40"):
        command_svg(command)


def code_128_values(field: str) -> list[int]:
    """What a Zebra printer makes of a ^BC field: ZPL II Programming Guide, table of Code 128 invocation characters."""
    assert field.startswith(">:")
    single, _, pairs = field[2:].partition(">5")
    values = [104, *(ord(sign) - 32 for sign in single), 99, *map(int, re.findall("..", pairs))]
    return [*values, (values[0] + sum(place * value for place, value in enumerate(values))) % 103]


def printed_by_a_zebra(zpl: str) -> Image.Image:
    """The bars that the commands ask for, dot for dot."""
    width, height = map(int, re.findall(r"\^PW(\d+)\^LL(\d+)", zpl)[0])
    x, y, module, tall, field = re.findall(r"\^FO(\d+),(\d+)\^BY(\d+)\^BCN,(\d+),N,N,N,N\^FD(\S+)\^FS", zpl)[0]
    modules = "".join(code128.CODES[value] for value in code_128_values(field)) + code128.STOP + "11"
    picture = Image.new("L", (width, height), 255)
    for place, black in enumerate(modules):
        if black == "1":
            left = int(x) + place * int(module)
            ImageDraw.Draw(picture).rectangle((left, int(y), left + int(module) - 1, int(y) + int(tall) - 1), fill=0)
    return picture


@EVERY_DPI
@EVERY_CONTENT
def test_a_zebra_prints_the_same_bars_in_the_same_place_as_the_png(content: LabelContent, dpi: Dpi) -> None:
    picture = printed_by_a_zebra(label_zpl(content, dpi=dpi))
    assert read(picture) == [("Code 128", content.tag)]
    assert row_of_bars(picture) == row_of_bars(opened(label_png(content, dpi=dpi)))


def as_a_zebra_reads(words: str) -> str:
    """A field after ^FH_: an underscore and two hexadecimal digits are one byte of UTF-8."""
    return unquote(words.replace("%", "%25").replace("_", "%"))


def test_no_words_can_give_a_zebra_commands() -> None:
    zpl = label_zpl(ROGUE)
    assert zpl.count("^XZ") == zpl.count("^XA") == 1
    assert zpl.isascii()
    assert "~" not in zpl
    assert "_5EXZ_7EJA" in zpl
    sent = [as_a_zebra_reads(words) for words in re.findall(r"\^FH_\^FD(.*?)\^FS", zpl)]
    assert "^FD<script>" in sent
    assert display(ROGUE.tag) in sent


def test_a_label_has_no_place_for_a_client() -> None:
    about_the_item = {"tag", "product_name", "single_patient_use", "safe_working_load_kg"}
    about_the_service = {"service_name", "return_phone", "store_name"}
    symbols = {"has_bars", "data_matrix", "qr"}
    assert {field.name for field in fields(LabelContent)} == about_the_item | about_the_service | symbols
    said = {*words_of(label_svg(LONGEST))}
    assert len(said) == 7  # service, "SWL", load, flag, product, tag and telephone; the store's name is too long to fit


@pytest.mark.parametrize("tag", ["ES000123431", "ES-0001234-30", "es000123430", "", "CMD-RETURN"])
def test_a_tag_with_wrong_check_digits_or_another_form_is_never_printed(tag: str) -> None:
    with pytest.raises(ValueError, match="not an asset tag"):
        replace(BED, tag=tag)


@pytest.mark.parametrize("load", [0, -5])
def test_a_safe_working_load_of_nothing_is_never_printed(load: int) -> None:
    with pytest.raises(ValueError, match="more than 0 kg"):
        replace(BED, safe_working_load_kg=load)


@pytest.mark.parametrize(
    ("size", "says"),
    [
        (LabelSize(38, 38.1), "38 mm wide is too narrow for KENT999999987: 44 mm would do"),
        (LabelSize(63.5, 18), "18 mm high is too low for its text: 2[0-9] mm would do"),
        (LabelSize(3, 3), "too narrow"),
    ],
)
def test_a_label_too_small_to_be_read_is_refused_with_the_size_that_would_do(size: LabelSize, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        label_png(LONGEST, size=size)
    would_do = re.search(r"([0-9]+) mm would do", says)
    if would_do:
        enough = LabelSize(44, 38.1) if size.width_mm == 38 else LabelSize(63.5, 22)
        assert read(opened(label_png(LONGEST, size=enough)))


def test_another_resolution_is_refused() -> None:
    with pytest.raises(ValueError, match="203 or 300"):
        label_png(BED, dpi=72)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="203 or 300"):
        label_zpl(BED, dpi=600)  # type: ignore[arg-type]


def test_the_same_content_gives_the_same_bytes() -> None:
    assert label_png(BED) == label_png(BED)
    assert label_svg(BED) == label_svg(BED)
