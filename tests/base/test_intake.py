"""The one reader of tables: what it gives back, and each thing it refuses with the place named."""

import io
import json
import time
import zipfile
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest
from openpyxl import Workbook

from controls.base import intake
from controls.base.intake import Limits, cell_name, read
from controls.base.why import Refused

BAD_INPUTS = json.loads((Path(__file__).parents[1] / "data/bad-inputs.json").read_text("utf-8"))


def workbook(*rows: list[Any], sheet: str = "Ark1") -> bytes:
    book, out = Workbook(), io.BytesIO()
    assert book.active is not None
    book.active.title = sheet
    for row in rows:
        book.active.append(row)
    book.save(out)
    return out.getvalue()


def patched(data: bytes, parts: dict[str, str | bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            if name not in parts:
                new.writestr(name, old.read(name))
        for name, content in parts.items():
            new.writestr(name, content)
    return out.getvalue()


def refusal(data: bytes, filename: str = "data.xlsx", limits: Limits | None = None) -> tuple[str, int, str]:
    with pytest.raises(Refused) as refused:
        read(data, filename, limits=limits)
    (reason,) = refused.value.reasons
    return reason.code, reason.status, str(reason)


def cells(data: bytes, filename: str = "data.csv") -> list[list[intake.Cell]]:
    return [row.cells for row in read(data, filename).rows]


# --- What is read ---


@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
@pytest.mark.parametrize("sign", [",", ";"])
def test_csv_with_either_separator_mark_and_line_end(sign: str, mark: bytes, end: str) -> None:
    other = ";" if sign == "," else ","
    lines = [
        f'Nr{sign}"Navn{other} {other} {other}"{sign}Ejer',
        f'1.1{sign}"Løn{sign} rejser – og ""mere"""{sign}abc-d',
        "",
    ]
    assert cells(mark + end.join(lines).encode()) == [
        ["Nr", f"Navn{other} {other} {other}", "Ejer"],
        ["1.1", f'Løn{sign} rejser – og "mere"', "abc-d"],
    ]


def test_csv_rows_keep_their_number_and_are_equally_long() -> None:
    sheet = read(b"a;b\n\n1\n;;\n;2\n", "DATA.CSV")
    assert [(row.number, row.cells) for row in sheet.rows] == [(1, ["a", "b"]), (3, ["1", None]), (5, [None, "2"])]


def test_csv_line_breaks_within_quotes_are_one_row() -> None:
    assert cells('a,b\n"1\n2",æ\n'.encode()) == [["a", "b"], ["1\n2", "æ"]]


def test_danish_amounts_and_formula_like_text_stay_text() -> None:
    assert cells(b"Belob;Navn\n1.234.567,89;=1+1\n") == [["Belob", "Navn"], ["1.234.567,89", "=1+1"]]


def test_workbook_values_come_back_as_they_were() -> None:
    data = workbook(
        ["Nr", "Tal", "Dato", "Tid", "Ja", "Navn", None, "Fri"],
        [],
        [1, 2.5, date(2024, 2, 29), datetime(2024, 2, 29, 13, 5), True, " Løn, rejser – «x» ", None, "31-02-2024"],
    )
    sheet = read(data, "Processer.XLSX")
    assert sheet.name == "Ark1"
    assert [row.number for row in sheet.rows] == [1, 3]
    assert sheet.rows[1].cells == [
        1,
        2.5,
        date(2024, 2, 29),
        "2024-02-29 13:05:00",
        True,
        " Løn, rejser – «x» ",
        None,
        "31-02-2024",
    ]
    assert [type(cell) for cell in sheet.rows[1].cells[:5]] == [int, float, date, str, bool]
    assert sheet.rows[1].cell_name(5) == "F3"


def test_the_first_visible_sheet_is_read() -> None:
    book, out = Workbook(), io.BytesIO()
    assert book.active is not None
    book.active.sheet_state = "hidden"
    book.active["A1"] = "=1+1"
    book.create_sheet("Data")["B2"] = "x"
    book.save(out)
    sheet = read(out.getvalue(), "a.xlsx")
    assert (sheet.name, sheet.rows[0].number, sheet.rows[0].cells) == ("Data", 2, [None, "x"])


def test_a_clickable_address_is_only_text() -> None:
    book, out = Workbook(), io.BytesIO()
    assert book.active is not None
    book.active["A1"] = "mail"
    book.active["A1"].hyperlink = "mailto:a@example.dk"
    book.save(out)
    assert cells(out.getvalue(), "a.xlsx") == [["mail"]]


@pytest.mark.parametrize(("column", "name"), [(0, "A1"), (25, "Z1"), (26, "AA1"), (701, "ZZ1"), (702, "AAA1")])
def test_cell_names(column: int, name: str) -> None:
    assert cell_name(column, 1) == name


# --- What is refused ---


@pytest.mark.parametrize("filename", ["a.csv", "a.xlsx"])
@pytest.mark.parametrize("data", [b"", b"\xef\xbb\xbf", b" \r\n\n"])
def test_an_empty_file(data: bytes, filename: str) -> None:
    assert refusal(data, filename)[:2] == ("file_empty", 422)


def test_a_file_without_a_single_value() -> None:
    assert refusal(b";;\n;\n", "a.csv")[0] == "file_empty"
    assert refusal(workbook())[0] == "file_empty"


def test_too_large_and_wrong_type() -> None:
    assert refusal(b"abc", "a.csv", Limits(upload=2))[:2] == ("file_too_large", 413)
    assert refusal(b"abc", "a.txt")[:2] == ("file_type_not_allowed", 415)
    assert refusal(b"abc", "a.xlsm")[:2] == ("file_has_macros", 415)


def test_text_that_is_not_utf8_names_the_line() -> None:
    code, status, text = refusal("a;b\nc;d\nLøn;x\n".encode("latin-1"), "a.csv")
    assert (code, status) == ("file_corrupt", 422) and "3" in text
    assert refusal("a;b\n".encode("utf-16"), "a.csv")[0] == "file_corrupt"


@pytest.mark.parametrize(("data", "line"), [('a;b\nc;"d\n', "2"), ('a;b\nc;d\n"e"f;g\n', "3")])
def test_open_quotation_marks_name_the_line(data: str, line: str) -> None:
    code, _, text = refusal(data.encode(), "a.csv")
    assert code == "file_corrupt" and line in text


def test_unstorable_characters_name_the_cell() -> None:
    code, _, text = refusal(b"a;b\nc;d\x00\n", "a.csv")
    assert code == "field_bad_chars" and "B2" in text


@pytest.mark.parametrize("shape", [(20_002, 1), (1, 101)])
def test_too_many_rows_or_columns(shape: tuple[int, int]) -> None:
    rows, columns = shape
    assert refusal((",".join("x" * columns) + "\n").encode() * rows, "a.csv")[0] == "import_too_many_rows"
    assert refusal(workbook(*[["x"] * columns] * rows))[0] == "import_too_many_rows"


def test_the_heading_and_twenty_thousand_rows_are_in_order() -> None:
    assert len(read(b"x\n" * 20_001, "a.csv").rows) == 20_001
    sheet = read(workbook(*[[f"Navn {i}", i, date(2024, 1, 1)] for i in range(20_001)]), "a.xlsx")
    assert [row.cells[1] for row in sheet.rows] == list(range(20_001))


def test_a_csv_that_is_a_workbook_and_the_other_way_round() -> None:
    assert refusal(workbook(["a"]), "a.csv")[:2] == ("file_type_mismatch", 415)
    assert refusal(b"Proces;Ejer\n", "a.xlsx")[:2] == ("file_type_mismatch", 415)
    plain = io.BytesIO()
    with zipfile.ZipFile(plain, "w") as archive:
        archive.writestr("a.txt", "a")
    assert refusal(plain.getvalue())[0] == "file_type_mismatch"


def test_password_and_old_binary_workbooks() -> None:
    old = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600)
    assert refusal(old + "EncryptedPackage".encode("utf-16-le"))[:2] == ("file_encrypted", 422)
    assert refusal(old)[:2] == ("file_type_mismatch", 415)


def test_error_values_name_the_cell() -> None:
    code, _, text = refusal(workbook(["a"], ["b", "#N/A"]))
    assert code == "import_error_value" and "B2" in text


def test_formula_names_the_cell() -> None:
    code, _, text = refusal(workbook(["a"], ["b", "c", "=SUM(1,2)"]))
    assert code == "import_formula_not_allowed" and "C2" in text


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("xl/vbaProject.bin", "file_has_macros"),
        ("xl/macrosheets/sheet1.xml", "file_has_macros"),
        ("xl/externalLinks/externalLink1.xml", "import_external_link"),
        ("xl/connections.xml", "import_external_link"),
        ("xl/activeX/activeX1.xml", "file_active_content"),
        ("xl/embeddings/oleObject1.bin", "file_active_content"),
        ("../../etc/x.xml", "file_active_content"),
        ("/etc/x.xml", "file_active_content"),
        ("xl\\..\\..\\x.xml", "file_active_content"),
    ],
)
def test_dangerous_members(name: str, code: str) -> None:
    assert refusal(patched(workbook(["a"]), {name: "<x/>"}))[0] == code


def test_links_that_are_not_clickable_text() -> None:
    link = (
        '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="r1" '
        'Type="http://x/oleObject" Target="http://example.dk/a" TargetMode="External"/></Relationships>'
    )
    data = patched(workbook(["a"]), {"xl/worksheets/_rels/sheet1.xml.rels": link})
    assert refusal(data)[0] == "import_external_link"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_a_dtd_anywhere_and_in_any_encoding(encoding: str) -> None:
    bomb = f'<?xml version="1.0" encoding="{encoding}"?><!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>'.encode(encoding)
    assert refusal(patched(workbook(["a"]), {"docProps/app.xml": bomb}))[0] == "xml_entities_refused"


def test_archives_that_swell() -> None:
    swollen = patched(workbook(["a"]), {"xl/media/a.bin": bytes(20_000_000)})
    assert refusal(swollen)[:2] == ("archive_expands_too_much", 422)
    many = patched(workbook(["a"]), {f"x/{i}.xml": "<x/>" for i in range(2_001)})
    assert refusal(many)[0] == "archive_expands_too_much"


def test_a_workbook_that_takes_too_long_or_too_much_is_stopped() -> None:
    data = workbook(*[["x" * 50] * 20] * 20_000)
    started = time.monotonic()
    code, _, text = refusal(data, limits=Limits(seconds=1))
    assert code == "archive_expands_too_much" and "1 s" in text
    assert time.monotonic() - started < 3
    assert refusal(data, limits=Limits(memory=64 * 1024 * 1024))[0] == "archive_expands_too_much"


# --- The shared list of bad inputs ---


def build(file: dict[str, Any]) -> bytes:
    if "text" in file:
        return str(file["text"]).encode()
    if file["gen"] == "xlsx_truncated":
        whole = workbook(["Proces", "Ejer"], ["Løn", "abc"])
        return whole[: int(len(whole) * file["keep"])]
    if file["gen"] == "ole_encrypted_package":
        return b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600) + "EncryptedPackage".encode("utf-16-le")
    if file["gen"] == "xlsm_with_vba":
        return patched(workbook(["a"]), {"xl/vbaProject.bin": b"x"})
    return patched(workbook(*file.get("rows", [["Proces"]])), {**file.get("patch", {}), **file.get("add", {})})


LATER = ("import_missing_column", "import_row_errors")  # what the columns mean is for the importer
HERE = [
    case
    for case in BAD_INPUTS["inputs"]
    if (case["area"] == "import" and case["expect"]["code"] not in LATER)
    or case["id"] in ("BI-S007", "BI-S008", "BI-S012")
]


@pytest.mark.parametrize("case", HERE, ids=[case["id"] for case in HERE])
def test_bad_input(case: dict[str, Any]) -> None:
    file = case["input"]["file"]
    started = time.monotonic()
    code, status, text = refusal(build(file), file["name"])
    assert (code, status) == (case["expect"]["code"], case["expect"]["status"])
    assert "hostname" not in text and time.monotonic() - started < 3


def test_codes_sentences_and_status_are_the_agreed_ones() -> None:
    own = {"import_error_value", "field_bad_chars"}
    for why in set(intake.FROM_CHILD.values()) | {intake.EMPTY, intake.TOO_LARGE, intake.TYPE_NOT_ALLOWED}:
        if why.code not in own:
            agreed = BAD_INPUTS["messages"][why.code]
            assert (why.text, why.status) == (agreed["en"], agreed["status"])
