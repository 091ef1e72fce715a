"""Names, types and contents of evidence, without a database."""

import json
import zlib
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from controls.evidence import rules
from controls.evidence.content import why_not_read
from tests.evidence.builders import GIF, OLE, PDF, PNG, made, workbook, zipped

LIMIT = 1024 * 1024
CASES = [case for case in json.loads((Path(__file__).parents[1] / "data/bad-inputs.json").read_text())["inputs"]
         if case["id"].startswith("BI-S") and "file" in case["input"]]  # fmt: skip
HERE = {f"BI-S{number:03d}" for number in range(1, 20)}


def _content(spec: dict[str, Any]) -> bytes:
    if "hex" in spec:
        return bytes.fromhex(spec["hex"])
    return spec["text"].encode() if "text" in spec else made(spec["gen"], spec, LIMIT)


def refused(name: str, data: bytes) -> list[str]:
    """Codes for which a file is refused, in the order the action asks."""
    reasons = rules.why_not_name(name) or rules.why_not_size(len(data), LIMIT)
    return [reason.code for reason in reasons or why_not_read(data, rules.extension(rules.clean_name(name)))]


@pytest.mark.parametrize("case", [one for one in CASES if one["id"] in HERE], ids=lambda one: one["id"])
def test_bad_inputs(case: dict[str, Any]) -> None:
    spec = case["input"]["file"]
    expected = case["expect"]["code"]
    assert refused(spec["name"], _content(spec)) == ([] if expected == "stored_as_text" else [expected])


@pytest.mark.parametrize(
    ("name", "data"),
    [("a.pdf", PDF), ("a.PNG", PNG), ("a.gif", GIF), ("a.jpg", b"\xff\xd8\xff\xe0data\xff\xd9"), ("a.xlsx", workbook()),
     ("a.zip", zipped(("bilag.txt", b"tekst"))), ("a.csv", "bilag;beløb\n1;2\n".encode("cp1252")),
     ("a.txt", "Æblegrød".encode()), ("a.txt", "Æblegrød".encode("utf-16")), ("a.eml", b"From: a@b.dk\r\n\r\nHej"),
     ("a.msg", OLE + "__substg1.0_".encode("utf-16-le")),
     ("a.docx", zipped(("[Content_Types].xml", b"x"), ("word/document.xml", b"<w/>")))],
)  # fmt: skip
def test_good_files(name: str, data: bytes) -> None:
    assert refused(name, data) == []


@pytest.mark.parametrize(
    ("name", "data", "code"),
    [
        ("a.exe", b"MZ", "file_type_not_allowed"),
        ("a.png", PNG[:-4], "file_corrupt"),
        ("a.pdf", PDF.replace(b"%%EOF", b""), "file_corrupt"),
        ("a.pdf", PDF.replace(b"<</Root", b"<</Encrypt 5 0 R/Root"), "file_encrypted"),
        ("a.pdf", PDF.replace(b"/Pages 2", b"/AA<</S/J#61vaScript>>/Pages 2"), "file_active_content"),
        ("a.pdf", PDF.replace(b"trailer", b"9 0 obj<</Type/ObjStm>>stream\n" + zlib.compress(b"<</S/JavaScript>>")
                              + b"\nendstream endobj\ntrailer"), "file_active_content"),
        ("a.docx", workbook(), "file_type_mismatch"),
        ("a.xlsx", zipped(("a.txt", b"a")), "file_type_mismatch"),
        ("a.xlsx", b"PK\x03\x04 broken", "file_corrupt"),
        ("a.zip", zipped(("setup.exe", b"MZ")), "file_active_content"),
        ("a.zip", zipped(("bilag.dat", b"MZ\x90")), "file_active_content"),
        ("a.zip", zipped(("ark.xlsm", b"x")), "file_has_macros"),
        ("a.zip", zipped(*((f"{n}.txt", b"") for n in range(2001))), "archive_expands_too_much"),
        ("a.txt", b"\x00\x01", "file_type_mismatch"),
        ("a.txt", b" <!DOCTYPE html><p>", "file_type_mismatch"),
        ("a.eml", b"ingen hoveder", "file_type_mismatch"),
        ("a.msg", OLE, "file_type_mismatch"),
        ("a", b"x", "file_type_not_allowed"),
        ("..", b"x", "filename_invalid"),
    ],
)  # fmt: skip
def test_refused_files(name: str, data: bytes, code: str) -> None:
    assert refused(name, data) == [code]


def test_names() -> None:
    assert rules.clean_name("../../etc/cron.d/x.pdf") == "x.pdf"
    assert rules.clean_name("C:\\Windows\\a.pdf") == "a.pdf"
    long = rules.clean_name("a" * 300 + ".pdf")
    assert len(long) == 200 and long.endswith(".pdf")
    assert rules.clean_name("a\u202egnp.exe") == "" and rules.clean_name("a\r\nb.pdf") == ""


def test_every_file_says_what_it_shows() -> None:
    codes = [why.code for why in rules.why_not_tell(" ", date(2026, 2, 1), date(2026, 1, 1))]
    assert codes == ["field_required", "date_order"]
