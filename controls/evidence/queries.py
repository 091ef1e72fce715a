"""Reads of evidence: what is tied to a subject, who may read it, what a received file holds, and what is due."""

import json
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from itertools import chain
from typing import IO, Any

import filetype
from sqlalchemy import ColumnElement, Select, and_, func, or_, select, text
from sqlalchemy import exists as sql_exists
from sqlalchemy.orm import Session, aliased

from controls.base import child, clamd, files, settings, task
from controls.base.by import By, Place, Reach
from controls.base.clock import COPENHAGEN, local_day
from controls.base.db import db, within
from controls.base.fault import Fault
from controls.base.why import FORBIDDEN, N_, NOT_FOUND, Reason, Refused, Why, refuse_if
from controls.evidence import custody, rules
from controls.evidence.tables import Binding, Check, Evidence, Hold, Request, Retention
from controls.evidence.words import CheckKind, DataClass, FaultKind, Mark, RequestKind, RequestState, Spot
from controls.identity import queries as identity
from controls.identity.duties import Side
from controls.identity.permissions import Permission
from controls.identity.tables import Organisation, Person


@dataclass(frozen=True)
class Subject:
    """What a file proves: its organisation, the people to whom it belongs, and its words and link."""

    organisation_id: int
    people: frozenset[int]
    words: str = ""
    link: str = ""


SUBJECTS: dict[str, Callable[[int], Subject | None]] = {}
"""Filled by wiring: for a subject type, the subject of an id (None: no such)."""

PLACES: dict[str, Callable[[int], Iterable[Place]]] = {}
"""Filled by wiring: where a visitor must be lent to for a subject."""

KEPT: list[tuple[Why, Callable[[], ColumnElement[bool]]]] = []
"""Filled by wiring: why a subject still needs its files after their retention, as a predicate on the file's row."""

SHARES = 28
"""In how many nights every file has been seen: a month."""

PROOF = Evidence.replaced_at.is_(None) & Evidence.withdrawn_at.is_(None) & Evidence.disposed_at.is_(None)
"""A file that counts as proof."""

DECIDE = task.declare(
    "evidence.decide", N_("Decide on {name}: {code}"), N_("Open the request"), "evidence.by_request"
)  # fmt: skip


@dataclass(frozen=True)
class File:
    """One line of a list of evidence."""

    id: int
    subject_type: str
    subject_id: int
    filename: str
    sha256: str
    size: int
    shows: str
    covers_from: date | None
    covers_to: date | None
    uploaded_by: str
    uploaded_at: datetime
    edition: int = 1
    data_class: DataClass | None = None
    mark: Mark | None = None

    @property
    def readable(self) -> tuple[float, str]:
        """The size as a reader writes it."""
        return rules.readable(self.size)


Subjects = Mapping[str, Iterable[int]]


def of(subject_type: str, subject_ids: Iterable[int]) -> dict[int, list[File]]:
    """Files of these subjects, oldest first, in one query; every id has a list."""
    return {id: found for (_type, id), found in of_all({subject_type: subject_ids}).items()}


def of_all(subjects: Subjects) -> dict[tuple[str, int], list[File]]:
    """Files of subjects of several types, oldest first, in one query; every subject has a list."""
    found: dict[tuple[str, int], list[File]] = {(name, id): [] for name, ids in subjects.items() for id in ids}
    if found:
        rows = db.session.execute(
            select(Evidence, Person.name).join(Person, Person.id == Evidence.uploaded_by_id)
            .where(_on(found)).order_by(Evidence.id)
        )  # fmt: skip
        for row, name in rows:
            found[row.subject_type, row.subject_id].append(_file(row, name))
    return found


def _on(subjects: Iterable[tuple[str, int]]) -> ColumnElement[bool]:
    ids: dict[str, list[int]] = {}
    for name, id in subjects:
        ids.setdefault(name, []).append(id)
    return or_(*(and_(Evidence.subject_type == name, Evidence.subject_id.in_(few)) for name, few in ids.items()))


def mark(row: Evidence) -> Mark | None:
    """What became of a file that no longer counts as proof."""
    marks = ((row.disposed_at, Mark.DISPOSED), (row.withdrawn_at, Mark.WITHDRAWN), (row.replaced_at, Mark.REPLACED))
    return next((word for at, word in marks if at is not None), None)


def _file(row: Evidence, name: str) -> File:
    return File(
        row.id, row.subject_type, row.subject_id, row.filename, row.sha256, row.size, row.shows, row.covers_from,
        row.covers_to, name, row.uploaded_at, row.edition or 1, row.data_class, mark(row),
    )  # fmt: skip


def counts(subject_type: str, subject_ids: Iterable[int]) -> dict[int, int]:
    """Number of files that count as proof of each subject that has any, in one query."""
    rows = db.session.execute(
        select(Evidence.subject_id, func.count())
        .where(Evidence.subject_type == subject_type, Evidence.subject_id.in_(list(subject_ids)), PROOF)
        .group_by(Evidence.subject_id)
    )
    return {id: int(number) for id, number in rows}


def exists(subject_type: str, subject_ids: Iterable[int]) -> bool:
    """Whether any of these subjects has a file that counts as proof."""
    return bool(counts(subject_type, subject_ids))


def proofs(subjects: Subjects) -> list[tuple[int, str]]:
    """Ids and hashes of the files that count as proof of these subjects: what a signature binds to."""
    pairs = [(name, id) for name, ids in subjects.items() for id in ids]
    query = select(Evidence.id, Evidence.sha256).where(PROOF).order_by(Evidence.id)
    return [(id, sha256) for id, sha256 in db.session.execute(query.where(_on(pairs)))] if pairs else []


def by_id(id: int) -> Evidence | None:
    """A file's row by id."""
    return db.session.get(Evidence, id) if 0 < id < 2**31 else None


def locked(id: int) -> Evidence | None:
    """A file's row, held until the transaction ends, so that two people do not both change its custody."""
    return db.session.get(Evidence, id, with_for_update=True, populate_existing=True) if 0 < id < 2**31 else None


def twin(subject_type: str, subject_id: int, sha256: str) -> Evidence | None:
    """The row that already ties this content to this subject as proof."""
    return db.session.scalar(
        select(Evidence).where(
            Evidence.subject_type == subject_type, Evidence.subject_id == subject_id, Evidence.sha256 == sha256, PROOF
        )
    )


def subject(subject_type: str, subject_id: int) -> Subject | None:
    """What a file is tied to; None when there is no such."""
    ask = SUBJECTS.get(subject_type)
    return ask(subject_id) if ask and 0 < subject_id < 2**31 else None


def places(subject_type: str, subject_id: int) -> Iterator[Place]:
    """Where a visitor must be lent to for a subject's evidence; asks only when it is read."""
    ask = PLACES.get(subject_type)
    yield from ask(subject_id) if ask and 0 < subject_id < 2**31 else ()


def must_add(by: By, organisation_id: int, subject_type: str, subject_id: int) -> None:
    """Refuse evidence of a subject that is not there, or is not the author's."""
    found = subject(subject_type, subject_id)
    if found is None or found.organisation_id != organisation_id:
        raise Refused([NOT_FOUND()])
    if not may_add(by, found, subject_type, subject_id):
        raise Refused([FORBIDDEN()])


def may_add(by: By, found: Subject, subject_type: str, subject_id: int) -> bool:
    """Parties of the subject may add evidence; the forum's secretary to meetings."""
    own, there = by.own_id in found.people, places(subject_type, subject_id)
    may = by.may(Permission.EVIDENCE_ADD, found.organisation_id, own=own, places=there)
    return by.person_id is not None and may and (own or subject_type.startswith("forum_"))


def parties(row: Evidence, found: Subject | None) -> frozenset[int]:
    """To whom a file belongs: the people of its subject, and who uploaded it."""
    return (found.people if found else frozenset()) | {row.uploaded_by_id}


def is_party(by: By, row: Evidence) -> bool:
    """Whether a file is the reader's own."""
    return by.own_id in parties(row, subject(row.subject_type, row.subject_id))


def may_read(by: By, row: Evidence) -> bool:
    """Readers of all, the parties of the subject and who uploaded it; a unit's reader for people of the unit."""
    return _reads_all(by, row) or _reads(by, row, parties(row, subject(row.subject_type, row.subject_id)))


def seen(by: By, id: int) -> tuple[Evidence, Subject | None] | None:
    """A file that the reader may see, and what it proves."""
    row = by_id(id)
    if row is None:
        return None
    found = subject(row.subject_type, row.subject_id)
    return (row, found) if _reads_all(by, row) or _reads(by, row, parties(row, found)) else None


def _reads_all(by: By, row: Evidence) -> bool:
    there = places(row.subject_type, row.subject_id)
    return by.may(Permission.EVIDENCE_READ, row.organisation_id, places=there)


def _reads(by: By, row: Evidence, people: frozenset[int]) -> bool:
    reach = by.reach.get(Permission.EVIDENCE_READ, {}).get(row.organisation_id)
    if reach is None:
        return False
    if reach is Reach.UNIT and by.unit and by.own_id not in people:
        return by.unit in set(db.session.scalars(select(Person.unit).where(Person.id.in_(people))))
    return by.own_id in people


def for_export(organisation_ids: Iterable[int]) -> list[tuple[Evidence, str]]:
    """All files of these organisations with the uploader's name, oldest first."""
    rows = db.session.execute(
        select(Evidence, Person.name).join(Person, Person.id == Evidence.uploaded_by_id)
        .where(Evidence.organisation_id.in_(list(organisation_ids))).order_by(Evidence.id)
    )  # fmt: skip
    return [(row, name) for row, name in rows]


# --- A file that is being received ---


@dataclass(frozen=True)
class Received:
    """A file that was read, scanned and found fit to be kept; it lies beside the store."""

    incoming: files.Incoming
    filename: str
    personal: tuple[tuple[Spot, str], ...]
    scanned: bool = False


@contextmanager
def received(filename: str, stream: IO[bytes]) -> Iterator[Received]:
    """Take a file in and look at it in a child process, before any transaction; refused files leave nothing."""
    refuse_if(rules.why_not_name(filename))
    name, kept = rules.clean_name(filename), settings.current()
    try:
        with files.received(stream, kept.upload_limit) as incoming:
            refuse_if(rules.why_not_size(incoming.size, kept.upload_limit) or _why_not_guess(incoming, name))
            personal = _examined(incoming, rules.extension(name))
            _scan(kept.clamd, incoming)
            yield Received(incoming, name, personal, bool(kept.clamd))
    except files.TooLarge:
        refuse_if([rules.TOO_LARGE("file", limit=rules.megabytes(kept.upload_limit))])


def _why_not_guess(incoming: files.Incoming, name: str) -> list[Reason]:
    """What the first bytes look like must not be another kind than the extension says."""
    ext, found = rules.extension(name), filetype.guess_extension(incoming.head(8192))
    fits = {"jpeg": {"jpg"}, "zip": {"zip", "docx", "xlsx", "pptx"}, "msg": {"doc", "xls", "ppt"}}
    fits |= dict.fromkeys(("docx", "xlsx", "pptx"), {"zip", ext})
    good = found is None or found in fits.get(ext, {ext})
    return [] if good else [rules.MISMATCH("file", ext=f".{ext}")]


def _examined(incoming: files.Incoming, ext: str) -> tuple[tuple[Spot, str], ...]:
    try:
        with incoming.path.open("rb") as file:
            told = child.run("controls.evidence.content:examine", file.fileno(), ext)
    except child.Stopped:
        refuse_if([rules.EXPANDS("file", limit=f"{child.SECONDS} s, {rules.megabytes(child.MEMORY)}")])
    refuse_if(rules.FROM_CHILD[code]("file", **params) for code, params in told["reasons"])
    return tuple((Spot(kind), where) for kind, where in told["places"])


def _scan(address: str, incoming: files.Incoming) -> None:
    """Where a scanner is configured, nothing is kept that it has not passed."""
    try:
        found = clamd.scan(address, incoming.path) if address else ""
    except clamd.Down:
        refuse_if([rules.SCANNER_DOWN("file")])
    refuse_if([rules.MALWARE("file")] if found else [])


def lock_store(exclusive: bool = False) -> None:
    """Who keeps a file and who removes one never do it at the same time (on SQLite writers queue anyway)."""
    if db.session.get_bind().dialect.name == "postgresql":
        db.session.execute(text(f"SELECT pg_advisory_xact_lock{'' if exclusive else '_shared'}(7204)"))


# --- Custody of one file ---


@dataclass(frozen=True)
class Asked:
    """A request with the names of its two people."""

    request: Request
    evidence: Evidence
    asked_by: str
    decided_by: str
    organisation: str


@dataclass(frozen=True)
class Custody:
    """Everything that happened to a file and its other versions, and where else its content is used."""

    versions: list[File]
    others: list[Evidence]
    requests: list[Asked]
    holds: list[tuple[Hold, str, str]]
    until: date
    years: int
    kept: list[Reason]
    bindings: list[Binding]
    parts: identity.Taken

    @property
    def held(self) -> list[custody.Held]:
        """The holds in force."""
        return [custody.Held(hold.until, hold.reason) for hold, _set_by, _lifted_by in self.holds if not hold.lifted_at]

    @property
    def waiting(self) -> list[RequestKind]:
        """What has been asked for and is not decided."""
        return [one.request.kind for one in self.requests if one.request.state is RequestState.ASKED]


def custody_of(row: Evidence) -> Custody:
    """The custody of a file, for its page and for the actions that ask what may be done (three queries)."""
    versions, others, holds = _files_and_holds(row)
    asked = identity.with_parts(_requests(Request.evidence_id == row.id), Request)
    years, kept, bindings = _retained(row)
    return Custody(
        versions, others, [Asked(*one) for *one, _parts in asked], holds,
        custody.keep_until(local_day(row.uploaded_at), row.covers_to, years), years, kept, bindings,
        {key: who for *_one, parts in asked for key, who in parts.items()},
    )  # fmt: skip


def _files_and_holds(row: Evidence) -> tuple[list[File], list[Evidence], list[tuple[Hold, str, str]]]:
    """All versions of the file, oldest first, other places in the organisation with its content, and its holds."""
    setter, lifter = aliased(Person), aliased(Person)
    here = and_(Evidence.subject_type == row.subject_type, Evidence.subject_id == row.subject_id)
    same = and_(Evidence.sha256 == row.sha256, Evidence.organisation_id == row.organisation_id)
    found = db.session.execute(
        select(Evidence, Person.name, Hold, setter.name, lifter.name).join(Person, Person.id == Evidence.uploaded_by_id)
        .outerjoin(Hold, and_(Hold.evidence_id == Evidence.id, Evidence.id == row.id))
        .outerjoin(setter, setter.id == Hold.set_by_id).outerjoin(lifter, lifter.id == Hold.lifted_by_id)
        .where(or_(here, same)).order_by(Evidence.id, Hold.id)
    ).all()  # fmt: skip
    files = {one.id: (one, name) for one, name, *_hold in found}
    others = [one for one, _name in files.values() if one.sha256 == row.sha256 and one.id != row.id]
    return _versions(row, files), others, [(hold, a, b or "") for _one, _name, hold, a, b in found if hold is not None]


def _versions(row: Evidence, rows: Mapping[int, tuple[Evidence, str]]) -> list[File]:
    next_of = {one.replaces_id: one.id for one, _name in rows.values() if one.replaces_id}
    first: int | None = row.id
    while first is not None and rows[first][0].replaces_id in rows:
        first = rows[first][0].replaces_id
    chain = []
    while first is not None:
        chain.append(_file(*rows[first]))
        first = next_of.get(first)
    return chain


def _retained(row: Evidence) -> tuple[int, list[Reason], list[Binding]]:
    """The organisation's retention for the file's class, why the subject still needs the file, and signatures on it."""
    kept_as = row.data_class or DataClass.INTERNAL
    years = select(Retention.years).where(
        Retention.organisation_id == row.organisation_id, Retention.data_class == kept_as
    )
    found = db.session.execute(
        select(Binding, years.scalar_subquery(), *(predicate() for _why, predicate in KEPT)).select_from(Evidence)
        .outerjoin(Binding, _on_content(row)).where(Evidence.id == row.id).order_by(Binding.id)
    ).all()  # fmt: skip
    _binding, decided, *needs = found[0]
    kept = [why() for (why, _predicate), holds in zip(KEPT, needs, strict=True) if holds]
    return decided or custody.LEAST_YEARS, kept, [one[0] for one in found if one[0] is not None]


def _on_content(row: Evidence) -> ColumnElement[bool]:
    return and_(Binding.organisation_id == row.organisation_id, Binding.hashes.contains(row.sha256))


def _requests(*where: ColumnElement[bool]) -> Select[*tuple[Any, ...]]:
    asker, decider = aliased(Person), aliased(Person)
    return (
        select(Request, Evidence, asker.name, func.coalesce(decider.name, ""), Organisation.code)
        .join(Evidence, Evidence.id == Request.evidence_id).join(asker, asker.id == Request.asked_by_id)
        .join(Organisation, Organisation.id == Request.organisation_id)
        .outerjoin(decider, decider.id == Request.decided_by_id).where(*where).order_by(Request.id)
    )  # fmt: skip


def _asked(*where: ColumnElement[bool]) -> list[Asked]:
    return [Asked(*row) for row in db.session.execute(_requests(*where))]


def waiting(by: By) -> list[Asked]:
    """Requests that wait for the reader's decision."""
    here = within(by, Permission.EVIDENCE_JUDGE, Request.organisation_id)
    return _asked(Request.state == RequestState.ASKED, here)


def why_not_decide(by: By, found: Custody) -> dict[int, list[Reason]]:
    """Why the reader may not decide the requests that wait, and who may instead (S10, S13)."""
    waiting = [one.request for one in found.requests if one.request.state is RequestState.ASKED]
    asked = [(custody.DUTIES[request.kind], request) for request in waiting]
    return identity.why_not_parts(by, asked, Side.SECOND, Permission.EVIDENCE_JUDGE, found.parts)


def asked_by_id(id: int) -> Request | None:
    """A request by id."""
    return db.session.get(Request, id) if 0 < id < 2**31 else None


def broken(model: Any) -> ColumnElement[bool]:
    """Joins a `Binding` to a row: the last signature on it, when one of its files was replaced or withdrawn after."""
    one = aliased(Binding)
    last = select(func.max(one.id)).where(one.subject_type == model.__tablename__, one.subject_id == model.id)
    return and_(Binding.id == last.correlate(model).scalar_subquery(), Binding.broken_at.is_not(None))


def bound_to(row: Evidence) -> list[Binding]:
    """Signatures in force that were given on this very file."""
    bindings = db.session.scalars(select(Binding).where(_on_content(row)).order_by(Binding.id))
    return [one for one in bindings if one.broken_at is None and row.id in json.loads(one.hashes)["ids"]]


def tasks(by: By) -> list[Select[Any]]:
    """The group decides what somebody else asked for."""
    made = task.rows(
        DECIDE, id=Request.id, code=Organisation.code, name_da=Request.kind, name_en=Request.kind
    ).select_from(Request).join(Organisation, Organisation.id == Request.organisation_id)  # fmt: skip
    here = within(by, Permission.EVIDENCE_JUDGE, Request.organisation_id)
    return [made.where(Request.state == RequestState.ASKED, Request.asked_by_id != by.person_id, here)]


# --- Retention and disposal ---


def retentions(organisation_id: int) -> dict[DataClass, Retention]:
    """What an organisation has decided, by class."""
    query = select(Retention).where(Retention.organisation_id == organisation_id)
    return {row.data_class: row for row in db.session.scalars(query)}


def _cut(today: date, years: int) -> datetime:
    """Files received before this moment are past a retention of so many years."""
    return datetime(today.year - years, 1, 1, tzinfo=COPENHAGEN).astimezone(UTC)


def _first(year: int) -> date:
    return date(year, 1, 1)


def _due(by: By) -> Select[Evidence, str]:
    """Files past their retention that nothing holds, in the organisations where the reader may ask for disposal."""
    year = by.today.year
    holding = sql_exists().where(
        Hold.evidence_id == Evidence.id, Hold.lifted_at.is_(None), or_(Hold.until.is_(None), Hold.until >= by.today)
    )
    asked = sql_exists().where(Request.evidence_id == Evidence.id, Request.kind == RequestKind.DISPOSE,
                               Request.state == RequestState.ASKED)  # fmt: skip
    longer = [
        and_(
            Evidence.organisation_id == rule.organisation_id,
            func.coalesce(Evidence.data_class, DataClass.INTERNAL.value) == rule.data_class.value,
            or_(
                Evidence.uploaded_at >= _cut(by.today, rule.years),
                and_(Evidence.covers_to.is_not(None), Evidence.covers_to >= _first(year - rule.years)),
            ),
        )
        for rule in db.session.scalars(select(Retention).where(Retention.years > custody.LEAST_YEARS))
    ]
    least = custody.LEAST_YEARS
    return (
        select(Evidence, Organisation.code).join(Organisation, Organisation.id == Evidence.organisation_id)
        .where(within(by, Permission.EVIDENCE_DISPOSE, Evidence.organisation_id), Evidence.disposed_at.is_(None))
        .where(Evidence.uploaded_at < _cut(by.today, least))
        .where(or_(Evidence.covers_to.is_(None), Evidence.covers_to < _first(year - least)))
        .where(~holding, ~asked, *(~one for one in longer), *(~predicate() for _why, predicate in KEPT))
    )  # fmt: skip


def due(by: By, limit: int) -> tuple[list[tuple[Evidence, str]], int]:
    """The oldest files that may be disposed of, and how many there are."""
    query = _due(by)
    total = db.session.scalar(select(func.count()).select_from(query.subquery())) or 0
    rows = db.session.execute(query.order_by(Evidence.uploaded_at, Evidence.id).limit(limit))
    return [(row, code) for row, code in rows], total


def disposed(by: By, limit: int) -> list[Asked]:
    """The latest disposals, with their two people."""
    asker, ends = within(by, Permission.EVIDENCE_DISPOSE, Request.organisation_id), RequestState.ASKED
    found = _asked(Request.kind == RequestKind.DISPOSE, Request.state != ends, asker)
    return found[::-1][:limit]


# --- Whether the stored files are what they were ---

FAULTS = {
    FaultKind.MISSING: Why("evidence.gone", N_("Evidence {row}: the file {file} is missing.")),
    FaultKind.CHANGED: Why("evidence.changed", N_("Evidence {row}: the file {file} is not the one that was stored.")),
    FaultKind.SIZE: Why("evidence.size", N_("Evidence {row}: the file {file} has another size than was stored.")),
    FaultKind.UNRECORDED: Why(
        "evidence.unrecorded",
        N_("Evidence {row}: the file {file} is marked as disposed of, and no approved disposal is recorded."),
    ),
}


@dataclass(frozen=True)
class Amiss:
    """One stored file that is not as it should be, or was removed since it belonged to nothing."""

    kind: FaultKind
    evidence_id: int | None
    name: str


@dataclass(frozen=True)
class Seen:
    """What a look at stored files found."""

    files: int
    size: int
    amiss: list[Amiss]


def bound(share: Collection[int] | None = None) -> Select[str, int, int]:
    """Each content that must be there, with its size and one row that says so; shares are cut by the first byte."""
    query = (
        select(Evidence.sha256, func.max(Evidence.size), func.min(Evidence.id))
        .where(Evidence.disposed_at.is_(None)).group_by(Evidence.sha256).order_by(func.min(Evidence.id))
    )  # fmt: skip
    if share is None:
        return query
    starts = [f"{byte:02x}" for byte in range(256) if byte % SHARES in share]
    return query.where(func.substr(Evidence.sha256, 1, 2).in_(starts))


def check_files(share: Collection[int] | None = None) -> Seen:
    """Hash stored files again, all or those of some shares; no transaction is held open while it takes its time."""
    rows = [(sha256, size, id) for sha256, size, id in db.session.execute(bound(share))]
    lacking = unrecorded(db.session()) if share is None else []
    db.session.rollback()
    found = [one for sha256, size, id in rows if (one := _amiss(files.current_store(), sha256, size, id))]
    return Seen(len(rows), sum(size for _sha256, size, _id in rows), [*lacking, *found])


def _amiss(store: files.Store, sha256: str, size: int, id: int) -> Amiss | None:
    try:
        stored = files.check(store, sha256)
    except files.Missing:
        return Amiss(FaultKind.MISSING, id, sha256)
    except files.Damaged:
        return Amiss(FaultKind.CHANGED, id, sha256)
    return None if stored == size else Amiss(FaultKind.SIZE, id, sha256)


def unrecorded(session: Session) -> list[Amiss]:
    """Files marked as disposed of without a disposal that was approved."""
    recorded = sql_exists().where(
        Request.evidence_id == Evidence.id, Request.kind == RequestKind.DISPOSE, Request.decided_at.is_not(None),
        Request.state == RequestState.APPROVED,
    )  # fmt: skip
    rows = session.execute(
        select(Evidence.id, Evidence.sha256).where(Evidence.disposed_at.is_not(None), ~recorded).order_by(Evidence.id)
    )
    return [Amiss(FaultKind.UNRECORDED, id, sha256) for id, sha256 in rows]


def damaged(session: Session) -> Iterator[Fault]:
    """Everything that is wrong with stored evidence: each file is read and hashed; disposed ones may be gone."""
    store = files.current_store()
    hashed = (_amiss(store, sha256, size, id) for sha256, size, id in session.execute(bound()).all())
    for one in chain(unrecorded(session), hashed):
        if one is not None:
            yield fault(one)


def fault(one: Amiss) -> Fault:
    """The sentence about a file that is not as it should be."""
    return Fault(FAULTS[one.kind], Evidence.__tablename__, str(one.evidence_id), file=one.name)


def unbound(names: Sequence[str]) -> dict[str, bool]:
    """Of these names, those that no row needs; true where a row says that the file was disposed of."""
    rows: dict[str, bool] = {}
    for start in range(0, len(names), 500):
        few = list(names[start : start + 500])
        query = select(Evidence.sha256, func.count(), func.count(Evidence.disposed_at)).group_by(Evidence.sha256)
        told = {sha: (all_, gone) for sha, all_, gone in db.session.execute(query.where(Evidence.sha256.in_(few)))}
        rows |= {name: name in told for name in few if name not in told or told[name][0] == told[name][1]}
    return rows


def checks(limit: int = 50) -> list[Check]:
    """The latest looks at stored files, newest first."""
    return list(db.session.scalars(select(Check).order_by(Check.id.desc()).limit(limit)))


def last_check() -> Check | None:
    """The last time that stored files were hashed again."""
    query = select(Check).where(Check.kind != CheckKind.SWEEP).order_by(Check.id.desc()).limit(1)
    return db.session.scalar(query)


def told(check: Check) -> list[Amiss]:
    """The faults that a check wrote down."""
    return [Amiss(FaultKind(kind), id, name) for kind, id, name in json.loads(check.told)]
