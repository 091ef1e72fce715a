"""What a file really is: its bytes read as its extension says they should be, with a reason when they are not."""

import re
import struct
import zipfile
import zlib
from io import BytesIO
from typing import IO, Any

from controls.base.why import Reason
from controls.evidence.cpr import places
from controls.evidence.rules import (
    ACTIVE,
    CORRUPT,
    ENCRYPTED,
    EXPANDS,
    MACROS,
    MISMATCH,
    UNPACKED_LIMIT,
    Entry,
    megabytes,
    office_kind,
    why_not_unpack,
)  # fmt: skip

CHUNK = 64 * 1024
UNREADABLE = (
    zipfile.BadZipFile, zlib.error, EOFError, struct.error, RuntimeError, ValueError, OSError,
)  # fmt: skip
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
PDF_ACTIVE = re.compile(rb"/(JavaScript|JS|Launch|RichMedia)\b")
PDF_ENCRYPTED = re.compile(rb"/Encrypt\s*(\d+\s+\d+\s+R|<<)")
NAME_ESCAPE = re.compile(rb"#([0-9A-Fa-f]{2})")
MARKUP = re.compile(rb"^\s*(<!doctype html|<html|<head|<body|<script|<svg|<iframe|<\?xml[^>]*>\s*<svg)", re.I)
MAIL_HEADER = re.compile(rb"^[A-Za-z][A-Za-z0-9-]*:|^From ")


def examine(file: IO[bytes], ext: str) -> dict[str, Any]:
    """What the child process tells of a file: reasons by their code, and where CPR-like numbers stand."""
    data = file.read()
    reasons = why_not_read(data, ext)
    found = [] if reasons else places(data, ext)
    told = [[reason.code, dict(reason.params)] for reason in reasons]
    return {"reasons": told, "places": [[place.value, where] for place, where in found]}


def why_not_read(data: bytes, ext: str) -> list[Reason]:
    """Reasons when the bytes are not what the extension says, or hold what may not be kept."""
    checks = {"pdf": _pdf, "png": _png, "jpg": _jpg, "jpeg": _jpg, "gif": _gif, "msg": _msg}
    if ext in ("xlsx", "docx", "pptx", "zip"):
        return _zip(data, ext)
    if ext in ("csv", "txt", "eml"):
        return _text(data, ext)
    return checks[ext](data, ext)


def _mismatch(ext: str) -> list[Reason]:
    return [MISMATCH("file", ext=f".{ext}")]


def _pdf(data: bytes, ext: str) -> list[Reason]:
    if not data.startswith(b"%PDF-"):
        return _mismatch(ext)
    end = data.rfind(b"%%EOF")
    if end < 0:
        return [CORRUPT("file")]
    if data[end + 5 :].strip(b"\r\n\t \0"):
        return _mismatch(ext)
    if PDF_ENCRYPTED.search(data):
        return [ENCRYPTED("file")]
    for part in (data, *_object_streams(data)):
        found = PDF_ACTIVE.search(NAME_ESCAPE.sub(lambda match: bytes([int(match[1], 16)]), part))
        if found:
            return [ACTIVE("file", what=found[1].decode())]
    return []


def _object_streams(data: bytes) -> list[bytes]:
    """Objects that a PDF keeps compressed, where an action could hide; at most the unpacked limit in all."""
    parts, left = [], UNPACKED_LIMIT
    for found in re.finditer(rb"/ObjStm\b", data):
        start = data.find(b"stream", found.end(), found.end() + 2000)
        if start < 0 or left <= 0:
            continue
        start += 8 if data[start + 6 : start + 8] == b"\r\n" else 7
        try:
            part = zlib.decompressobj().decompress(data[start:], left)
        except zlib.error:
            continue
        left -= len(part)
        parts.append(part)
    return parts


def _png(data: bytes, ext: str) -> list[Reason]:
    if not data.startswith(b"\x89PNG\r\n\x1a\n"):
        return _mismatch(ext)
    return [] if data.endswith(b"IEND\xaeB`\x82") else [CORRUPT("file")]


def _jpg(data: bytes, ext: str) -> list[Reason]:
    if not data.startswith(b"\xff\xd8\xff"):
        return _mismatch(ext)
    return [] if b"\xff\xd9" in data[-(64 * 1024) :] else [CORRUPT("file")]


def _gif(data: bytes, ext: str) -> list[Reason]:
    """The blocks of a GIF must lead to its end, with nothing behind (a script can be hung on a GIF's head)."""
    if data[:6] not in (b"GIF87a", b"GIF89a") or len(data) < 14:
        return _mismatch(ext)
    at = 13 + (3 << ((data[10] & 7) + 1) if data[10] & 0x80 else 0)
    seen_picture = False
    try:
        while data[at] != 0x3B:
            if data[at] == 0x2C:
                seen_picture, packed = True, data[at + 9]
                at += 11 + (3 << ((packed & 7) + 1) if packed & 0x80 else 0)
            elif data[at] == 0x21:
                at += 2
            else:
                return _mismatch(ext)
            while data[at]:
                at += data[at] + 1
            at += 1
    except IndexError:
        return [CORRUPT("file")]
    return [] if seen_picture and not data[at + 1 :].strip(b"\0") else _mismatch(ext)


def _msg(data: bytes, ext: str) -> list[Reason]:
    known = data.startswith(OLE) and "__substg1.0_".encode("utf-16-le") in data
    return [] if known else _mismatch(ext)


def _text(data: bytes, ext: str) -> list[Reason]:
    """Text must decode (UTF-8, UTF-16 with its mark, or Windows-1252) and be no web page."""
    text = _decoded(data)
    if text is None or any(ord(c) < 32 and c not in "\t\n\r\f" for c in text):
        return _mismatch(ext)
    body = text.lstrip("\ufeff").encode("utf-8", "replace")
    if MARKUP.match(body) or (ext == "eml" and not MAIL_HEADER.match(body)):
        return _mismatch(ext)
    return []


def _decoded(data: bytes) -> str | None:
    coding = "utf-16" if data[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8"
    for name in (coding, "cp1252"):
        try:
            return data.decode(name)
        except UnicodeDecodeError:
            continue
    return None


def _zip(data: bytes, ext: str) -> list[Reason]:
    if data.startswith(OLE):
        locked = "EncryptedPackage".encode("utf-16-le") in data
        return [ENCRYPTED("file")] if locked else _mismatch(ext)
    if not data.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return _mismatch(ext)
    try:
        with zipfile.ZipFile(BytesIO(data)) as archive:
            infos = archive.infolist()
            entries = [Entry(i.filename, i.file_size, i.compress_size, bool(i.flag_bits & 1)) for i in infos]
            reasons = why_not_unpack(entries)
            if reasons:
                return reasons
            names = [entry.name for entry in entries]
            kind = office_kind(names)
            if ext != (kind or "zip") and not (ext == "zip" and kind):
                return _mismatch(ext)
            return _unpack(archive, infos)
    except UNREADABLE:
        return [CORRUPT("file")]


def _unpack(archive: zipfile.ZipFile, infos: list[zipfile.ZipInfo]) -> list[Reason]:
    """Read every file to its end: sizes in the directory may lie, and checksums must hold."""
    read = 0
    for info in infos:
        with archive.open(info) as file:
            start = b""
            while chunk := file.read(CHUNK):
                start = start or chunk
                read += len(chunk)
                if read > UNPACKED_LIMIT:
                    return [EXPANDS("file", limit=megabytes(UNPACKED_LIMIT))]
            if start.startswith(b"MZ"):
                return [ACTIVE("file", what="MZ")]
            if info.filename == "[Content_Types].xml" and b"macroenabled" in start.lower():
                return [MACROS("file")]
    return []
