"""Writes of evidence: add, replace and hand out a file; withdraw it, hold it, and dispose of it by two people."""

from collections.abc import Iterable
from contextlib import nullcontext, suppress
from datetime import date, timedelta
from typing import IO

from controls.base import audit, files
from controls.base.by import By
from controls.base.db import db, load, saved
from controls.base.merkle import canonical
from controls.base.why import FORBIDDEN, N_, NOT_FOUND, Reason, Refused, refuse_if
from controls.evidence import custody, queries, rules
from controls.evidence.tables import Binding, Check, Evidence, Hold, Request, Retention
from controls.evidence.words import CheckKind, DataClass, FaultKind, RequestKind, RequestState
from controls.identity import actions as identity
from controls.identity import queries as people
from controls.identity.duties import Side
from controls.identity.permissions import Permission
from controls.identity.tables import Person

ADDED = audit.declare("evidence.added", N_("Evidence added"), "sha256")
ADDED_AGAIN = audit.declare("evidence.added_again", N_("The same evidence sent again"), "sha256")
REPLACED = audit.declare("evidence.replaced", N_("Evidence replaced by a new version"), "sha256", "before")
READ = audit.declare("evidence.read", N_("Evidence read"), "sha256")
CHANGED = audit.declare("evidence.changed_on_disk", N_("Evidence found changed on disk"), "sha256")
MISSING = audit.declare("evidence.missing", N_("Evidence found missing"), "sha256")
MALWARE = audit.declare("evidence.malware_refused", N_("A file was refused by the virus scanner"))
BOUND = audit.declare("evidence.bound", N_("A signature was bound to the evidence as it was"), "sha256")
ASKED = audit.declare("evidence.asked", N_("Withdrawal or disposal of evidence asked for"), "what", "sha256")
WITHDRAWN = audit.declare("evidence.withdrawn", N_("Evidence withdrawn"), "sha256")
DISPOSED = audit.declare("evidence.disposed", N_("Evidence disposed of after its retention"), "sha256", "keep_until")
REFUSED = audit.declare("evidence.request_refused", N_("Withdrawal or disposal of evidence refused"), "what")
HELD = audit.declare("evidence.held", N_("Legal hold or longer retention set"), "until")
LIFTED = audit.declare("evidence.hold_lifted", N_("Legal hold lifted"))
RETENTION = audit.declare("evidence.retention_set", N_("Retention of a class of files set"), "years")
CHECKED = audit.declare("evidence.checked", N_("Stored evidence hashed again"), "files", "faults")
SWEPT = audit.declare("evidence.swept", N_("Files that belong to nothing removed from the store"), "names")

ORPHAN_AGE = timedelta(hours=24)


def add(
    by: By, organisation_id: int, subject_type: str, subject_id: int, filename: str,
    stream: IO[bytes] | queries.Received, shows: str, covers_from: date | None = None, covers_to: date | None = None,
    data_class: DataClass = DataClass.INTERNAL, confirmed: bool = False, reference: str = "",
) -> Evidence:  # fmt: skip
    """Keep a file and tie it to what it proves; the same content on the same subject is not kept twice.

    A page hands over a file that was received before the transaction began; a stream is received here.
    """
    queries.must_add(by, organisation_id, subject_type, subject_id)
    told = rules.why_not_name(filename) + rules.why_not_tell(shows, covers_from, covers_to)
    refuse_if(told)
    source = nullcontext(stream) if isinstance(stream, queries.Received) else queries.received(filename, stream)
    with source as file:
        typed = f"{filename}\n{shows}\n{reference}"
        refuse_if(rules.why_not_personal(file.personal, typed, data_class, confirmed))
        known = queries.twin(subject_type, subject_id, file.incoming.sha256)
        if known is not None:
            audit.record(by, ADDED_AGAIN, known, sha256=known.sha256)
            return known
        on = (organisation_id, subject_type, subject_id)
        row = _row(by, *on, file, shows, covers_from, covers_to, data_class, reference)
        _keep(by, file, row)
    db.session.add(row)
    audit.record(by, ADDED, row, sha256=row.sha256)
    return row


def _row(
    by: By, organisation_id: int, subject_type: str, subject_id: int, file: queries.Received, shows: str,
    covers_from: date | None, covers_to: date | None, data_class: DataClass, reference: str,
) -> Evidence:  # fmt: skip
    return Evidence(
        organisation_id=organisation_id, subject_type=subject_type, subject_id=subject_id,
        sha256=file.incoming.sha256, filename=file.filename, size=file.incoming.size, shows=shows.strip(),
        media_type=rules.TYPES[rules.extension(file.filename)], covers_from=covers_from, covers_to=covers_to,
        data_class=data_class, uploaded_by_id=by.person_id, uploaded_at=by.at, edition=1,
        external_reference=reference.strip() or None, scanned_at=by.at if file.scanned else None,
    )  # fmt: skip


def _keep(by: By, file: queries.Received, row: Evidence) -> None:
    """Bytes first, then the row: whatever stops between the two leaves an orphan, never a row without its file."""
    queries.lock_store()
    until = custody.keep_until(by.today, row.covers_to, custody.LEAST_YEARS)
    try:
        files.current_store().keep(file.incoming, until)
    except files.Damaged:
        refuse_if([rules.STORED_DAMAGED("file")])
    except files.Unreachable:
        refuse_if([rules.STORE_DOWN("file")])


def replace(
    by: By, id: int, file: queries.Received, shows: str, covers_from: date | None, covers_to: date | None,
    data_class: DataClass, confirmed: bool, reason: str, reference: str = "",
) -> Evidence:  # fmt: skip
    """Put a new version in a file's place; the older one stays readable, and signatures on it are told of it."""
    before = _locked(by, id)
    queries.must_add(by, before.organisation_id, before.subject_type, before.subject_id)
    typed = f"{file.filename}\n{shows}\n{reference}\n{reason}"
    refuse_if(
        custody.why_not_replace(queries.mark(before), file.incoming.sha256 == before.sha256)
        + rules.why_not_tell(shows, covers_from, covers_to) + custody.why_not_reason(reason)
        + rules.why_not_personal(file.personal, typed, data_class, confirmed)
    )  # fmt: skip
    on = (before.organisation_id, before.subject_type, before.subject_id)
    row = _row(by, *on, file, shows, covers_from, covers_to, data_class, reference)
    row.replaces_id, row.replaces_reason, row.edition = before.id, reason.strip(), (before.edition or 1) + 1
    _keep(by, file, row)
    before.replaced_at = by.at
    db.session.add(row)
    _break(by, before)
    audit.record(by.because(reason.strip()), REPLACED, row, sha256=row.sha256, before=before.sha256)
    return row


def _locked(by: By, id: int) -> Evidence:
    """A file that the author may see, held until the transaction ends."""
    row = queries.locked(id)
    if row is None or not queries.may_read(by, row):
        raise Refused([NOT_FOUND()])
    return row


def _break(by: By, row: Evidence) -> None:
    """Signatures that were given on this file no longer stand on what was seen."""
    for binding in queries.bound_to(row):
        binding.broken_at, binding.broken_by_id = by.at, row.id


def refuse_malware(by: By, organisation_id: int) -> None:
    """Leave a line in the log about a file that the scanner refused; nothing of the file."""
    person = db.session.get_one(Person, by.person_id)
    audit.record(by, MALWARE, person, organisation_id)


def open_file(by: By, id: int) -> tuple[Evidence, IO[bytes] | None]:
    """Hand out a file and write the reading in the log; no file when the stored one is not what it was."""
    row = load(Evidence, id)
    if not queries.may_read(by, row):
        raise Refused([NOT_FOUND()])
    refuse_if([custody.MARKED(mark=queries.mark(row))] if row.disposed_at else [])
    try:
        file = files.opened(files.current_store(), row.sha256)
    except files.Damaged as error:
        audit.record(by, MISSING if isinstance(error, files.Missing) else CHANGED, row, sha256=row.sha256)
        return row, None
    except files.Unreachable:
        raise Refused([rules.STORE_DOWN()]) from None
    audit.record(by, READ, row, sha256=row.sha256)
    return row, file


def bind(by: By, organisation_id: int, subject_type: str, subject_id: int, subjects: queries.Subjects) -> list[str]:
    """Bind a signature to the evidence of these subjects as it is now; the hashes go into the signature's own event."""
    found = queries.proofs(subjects)
    hashes = [sha256 for _id, sha256 in found]
    if not found:
        return []
    told = canonical({"ids": [id for id, _sha256 in found], "sha256": hashes})
    row = Binding(
        organisation_id=organisation_id, subject_type=subject_type, subject_id=subject_id, signed_by_id=by.person_id,
        signed_at=by.at, hashes=told,
    )  # fmt: skip
    db.session.add(row)
    audit.record(by, BOUND, row, sha256=hashes)
    return hashes


# --- Two people ---


def ask_withdrawal(by: By, id: int, reason: str) -> Request:
    """Ask that a file no longer counts as proof; another person decides (S10)."""
    row = _locked(by, id)
    by.must(Permission.EVIDENCE_WITHDRAW, row.organisation_id, own=queries.is_party(by, row))
    return _ask(by, row, RequestKind.WITHDRAW, reason)


def ask_disposal(by: By, ids: Iterable[int], reason: str) -> list[Request]:
    """Ask that files whose retention has passed are disposed of; another person decides each (S13)."""
    asked = []
    for id in ids:
        row = queries.locked(id)
        if row is None or not by.may(Permission.EVIDENCE_DISPOSE, row.organisation_id):
            raise Refused([NOT_FOUND()])
        refuse_if(_why_not_dispose(by, row))
        asked.append(_ask(by, row, RequestKind.DISPOSE, reason))
    refuse_if([] if asked else [custody.NOTHING_CHOSEN()])
    return asked


def _ask(by: By, row: Evidence, kind: RequestKind, reason: str) -> Request:
    if by.person_id is None:
        raise Refused([FORBIDDEN()])
    refuse_if(custody.why_not_reason(reason)
              + custody.why_not_ask(queries.mark(row), kind, queries.custody_of(row).waiting))  # fmt: skip
    asked = Request(
        organisation_id=row.organisation_id, evidence_id=row.id, kind=kind, reason=reason.strip(),
        state=RequestState.ASKED, asked_by_id=by.person_id, asked_at=by.at,
    )  # fmt: skip
    saved(by, asked)
    db.session.add(asked)
    added = (row.uploaded_by_id, *people.behind(row)) if kind is RequestKind.WITHDRAW else ()
    identity.take_part(by, custody.DUTIES[kind], asked, Side.FIRST, persons=(*by.persons, *added))
    audit.record(by.because(reason.strip()), ASKED, asked, what=kind.value, sha256=row.sha256)
    return asked


def _why_not_dispose(by: By, row: Evidence) -> list[Reason]:
    found = queries.custody_of(row)
    return custody.why_not_dispose(found.until, found.held, found.kept, by.today)


def approve(by: By, id: int, version: int | None, answer: str = "") -> Request:
    """The second person agrees: a withdrawn file stays with its mark, a disposed one loses its bytes afterwards."""
    request, row = _to_decide(by, id, version)
    _decide(by, request, RequestState.APPROVED, answer)
    why = by.because(request.reason)
    if request.kind is RequestKind.WITHDRAW:
        refuse_if(custody.why_not_ask(queries.mark(row), RequestKind.WITHDRAW, ()))
        row.withdrawn_at = by.at
        _break(by, row)
        audit.record(why, WITHDRAWN, row, sha256=row.sha256)
        return request
    refuse_if(_why_not_dispose(by, row))
    row.disposed_at = by.at
    until = queries.custody_of(row).until
    audit.record(why, DISPOSED, row, sha256=row.sha256, keep_until=until)
    return request


def refuse(by: By, id: int, version: int | None, answer: str) -> Request:
    """The second person does not agree, and says why."""
    request, _row = _to_decide(by, id, version)
    refuse_if(custody.why_not_reason(answer, "answer"))
    _decide(by, request, RequestState.REFUSED, answer)
    audit.record(by.because(answer.strip()), REFUSED, request, what=request.kind.value)
    return request


def _to_decide(by: By, id: int, version: int | None) -> tuple[Request, Evidence]:
    request = load(Request, id, version)
    by.must(Permission.EVIDENCE_JUDGE, request.organisation_id)
    row = queries.locked(request.evidence_id)
    if row is None or by.person_id is None:
        raise Refused([FORBIDDEN()])
    refuse_if(custody.why_not_decide(request.state))
    duty = custody.DUTIES[request.kind]
    identity.take_part(by, duty, request, Side.SECOND, permission=Permission.EVIDENCE_JUDGE)
    return request, row


def _decide(by: By, request: Request, state: RequestState, answer: str) -> None:
    request.state, request.answer = state, answer.strip()
    request.decided_by_id, request.decided_at = by.person_id, by.at
    saved(by, request)


def hold(by: By, id: int, until: date | None, reason: str) -> Hold:
    """Keep a file until the hold is lifted, or until a day later than its retention."""
    row = _to_hold(by, id)
    refuse_if(custody.why_not_reason(reason) + custody.why_not_hold(until, queries.custody_of(row).until))
    held = Hold(organisation_id=row.organisation_id, evidence_id=row.id, until=until, reason=reason.strip(),
                set_by_id=by.person_id, set_at=by.at)  # fmt: skip
    saved(by, held)
    db.session.add(held)
    audit.record(by.because(reason.strip()), HELD, held, until=until)
    return held


def _to_hold(by: By, id: int) -> Evidence:
    row = _locked(by, id)
    by.must(Permission.EVIDENCE_JUDGE, row.organisation_id)
    refuse_if([custody.MARKED(mark=queries.mark(row))] if row.disposed_at else [])
    return row


def lift(by: By, id: int, version: int | None, reason: str) -> Hold:
    """Lift a hold; the retention then runs as it would have."""
    held = load(Hold, id, version)
    _to_hold(by, held.evidence_id)
    refuse_if(([custody.LIFTED()] if held.lifted_at else []) + custody.why_not_reason(reason))
    held.lifted_by_id, held.lifted_at, held.lift_reason = by.person_id, by.at, reason.strip()
    saved(by, held)
    audit.record(by.because(reason.strip()), LIFTED, held)
    return held


def set_retention(by: By, organisation_id: int, data_class: DataClass, years: int | None, reason: str) -> Retention:
    """Decide how many years after the accounting year a class of files is kept, never fewer than the law's five."""
    by.must(Permission.EVIDENCE_JUDGE, organisation_id)
    refuse_if(custody.why_not_years(years) + custody.why_not_reason(reason))
    row = queries.retentions(organisation_id).get(data_class)
    if row is None:
        row = Retention(organisation_id=organisation_id, data_class=data_class)
        db.session.add(row)
    row.years = years or custody.LEAST_YEARS
    saved(by, row)
    audit.record(by.because(reason.strip()), RETENTION, row, years=row.years)
    return row


# --- What the clock does ---


def record_check(by: By, kind: CheckKind, seen: queries.Seen) -> Check:
    """Write down what hashing the stored files again has shown, with an event for each file that is not sound."""
    row = _checked(by, kind, seen)
    audit.record(by, CHECKED, row, files=seen.files, faults=len(seen.amiss))
    for fault in seen.amiss:
        subject = queries.by_id(fault.evidence_id or 0)
        if subject is not None and fault.kind is not FaultKind.UNRECORDED:
            audit.record(by, MISSING if fault.kind is FaultKind.MISSING else CHANGED, subject, sha256=fault.name)
    return row


def _checked(by: By, kind: CheckKind, seen: queries.Seen) -> Check:
    told = canonical([[fault.kind.value, fault.evidence_id, fault.name] for fault in seen.amiss])
    row = Check(kind=kind, at=by.at, files=seen.files, size=seen.size, faults=len(seen.amiss), told=told)
    db.session.add(row)
    return row


def sweep(by: By) -> Check:
    """Remove what no row needs: files a day old that nobody's row came to, and the bytes of disposed files.

    Nobody can begin to keep a file while this runs, so that none is removed under an upload of the same content.
    """
    queries.lock_store(exclusive=True)
    store, listed = files.current_store(), {}
    for kept in files.current_store().listing():
        listed[kept.name] = kept.at
    needless = queries.unbound([name for name in listed if not name.endswith(files.PART)])
    needless |= {name: False for name in listed if name.endswith(files.PART)}
    found = []
    for name, gone in needless.items():
        if not gone and by.at - listed[name] < ORPHAN_AGE:
            continue
        try:
            store.remove(name)
        except files.Locked:
            continue  # the storage's own lock: the next night tries again
        if not gone:
            kind = FaultKind.PART if name.endswith(files.PART) else FaultKind.ORPHAN
            found.append(queries.Amiss(kind, None, name))
    row = _checked(by, CheckKind.SWEEP, queries.Seen(len(listed), 0, found))
    audit.record(by, SWEPT, row, names=[fault.name for fault in found])
    return row


def remove_bytes(by: By, id: int) -> None:
    """After a disposal is committed: remove the bytes unless another row still needs them or the storage locks them."""
    queries.lock_store(exclusive=True)
    row, store = load(Evidence, id), files.current_store()
    if row.disposed_at is None or row.sha256 not in queries.unbound([row.sha256]) or not store.exists(row.sha256):
        return
    with suppress(files.Locked):
        store.remove(row.sha256)
        audit.record(by, SWEPT, row, names=[row.sha256])
