"""Writes of evidence: add a file, hand it out, tell when one was changed behind our back."""

from datetime import date
from io import BytesIO
from typing import IO

import filetype

from controls.base import audit, files, settings
from controls.base.by import By
from controls.base.db import db, load
from controls.base.why import FORBIDDEN, N_, NOT_FOUND, Reason, Refused, refuse_if
from controls.evidence import queries, rules
from controls.evidence.content import why_not_read
from controls.evidence.tables import Evidence
from controls.identity.permissions import Permission

ADDED = audit.declare("evidence.added", N_("Evidence added"), "sha256")
ADDED_AGAIN = audit.declare("evidence.added_again", N_("The same evidence sent again"), "sha256")
READ = audit.declare("evidence.read", N_("Evidence read"), "sha256")
CHANGED = audit.declare("evidence.changed_on_disk", N_("Evidence found changed on disk"), "sha256")


def add(
    by: By, organisation_id: int, subject_type: str, subject_id: int, filename: str, stream: IO[bytes], shows: str,
    covers_from: date | None = None, covers_to: date | None = None,
) -> Evidence:  # fmt: skip
    """Store a file and tie it to what it proves; the same content on the same subject is not stored twice."""
    _must_add(by, organisation_id, subject_type, subject_id)
    refuse_if(rules.why_not_name(filename) + rules.why_not_tell(shows, covers_from, covers_to))
    name = rules.clean_name(filename)
    data = _accepted(name, stream)
    sha256, size = files.store(settings.current().evidence, BytesIO(data), settings.current().upload_limit)
    known = queries.twin(subject_type, subject_id, sha256)
    if known is not None:
        audit.record(by, ADDED_AGAIN, known, sha256=sha256)
        return known
    row = Evidence(
        organisation_id=organisation_id, subject_type=subject_type, subject_id=subject_id, sha256=sha256, filename=name,
        media_type=rules.TYPES[rules.extension(name)], size=size, shows=shows.strip(), covers_from=covers_from,
        covers_to=covers_to, uploaded_by_id=by.person_id, uploaded_at=by.at,
    )  # fmt: skip
    db.session.add(row)
    audit.record(by, ADDED, row, sha256=sha256)
    return row


def _must_add(by: By, organisation_id: int, subject_type: str, subject_id: int) -> None:
    """Parties of the subject may add evidence; the forum's secretary to meetings."""
    party = queries.party(subject_type, subject_id)
    if party is None or party[0] != organisation_id:
        raise Refused([NOT_FOUND()])
    own = by.own_id in party[1]
    by.must(Permission.EVIDENCE_ADD, organisation_id, own=own, places=queries.places(subject_type, subject_id))
    if by.person_id is None or not (own or subject_type.startswith("forum_")):
        raise Refused([FORBIDDEN()])


def _accepted(name: str, stream: IO[bytes]) -> bytes:
    """The bytes of a file that may be kept; never read past the limit."""
    limit, ext = settings.current().upload_limit, rules.extension(name)
    data = stream.read(limit + 1)
    refuse_if(rules.why_not_size(len(data), limit))
    refuse_if(why_not_read(data, ext) or _why_not_guess(data, ext))
    return data


def _why_not_guess(data: bytes, ext: str) -> list[Reason]:
    """What the first bytes look like must not be another kind than the extension says."""
    found = filetype.guess_extension(data[:8192])
    fits = {"jpeg": {"jpg"}, "zip": {"zip", "docx", "xlsx", "pptx"}, "msg": {"doc", "xls", "ppt"}}
    fits |= dict.fromkeys(("docx", "xlsx", "pptx"), {"zip", ext})
    good = found is None or found in fits.get(ext, {ext})
    return [] if good else [rules.MISMATCH("file", ext=f".{ext}")]


def open_file(by: By, id: int) -> tuple[Evidence, bytes | None]:
    """Hand out a file and write the reading in the log; no bytes when the file on disk is not what was stored."""
    row = load(Evidence, id)
    if not queries.may_read(by, row):
        raise Refused([NOT_FOUND()])
    try:
        data = files.read(settings.current().evidence, row.sha256)
    except files.Damaged:
        audit.record(by, CHANGED, row, sha256=row.sha256)
        return row, None
    audit.record(by, READ, row, sha256=row.sha256)
    return row, data
