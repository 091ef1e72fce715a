"""Numbers that look like CPR numbers: six digits that are a date and four more, in the text of a file.

The modulus-11 check is not asked for: since 2007 numbers are given out that do not keep it (CPR-kontoret). Where a
number stands is told, the number itself never.
"""

import html
import re
import zlib
from collections.abc import Iterator
from datetime import date
from email import message_from_bytes, policy
from email.message import EmailMessage
from io import BytesIO
from pathlib import PurePosixPath
from zipfile import ZipFile, ZipInfo

from controls.evidence.words import Spot

MOST = 20
"""How many places are told."""
TEXT_LIMIT = 50 * 1024 * 1024
LIKE = re.compile(r"(?<!\d)(?<!\d[.,])(\d\d)(\d\d)(\d\d)[-\u2010\u2011\u2013]?\d{4}(?!\d)(?![.,]\d)")
TAG = re.compile(r"<[^>]*>")
CELL = re.compile(r"<c\b([^>]*)>(.*?)</c>", re.S)
SHARED = re.compile(r"<si\b[^>]*>(.*?)</si>", re.S)
STREAM = re.compile(rb"stream\r?\n")
SHOWN = re.compile(rb"\[((?:[^\]\\]|\\.)*)\]\s*TJ|(\((?:[^()\\]|\\.)*\))\s*(?:Tj|'|\")", re.S)
ESCAPE = re.compile(rb"\\([0-7]{1,3}|.)", re.S)
STRING = re.compile(rb"\(((?:[^()\\]|\\.)*)\)", re.S)
Found = tuple[Spot, str]


def like(text: str) -> bool:
    """Whether a text holds a number whose first six digits are a day of some century."""
    return any(_day(int(one[1]), int(one[2]), int(one[3])) for one in LIKE.finditer(text))


def _day(day: int, month: int, year: int) -> bool:
    try:
        date(2000 + year, month, day)
    except ValueError:
        return False
    return True


def places(data: bytes, ext: str) -> list[Found]:
    """Where such numbers stand in a file, the first twenty places."""
    found: list[Found] = []
    for place, where, text in _texts(data, ext):
        if (place, where) not in found and like(text):
            found.append((place, where))
            if len(found) == MOST:
                break
    return found


def _texts(data: bytes, ext: str) -> Iterator[tuple[Spot, str, str]]:
    """The texts of a file, each with its place."""
    if ext in ("csv", "txt"):
        yield from _lines(decoded(data))
    elif ext == "eml":
        yield from ((Spot.FILE, "", text) for text in _mail(data))
    elif ext == "pdf":
        yield from ((Spot.FILE, "", text) for text in _pdf(data))
    elif ext in ("xlsx", "docx", "pptx", "zip"):
        with ZipFile(BytesIO(data)) as archive:
            yield from {"xlsx": _workbook, "pptx": _slides, "docx": _document, "zip": _inside}[ext](archive)


def decoded(data: bytes) -> str:
    """Text in UTF-8, in UTF-16 with its mark, or in Windows-1252."""
    coding = "utf-16" if data[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"
    try:
        return data.decode(coding)
    except UnicodeDecodeError:
        return data.decode("cp1252", "replace")


def _lines(text: str) -> Iterator[tuple[Spot, str, str]]:
    for number, line in enumerate(text.splitlines(), 1):
        yield Spot.LINE, str(number), line


def _mail(data: bytes) -> Iterator[str]:
    message = message_from_bytes(data, EmailMessage, policy=policy.default)
    yield str(message.get("Subject", ""))
    for part in message.walk():
        if part.get_content_maintype() == "text":
            payload = part.get_payload(decode=True)
            yield TAG.sub(" ", html.unescape(decoded(payload if isinstance(payload, bytes) else b"")))


def _part(archive: ZipFile, member: ZipInfo | str) -> str:
    with archive.open(member) as file:
        return file.read(TEXT_LIMIT).decode("utf-8", "replace")


def _plain(xml: str) -> str:
    """The text of one paragraph or cell: its runs joined, since Word cuts a number where it was typed."""
    return html.unescape(TAG.sub("", xml))


def _named(archive: ZipFile, pattern: str) -> Iterator[tuple[str, str]]:
    """Parts whose name fits, with the number in it, in the order of that number."""
    found = [(int(match[1] or 0), name) for name in archive.namelist() if (match := re.fullmatch(pattern, name))]
    yield from ((str(number or ""), _part(archive, name)) for number, name in sorted(found))


def _workbook(archive: ZipFile) -> Iterator[tuple[Spot, str, str]]:
    """Cells by their name; texts that several cells share stand apart in a workbook."""
    parts = dict(_named(archive, r"xl/sharedStrings(\d*)\.xml"))
    shared = {str(i) for i, xml in enumerate(SHARED.findall(parts.get("", ""))) if like(_plain(xml))}
    for sheet, xml in _named(archive, r"xl/worksheets/sheet(\d+)\.xml"):
        for attributes, inner in CELL.findall(xml):
            text = _plain(inner)
            name = re.search(r'\br="([A-Z]+\d+)"', attributes)
            where = f"{sheet}!{name[1]}" if name else sheet
            if 't="s"' not in attributes:
                yield Spot.CELL, where, text
            elif text in shared:
                yield Spot.CELL, where, "010101-0101"
    for _number, xml in _named(archive, r"xl/comments(\d*)\.xml"):
        yield Spot.FILE, "", _plain(xml)


def _slides(archive: ZipFile) -> Iterator[tuple[Spot, str, str]]:
    for number, xml in _named(archive, r"ppt/(?:slides/slide|notesSlides/notesSlide)(\d+)\.xml"):
        yield from ((Spot.SLIDE, number, _plain(part)) for part in xml.split("</a:p>"))


def _document(archive: ZipFile) -> Iterator[tuple[Spot, str, str]]:
    for _number, xml in _named(archive, r"word/(?:document|header|footer|footnotes|endnotes|comments)(\d*)\.xml"):
        yield from ((Spot.FILE, "", _plain(part)) for part in xml.split("</w:p>"))


def _inside(archive: ZipFile) -> Iterator[tuple[Spot, str, str]]:
    """Text files in a zip, by their names; archives in archives are not opened."""
    for member in archive.infolist():
        ext = PurePosixPath(member.filename).suffix.lstrip(".").lower()
        if ext in ("csv", "txt", "eml"):
            with archive.open(member) as file:
                data = file.read(TEXT_LIMIT)
            yield from ((Spot.FILE, member.filename, text) for _place, _where, text in _texts(data, ext))


def _pdf(data: bytes) -> Iterator[str]:
    """What a PDF's pages show as plain strings; fonts with codes of their own cannot be read so."""
    left = TEXT_LIMIT
    for match in STREAM.finditer(data):
        try:
            content = zlib.decompressobj().decompress(data[match.end() :], left)
        except zlib.error:
            content = data[match.end() : data.find(b"endstream", match.end())]
        left = max(left - len(content), 1)
        for array, one in SHOWN.findall(content):
            yield ESCAPE.sub(_escaped, b"".join(STRING.findall(array or one))).decode("latin-1")


def _escaped(match: re.Match[bytes]) -> bytes:
    """What stands behind a backslash in a PDF's string: an octal code, or the character itself."""
    return bytes([int(match[1], 8) & 255]) if match[1].isdigit() else match[1]
