"""Numbers that look like CPR numbers, told by their place in each kind of file, and never by themselves."""

import io
import zlib
from decimal import Decimal

import pytest

from controls.evidence import cpr
from controls.evidence.content import examine
from controls.evidence.words import Spot
from tests.evidence.builders import PDF, PNG, zipped

ONE = "070761-4285"


@pytest.mark.parametrize(
    "text",
    [ONE, "0707614285", "CPR-nr.070761-4285.", "(0707614285)", "070761–4285", "290200-1234", "311299-0000",
     "x0101011234y"],
)  # fmt: skip
def test_like(text: str) -> None:
    assert cpr.like(text)


@pytest.mark.parametrize(
    "text",
    ["", "320161-4285", "071361-4285", "000061-4285", "290201-1234", "07076142855", "10707614285", "070761-42855",
     "1.070761428", "0707614285,50", "12,0707614285", "070761 4285", "0707-614285", str(Decimal("123456789.12"))],
)  # fmt: skip
def test_not_like(text: str) -> None:
    assert not cpr.like(text)


def sheet(cells: str) -> bytes:
    """A worksheet with one row."""
    return f"<worksheet><sheetData><row>{cells}</row></sheetData></worksheet>".encode()


SHARED = '<c r="A1" t="s"><v>0</v></c><c r="B7" t="s"><v>1</v></c>'
PLAIN = '<c r="C3"><v>707614285</v></c><c r="C4"><v>1707614285</v></c>'
STREAM = zlib.compress(b"BT (Navn) Tj [(0707)-20(61\\055)5(4285)] TJ ET")
FILES = {
    "csv": (f"a;b\r\nc;{ONE}\r\n".encode("cp1252"), [(Spot.LINE, "2")]),
    "txt": (f"\n\n{ONE}".encode("utf-16"), [(Spot.LINE, "3")]),
    "eml": (
        b"Subject: Hej\nMIME-Version: 1.0\nContent-Type: text/plain; charset=utf-8\n"
        b"Content-Transfer-Encoding: base64\n\nMDcwNzYxLTQyODU=\n",
        [(Spot.FILE, "")],
    ),
    "docx": (
        zipped(("word/document.xml", b"<w:p><w:t>070761</w:t></w:p><w:p><w:t>0707</w:t><w:t>61-4285</w:t></w:p>")),
        [(Spot.FILE, "")],
    ),
    "pptx": (zipped(("ppt/slides/slide2.xml", f"<a:p><a:t>{ONE}</a:t></a:p>".encode())), [(Spot.SLIDE, "2")]),
    "xlsx": (
        zipped(
            ("xl/sharedStrings.xml", f"<sst><si><t>Navn</t></si><si><r><t>{ONE}</t></r></si></sst>".encode()),
            ("xl/worksheets/sheet1.xml", sheet(SHARED)),
            ("xl/worksheets/sheet2.xml", sheet(PLAIN)),
        ),
        [(Spot.CELL, "1!B7"), (Spot.CELL, "2!C4")],
    ),
    "pdf": (
        PDF.replace(b"trailer", b"4 0 obj<<>>stream\n" + STREAM + b"\nendstream endobj\ntrailer"), [(Spot.FILE, "")],
    ),
    "zip": (zipped(("a/liste.csv", ONE.encode()), ("b.bin", ONE.encode())), [(Spot.FILE, "a/liste.csv")]),
    "png": (PNG + ONE.encode(), []),
}  # fmt: skip


@pytest.mark.parametrize("ext", FILES)
def test_places(ext: str) -> None:
    data, expected = FILES[ext]
    assert cpr.places(data, ext) == expected


def test_many_places_are_cut_and_the_number_is_never_told() -> None:
    told = examine(io.BytesIO(f"{ONE}\n".encode() * 50), "txt")
    assert len(told["places"]) == cpr.MOST and "4285" not in str(told)
