"""The typeface of what is printed. Which words stand where is the feature's."""

from functools import lru_cache
from io import BytesIO

from pymupdf_fonts import myfont
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont


def noto(bold: bool) -> BytesIO:
    """Noto Sans: it has the letters of `domain/catalogue.py`, and may be embedded in what it is printed in."""
    return BytesIO(myfont("notosbo" if bold else "notos"))


@lru_cache(maxsize=2)
def typeface(bold: bool) -> str:
    """The name that the PDF library knows the typeface by, once it has been told."""
    name = "NotoSans-Bold" if bold else "NotoSans"
    pdfmetrics.registerFont(TTFont(name, noto(bold)))
    return name
