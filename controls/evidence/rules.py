"""Which files may be evidence, what they must be called, and why a file is refused."""

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import PurePosixPath

from controls.base.why import FIELD_REQUIRED, N_, Reason, Why
from controls.evidence.cpr import like
from controls.evidence.words import PERSONAL, DataClass, Spot

EMPTY = Why("file_empty", N_("The file is empty."))
TOO_LARGE = Why("file_too_large", N_("The file is too large. The limit is {limit}."), 413)
NOT_ALLOWED = Why("file_type_not_allowed", N_("This file type is not allowed. Allowed types: {types}."), 415)
MISMATCH = Why("file_type_mismatch", N_("The file's content does not match its extension {ext}."), 415)
MACROS = Why("file_has_macros", N_("The file contains macros. Save it without macros and try again."), 415)
ACTIVE = Why("file_active_content", N_("The file contains active content ({what}) and was refused."), 415)
ENCRYPTED = Why("file_encrypted", N_("The file is password protected and cannot be checked."))
CORRUPT = Why("file_corrupt", N_("The file cannot be read. It is damaged or incomplete."))
EXPANDS = Why("archive_expands_too_much", N_("The file is too large when unpacked ({limit})."))
BAD_NAME = Why("filename_invalid", N_("The file name is not valid and was refused."))
DATE_ORDER = Why("date_order", N_("The end date is before the start date."))
CHANGED_ON_DISK = Why(
    "file_changed",
    N_("The file “{name}” is no longer what was stored on {day}: its checksum does not match. It is not handed out."),
    409,
)

STORED_DAMAGED = Why(
    "file_changed",
    N_("A file with this content is stored already, but it is damaged. Tell the administrator; nothing was changed."),
    409,
)
MALWARE = Why("malware_found", N_("The file was refused by the virus scanner."))
SCANNER_DOWN = Why(
    "scanner_down", N_("The virus scanner does not answer, and files are only received scanned. Try again later."), 503
)
STORE_DOWN = Why("store_down", N_("The evidence store does not answer. Try again later; nothing was changed."), 503)
CPR = Why(
    "cpr_found",
    N_("There seem to be CPR numbers in the file ({kind} {where}). Replace the file, or confirm and choose a data "
       "class for personal data."),
)  # fmt: skip
CPR_TYPED = Why(
    "cpr_found",
    N_(
        "There seems to be a CPR number in what you have written. Write it without, or confirm and choose a data class "
        "for personal data."
    ),
)
FROM_CHILD = {why.code: why for why in (MISMATCH, MACROS, ACTIVE, ENCRYPTED, CORRUPT, EXPANDS)}

NAME_LIMIT, SHOWS_LIMIT = 200, 2000
UNPACKED_LIMIT, ENTRY_LIMIT, RATIO_LIMIT = 200 * 1024 * 1024, 2_000, 100
SHOWS_LABEL = N_("What does the file show?")
REFERENCE_LABEL = N_("Case number or other reference")
TYPES = {
    "pdf": "application/pdf",
    "png": "image/png",
    "jpg": "image/jpeg",
    "jpeg": "image/jpeg",
    "gif": "image/gif",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "pptx": "application/vnd.openxmlformats-officedocument.presentationml.presentation",
    "csv": "text/csv",
    "txt": "text/plain",
    "eml": "message/rfc822",
    "msg": "application/vnd.ms-outlook",
    "zip": "application/zip",
}
SHOWN_TYPES = "pdf, png, jpg, gif, xlsx, docx, pptx, csv, txt, eml, msg, zip"
ACCEPT = ",".join(f".{extension}" for extension in TYPES)
WITH_MACROS = frozenset({"xlsm", "xltm", "xlam", "docm", "dotm", "pptm", "potm", "ppsm", "xlsb"})
PROGRAMS = frozenset(
    {"exe", "dll", "com", "scr", "msi", "bat", "cmd", "ps1", "vbs", "js", "jse", "wsf", "hta", "jar", "lnk", "html",
     "htm", "svg", "iso", "vhd"}
)  # fmt: skip


@dataclass(frozen=True)
class Entry:
    """One file in a zip's directory."""

    name: str
    size: int
    packed: int
    encrypted: bool


def megabytes(size: int) -> str:
    """A limit as a reader writes it."""
    return f"{size // (1024 * 1024)} MB"


def readable(size: int) -> tuple[float, str]:
    """A size in the unit a reader knows: bytes up to 1 KB, then KB, then MB with one decimal."""
    if size < 1024:
        return size, "B"
    return (-(-size // 1024), "KB") if size < 1024 * 1024 else (round(size / (1024 * 1024), 1), "MB")


def extension(name: str) -> str:
    """What stands after the last dot, in lower case."""
    return PurePosixPath(name).suffix.lstrip(".").lower()


def clean_name(name: str) -> str:
    """The base name, at most 200 characters with the extension kept; "" when the name is not valid."""
    if any(_unsafe(character) for character in name):
        return ""
    base = unicodedata.normalize("NFC", name.replace("\\", "/").rsplit("/", 1)[-1].strip())
    if not base.strip(". "):
        return ""
    if len(base) <= NAME_LIMIT:
        return base
    suffix = PurePosixPath(base).suffix[-20:]
    return base[: NAME_LIMIT - len(suffix)] + suffix


def _unsafe(character: str) -> bool:
    """Control, direction and surrogate characters can make a name look like another."""
    return unicodedata.category(character) in ("Cc", "Cf", "Cs", "Co", "Zl", "Zp") or character in "\ufffe\uffff"


def why_not_name(name: str) -> list[Reason]:
    """The name must be one that can be shown as it is, and its extension one of those allowed."""
    cleaned = clean_name(name)
    if not cleaned:
        return [BAD_NAME("file")]
    found = extension(cleaned)
    if found in WITH_MACROS:
        return [MACROS("file")]
    return [] if found in TYPES else [NOT_ALLOWED("file", types=SHOWN_TYPES)]


def why_not_tell(shows: str, covers_from: date | None, covers_to: date | None) -> list[Reason]:
    """Every file says in a line what it shows; its period does not end before it begins."""
    reasons = [] if shows.strip() else [FIELD_REQUIRED("shows", label=SHOWS_LABEL)]
    if covers_from and covers_to and covers_to < covers_from:
        reasons.append(DATE_ORDER("covers_to"))
    return reasons


def why_not_personal(
    found: Sequence[tuple[Spot, str]], typed: str, data_class: DataClass, confirmed: bool
) -> list[Reason]:
    """CPR-like numbers are only kept when the uploader says that they are meant to be there.

    Databeskyttelsesloven § 11 binds the use of CPR numbers; the file may still be the proof itself.
    """
    if confirmed and data_class in PERSONAL:
        return []
    reasons = [CPR_TYPED("cpr_confirmed")] if like(typed) else []
    if found:
        kind, _where = found[0]
        where = [w for k, w in found if k is kind and w]
        reasons.append(CPR("cpr_confirmed", kind=kind, where=", ".join(where[:5]) + (" …" if len(where) > 5 else "")))
    return reasons


def why_not_size(size: int, limit: int) -> list[Reason]:
    """A file has at least one byte and at most the limit."""
    if size == 0:
        return [EMPTY("file")]
    return [TOO_LARGE("file", limit=megabytes(limit))] if size > limit else []


def why_not_unpack(entries: list[Entry]) -> list[Reason]:
    """What a zip holds must be readable, without programs and macros, and of a size that can be checked."""
    if any(entry.encrypted for entry in entries):
        return [ENCRYPTED("file")]
    unpacked, packed = sum(entry.size for entry in entries), sum(entry.packed for entry in entries)
    bomb = unpacked > 1024 * 1024 and unpacked > RATIO_LIMIT * max(packed, 1)
    if unpacked > UNPACKED_LIMIT or len(entries) > ENTRY_LIMIT or bomb:
        return [EXPANDS("file", limit=megabytes(UNPACKED_LIMIT))]
    names = [entry.name.lower() for entry in entries]
    if any(name.endswith("vbaproject.bin") or extension(name) in WITH_MACROS for name in names):
        return [MACROS("file")]
    program = next((entry.name for entry in entries if extension(entry.name) in PROGRAMS), None)
    if program is not None:
        return [ACTIVE("file", what=clean_name(program) or "zip")]
    return [ACTIVE("file", what="ActiveX")] if any("/activex/" in name for name in names) else []


def office_kind(names: list[str]) -> str:
    """The extension an Office package has by what lies in it; "" for a plain zip."""
    if "[Content_Types].xml" not in names:
        return ""
    main = {"xl/workbook.xml": "xlsx", "word/document.xml": "docx", "ppt/presentation.xml": "pptx"}
    return next((kind for name, kind in main.items() if name in names), "")
