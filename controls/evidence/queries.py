"""Reads of evidence: what is tied to a subject, who may read it, and what it is used for."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from controls.base import files, settings
from controls.base.by import By, Place, Reach
from controls.base.db import db
from controls.base.fault import Fault
from controls.base.why import N_, Why
from controls.evidence import rules
from controls.evidence.tables import Evidence
from controls.identity import queries as identity
from controls.identity.permissions import Permission
from controls.identity.tables import Person

PARTIES: dict[str, Callable[[int], tuple[int, frozenset[int]] | None]] = {}
"""Filled by wiring: for a subject type, the organisation and the people to whom the subject belongs (None: no such)."""

LABELS: dict[str, Callable[[int], tuple[str, str] | None]] = {}
"""Filled by wiring: the words and the link of the subject that a file proves."""


PLACES: dict[str, Callable[[int], Iterable[Place]]] = {}
"""Filled by wiring: where a visitor must be lent to for a subject."""


FILE_GONE = Why("evidence.gone", N_("Evidence {row}: the file {file} is missing."))
FILE_CHANGED = Why("evidence.changed", N_("Evidence {row}: the file {file} is not the one that was stored."))


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

    @property
    def readable(self) -> tuple[float, str]:
        """The size as a reader writes it."""
        return rules.readable(self.size)


def of(subject_type: str, subject_ids: Iterable[int]) -> dict[int, list[File]]:
    """Files of these subjects, oldest first, in one query; every id has a list."""
    found: dict[int, list[File]] = {id: [] for id in subject_ids}
    if found:
        for row, name in db.session.execute(
            select(Evidence, Person.name).join(Person, Person.id == Evidence.uploaded_by_id)
            .where(Evidence.subject_type == subject_type, Evidence.subject_id.in_(list(found))).order_by(Evidence.id)
        ):  # fmt: skip
            found[row.subject_id].append(_file(row, name))
    return found


def _file(row: Evidence, name: str) -> File:
    return File(
        row.id, row.subject_type, row.subject_id, row.filename, row.sha256, row.size, row.shows, row.covers_from,
        row.covers_to, name, row.uploaded_at,
    )  # fmt: skip


def counts(subject_type: str, subject_ids: Iterable[int]) -> dict[int, int]:
    """Number of files of each subject that has any, in one query."""
    rows = db.session.execute(
        select(Evidence.subject_id, func.count())
        .where(Evidence.subject_type == subject_type, Evidence.subject_id.in_(list(subject_ids)))
        .group_by(Evidence.subject_id)
    )
    return {id: int(number) for id, number in rows}


def exists(subject_type: str, subject_ids: Iterable[int]) -> bool:
    """Whether any of these subjects has a file."""
    return bool(counts(subject_type, subject_ids))


def by_id(id: int) -> Evidence | None:
    """A file's row by id."""
    return db.session.get(Evidence, id) if 0 < id < 2**31 else None


def twin(subject_type: str, subject_id: int, sha256: str) -> Evidence | None:
    """The row that already ties this content to this subject."""
    return db.session.scalar(
        select(Evidence).where(
            Evidence.subject_type == subject_type, Evidence.subject_id == subject_id, Evidence.sha256 == sha256
        )
    )


def elsewhere(row: Evidence) -> list[Evidence]:
    """Other places in the organisation where the same content is used."""
    return list(
        db.session.scalars(
            select(Evidence).where(
                Evidence.sha256 == row.sha256, Evidence.id != row.id, Evidence.organisation_id == row.organisation_id
            ).order_by(Evidence.id)
        )
    )  # fmt: skip


def party(subject_type: str, subject_id: int) -> tuple[int, frozenset[int]] | None:
    """Organisation and people of a subject; None when there is no such subject."""
    ask = PARTIES.get(subject_type)
    return ask(subject_id) if ask and 0 < subject_id < 2**31 else None


def places(subject_type: str, subject_id: int) -> Iterator[Place]:
    """Where a visitor must be lent to for a subject's evidence; asks only when it is read."""
    ask = PLACES.get(subject_type)
    yield from ask(subject_id) if ask and 0 < subject_id < 2**31 else ()


def may_read(by: By, row: Evidence) -> bool:
    """Readers of all, the parties of the subject and who uploaded it; a unit's reader for people of the unit."""
    if by.may(Permission.EVIDENCE_READ, row.organisation_id, places=places(row.subject_type, row.subject_id)):
        return True
    reach = by.reach.get(Permission.EVIDENCE_READ, {}).get(row.organisation_id)
    if reach is None:
        return False
    found = party(row.subject_type, row.subject_id)
    people = (found[1] if found else frozenset()) | {row.uploaded_by_id}
    if reach is Reach.UNIT and by.unit:
        units = db.session.scalars(select(Person.unit).where(Person.id.in_(people)))
        return by.own_id in people or by.unit in set(units)
    return by.own_id in people


def uploader(row: Evidence) -> str:
    """Name of who uploaded a file."""
    return identity.names({row.uploaded_by_id}).get(row.uploaded_by_id, "")


def place(row: Evidence) -> tuple[str, str] | None:
    """Words and link of what a file proves."""
    ask = LABELS.get(row.subject_type)
    return ask(row.subject_id) if ask else None


def damaged(session: Session) -> Iterator[Fault]:
    """Files that are gone, or are no longer what was stored: every file is read and hashed."""
    root = settings.current().evidence
    for sha256, id in session.execute(
        select(Evidence.sha256, func.min(Evidence.id)).group_by(Evidence.sha256).order_by(func.min(Evidence.id))
    ):
        try:
            files.read(root, sha256)
        except files.Damaged:
            why = FILE_CHANGED if files.path_of(root, sha256).exists() else FILE_GONE
            yield Fault(why, Evidence.__tablename__, str(id), file=sha256)


def for_export(organisation_ids: Iterable[int]) -> list[tuple[Evidence, str]]:
    """All files of these organisations with the uploader's name, oldest first."""
    rows = db.session.execute(
        select(Evidence, Person.name).join(Person, Person.id == Evidence.uploaded_by_id)
        .where(Evidence.organisation_id.in_(list(organisation_ids))).order_by(Evidence.id)
    )  # fmt: skip
    return [(row, name) for row, name in rows]
