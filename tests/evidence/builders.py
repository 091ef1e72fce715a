"""Files for tests: the smallest good ones, and the bad ones of the list of bad inputs."""

import io
import zipfile

PDF = (
    b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Kids[]/Count 0>>endobj\n"
    b"trailer<</Root 1 0 R>>\n%%EOF\n"
)
PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010804000000b51c0c020000000b4944415478da6364f80f00010501012718e366"
    "0000000049454e44ae426082"
)
GIF = bytes.fromhex("47494638396101000100800000ffffff00000021f90401000000002c00000000010001000002024401003b")
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
WORKBOOK = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"


def zipped(*files: tuple[str, bytes]) -> bytes:
    """A zip with these files."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files:
            archive.writestr(name, data)
    return out.getvalue()


def workbook(*more: tuple[str, bytes]) -> bytes:
    """An xlsx by its parts."""
    return zipped(("[Content_Types].xml", WORKBOOK.encode()), ("xl/workbook.xml", b"<workbook/>"), *more)


def padded(size: int) -> bytes:
    """A PDF of exactly this many bytes."""
    return PDF[:9] + b"%" * (size - len(PDF)) + PDF[9:]


def made(gen: str, spec: dict[str, object], limit: int) -> bytes:
    """What a generator of the list makes."""
    if gen == "pdf_padded":
        return padded(limit + 1)
    if gen == "zip_zeros":
        return zipped(("zeros.bin", b"\0" * (32 * 1024 * 1024)))
    return {
        "pdf_min": PDF,
        "xlsm_with_vba": workbook(("xl/vbaProject.bin", b"vba")),
        "pdf_openaction_js": PDF.replace(b"/Pages 2 0 R", b"/Pages 2 0 R/OpenAction<</S/JavaScript/JS(app.alert(1))>>"),
        "pdf_then_zip": PDF + zipped(("a.txt", b"a")),
        "ole_encrypted_package": OLE + b"\0" * 504 + "EncryptedPackage".encode("utf-16-le") + b"\0" * 64,
    }[gen]
