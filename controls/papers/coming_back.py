"""Reads of workbooks that leave to be filled in and come back: what is written, what waits, what is in the way."""

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import lru_cache
from typing import Any

from flask_babel import force_locale, gettext
from sqlalchemy import ScalarSelect, func, select

from controls.assessment import queries as assessments
from controls.assessment.scales import Scale
from controls.assessment.scales import shown as steps
from controls.assessment.tables import Assessment, Draft
from controls.base import intake
from controls.base.by import By
from controls.base.db import db
from controls.base.intake import Limits
from controls.base.intake import Sheet as Given
from controls.base.why import FORBIDDEN, N_, Reason, refuse_if
from controls.identity import queries as people
from controls.identity.duties import Duty, Side
from controls.identity.permissions import Permission
from controls.identity.tables import Organisation, Person
from controls.papers import catalogue_rows, changing, earlier_reviews, filling, filling_out, risk_forms
from controls.papers.changing import Preview
from controls.papers.columns import COPENHAGEN
from controls.papers.filling import META, Back, Column, Form, Holds, Place
from controls.papers.rules import LANGUAGES
from controls.papers.tables import Intake, IntakeDraft
from controls.papers.words import Kind
from controls.universe import queries as universe
from controls.universe import sheet
from controls.universe.rules import lines, why_not_import
from controls.universe.tables import Process
from controls.wheel import queries as wheel

NEEDED = {
    Kind.FORMS: Permission.ASSESSMENT_FILL, Kind.HISTORY: Permission.CATALOGUE_EDIT,
    Kind.CATALOGUE: Permission.CATALOGUE_EDIT,
}  # fmt: skip
"""What it takes to take a kind of form out and bring it back."""

FORMS: dict[Kind, Form] = {
    Kind.FORMS: risk_forms.FORM, Kind.HISTORY: earlier_reviews.FORM, Kind.CATALOGUE: catalogue_rows.FORM,
}  # fmt: skip
LIMITS = {Kind.CATALOGUE: Limits(rows=5_000)}
"""A page shows every row of a catalogue to choose from; a longer one comes in as several files."""

NAMES = {
    ("da", Kind.FORMS): "risikovurderinger", ("en", Kind.FORMS): "risk-assessments",
    ("da", Kind.HISTORY): "tidligere-gennemgange", ("en", Kind.HISTORY): "earlier-reviews",
    ("da", Kind.CATALOGUE): "katalog", ("en", Kind.CATALOGUE): "catalogue",
}  # fmt: skip
WEEKS = {"da": "uge", "en": "week"}


@lru_cache(4096)
def words(label: str) -> tuple[str, ...]:
    """A marked word in each language that a file may be written in."""
    found = []
    for language in LANGUAGES:
        with force_locale(language):
            found.append(gettext(label))
    return tuple(found)


def headings(kind: Kind) -> filling.Words:
    """The words of a kind of form in both languages; the catalogue's headings are those of its files."""
    return catalogue_rows.words if kind is Kind.CATALOGUE else words


@dataclass(frozen=True)
class UploadedFile:
    """A workbook that came back and was read without a fault that concerns all of it."""

    filename: str
    sha256: str
    rows: str


def filename(kind: Kind, by: By, year: int | None, language: str) -> str:
    """The name of a workbook: what it is, of which year, fetched in which week."""
    week = f"{by.today.isocalendar().year}-" if year is None else f"{year}-"
    return f"{NAMES[language, kind]}-{week}{WEEKS[language]}{by.today.isocalendar().week}.xlsx"


def place(kind: Kind, organisation: Organisation, year: int | None) -> Place:
    """Whose form a workbook is."""
    return Place(FORMS[kind].name, organisation.code, str(year or ""))


def read(kind: Kind, organisation: Organisation, year: int | None, data: bytes, filename: str) -> UploadedFile:
    """A workbook that came back, once it is found to be the one asked for; raises `Refused` with sheet and cell."""
    name = intake.named(filename)
    given = intake.read(data, name, limits=LIMITS.get(kind), also=(META,))
    if _own(kind, given):
        refuse_if(why_not_own(organisation.id, given, name))
    else:
        filling.back(FORMS[kind], given, place(kind, organisation, year), headings(kind))
    return UploadedFile(name, hashlib.sha256(data).hexdigest(), filling.kept(given))


def _own(kind: Kind, given: Given) -> bool:
    """Whether a file is a catalogue of one's own, and not the workbook that was fetched, known by its hidden sheet."""
    return kind is Kind.CATALOGUE and META not in given.also


def why_not_own(organisation_id: int, given: Given, name: str) -> list[Reason]:
    """A catalogue of one's own comes in when every row of it can be read and fits what is there."""
    there = universe.existing(organisation_id)
    return why_not_import(lines(universe.entries(given, name, there.keys())), there)


def waiting(organisation_id: int, kind: Kind, year: int | None, person_id: int | None = None) -> list[IntakeDraft]:
    """The workbooks that wait to be imported, all or a person's own."""
    return _files(organisation_id, kind, year, person_id, IntakeDraft.intake_id.is_(None))


def _files(organisation_id: int, kind: Kind, year: int | None, person_id: int | None, *where: Any) -> list[IntakeDraft]:
    query = select(IntakeDraft).where(IntakeDraft.organisation_id == organisation_id, IntakeDraft.kind == kind, *where)
    query = query.where(IntakeDraft.year == year) if year is not None else query
    query = query.where(IntakeDraft.person_id == person_id) if person_id is not None else query
    return list(db.session.scalars(query.order_by(IntakeDraft.id.desc()).limit(20)))


@dataclass(frozen=True)
class File:
    """A workbook on its page: the file, its import if there was one, and the names of who took part."""

    row: IntakeDraft
    intake: Intake | None
    brought_by: str
    undone_by: str


def file(by: By, id: int, kind: Kind) -> File | None:
    """A workbook that came back, if the reader may see it: forms who brought them, the rest who edits the catalogue.

    Forms that were imported are also for those who may fill in all of them.
    """
    found = db.session.execute(
        select(IntakeDraft, Intake, Person.name).outerjoin(Intake, Intake.id == IntakeDraft.intake_id)
        .join(Person, Person.id == IntakeDraft.person_id)
        .where(IntakeDraft.id == id, IntakeDraft.kind == kind)
    ).one_or_none()  # fmt: skip
    if found is None or not by.may(NEEDED[kind], found[0].organisation_id, own=True):
        return None
    row, made, name = found
    every = made is not None and by.may(NEEDED[kind], row.organisation_id)
    if kind is Kind.FORMS and row.person_id != by.person_id and not every:
        return None
    undone = people.names({made.undone_by_id}) if made is not None and made.undone_by_id else {}
    return File(row, made, name, next(iter(undone.values()), ""))


def imported(organisation_id: int, kind: Kind, year: int | None, person_id: int | None = None) -> list[IntakeDraft]:
    """The latest workbooks that were imported, all or a person's own."""
    return _files(organisation_id, kind, year, person_id, IntakeDraft.intake_id.is_not(None))


def _back(row: IntakeDraft, given: Given) -> Back:
    if _own(row.kind, given):
        return catalogue_rows.own(given)
    organisation = people.organisation_by_id(row.organisation_id)
    assert organisation is not None
    return filling.back(FORMS[row.kind], given, place(row.kind, organisation, row.year), headings(row.kind))


def forms(by: By, row: IntakeDraft) -> tuple[Back, list[risk_forms.OneForm]]:
    """A workbook of risk forms that came back, and the forms as they are now."""
    return _back(row, filling.waited(row.rows)), risk_forms.forms(by, row.organisation_id, row.year or 0)


def history(by: By, row: IntakeDraft) -> tuple[Back, list[earlier_reviews.Part]]:
    """A workbook of earlier reviews that came back, and the sub-processes and the ledger as they are now."""
    return _back(row, filling.waited(row.rows)), earlier_reviews.parts(row.organisation_id, by.today)


def catalogue(row: IntakeDraft) -> tuple[Back, Preview, list[str]]:
    """A file of the catalogue, what it would change in what is there now, and its columns that are not read."""
    given = filling.waited(row.rows)
    back, there = _back(row, given), universe.existing(row.organisation_id)
    found = catalogue_rows.preview(back, given, catalogue_rows.parts(row.organisation_id), there)
    return back, found, [] if back.keyed else sheet.unused(given.rows)


def newest_waiting(organisation_id: int) -> ScalarSelect[Any]:
    """The newest file of the catalogue that waits, or 0; for the first day."""
    query = select(func.coalesce(func.max(IntakeDraft.id), 0)).where(IntakeDraft.organisation_id == organisation_id)
    return query.where(IntakeDraft.kind == Kind.CATALOGUE, IntakeDraft.intake_id.is_(None)).scalar_subquery()


def waiting_codes(organisation_id: int, person_id: int, filename: str) -> set[str]:
    """The sub-processes in a person's own waiting file of this name; for the ticks of the proposed catalogue."""
    for one in waiting(organisation_id, Kind.CATALOGUE, None, person_id):
        if one.filename == filename:
            return {read.values["subprocess_code"] for read in _back(one, filling.waited(one.rows)).rows}
    return set()


def why_not_confirm(by: By, row: IntakeDraft) -> list[Reason]:
    """S15: who brought a file of earlier reviews does not confirm it; who may instead."""
    return people.why_not_part(
        by, Duty.S15, row, Side.SECOND, permission=Permission.CATALOGUE_EDIT, parts={},
        besides=people.roots([row.person_id, row.on_behalf_of_id]).values(),
    )  # fmt: skip


def why_not_undo(by: By, row: Intake) -> list[Reason]:
    """Drafts are put back by who imported them or may fill in all forms; who submitted forms takes them back alone."""
    if row.kind is not Kind.FORMS or row.imported_by_id == by.person_id:
        return []
    if not by.may(NEEDED[row.kind], row.organisation_id):
        return [FORBIDDEN()]
    return [changing.AUTHOR(name=people.names({row.imported_by_id})[row.imported_by_id])] if row.submitted else []


def changed_since(row: Intake) -> list[str]:
    """The codes of the forms that were changed after they were imported."""
    taken = {id: (version, draft) for id, version, draft in json.loads(row.taken)}
    found = db.session.execute(
        select(Assessment.id, Assessment.version, Draft.version, Process.code)
        .join(Process, Process.id == Assessment.process_id)
        .outerjoin(Draft, Draft.assessment_id == Assessment.id)
        .where(Assessment.id.in_(list(taken))).order_by(Process.sort_key)
    )  # fmt: skip
    return [code for id, version, draft, code in found if (version, draft or 0) != taken[id]]


def placed(back: Back, form: risk_forms.OneForm, reason: Reason) -> Reason:
    """A reason about a form's field, with the sheet and cell in which the workbook has it."""
    rows = {read.key: read.number for read in back.rows}
    for key, target in risk_forms.targets([form]).items():
        for field in risk_forms.ANSWERS:
            if key in rows and reason.field and target.field(field.partition(":")[0]) == reason.field:
                return replace(back.fault(rows[key], field, replace(reason, field="")), status=reason.status)
    return reason


def shown(column: Column, value: str) -> str:
    """A cell's value in the reader's words."""
    if column.holds is Holds.TICK:
        return gettext(filling.YES) if value else ""
    return next((gettext(label) for stored, label in column.words if stored == value), value)


# --- what leaves ----------------------------------------------------------------------------------------------------

HOW_FORMS = N_(
    "Fill in the white cells of the first sheet and upload the file where you fetched it. You see every change before "
    "anything is saved. Leave the cells of a sub-process empty when it follows its process."
)
HOW_CATALOGUE = N_(
    "Correct names, texts and suggestions in the white cells. Write new sub-processes in the empty rows at the end. "
    "An empty cell leaves what is there. Another person confirms the rows before they count."
)
HOW_HISTORY = N_(
    "Write one review in each row: the day it was approved, how far it covered, its form, and where it is kept. More "
    "reviews of the same sub-process go into the empty rows at the end. Leave a row empty when there was none."
)
KEEP_HIDDEN = N_("Column A and the sheets _lister and _meta are hidden. They are needed when the file comes back.")


def write(by: By, kind: Kind, organisation: Organisation, year: int | None, language: str) -> tuple[bytes, int]:
    """A workbook to fill in, in one language; how many rows it has."""

    def named(row: Any) -> str:
        first, other = (row.name_en, row.name_da) if language == "en" else (row.name_da, row.name_en)
        return str(first or other)

    def day(value: date | None) -> str:
        return f"{value:%d-%m-%Y}" if value else ""

    with force_locale(language):
        codes: Sequence[str] = ()
        scales: tuple[Scale, ...] = ()
        if kind is Kind.FORMS:
            cycle = wheel.cycle(organisation.id, year or 0)
            scales = () if cycle is None else steps(assessments.used(cycle.id), language)
            rows = risk_forms.written(risk_forms.forms(by, organisation.id, year or 0), named, gettext)
        elif kind is Kind.CATALOGUE:
            rows = catalogue_rows.written(catalogue_rows.parts(organisation.id))
        else:
            parts = earlier_reviews.parts(organisation.id, by.today)
            rows, codes = earlier_reviews.written(parts, named, day), [part.row.code for part in parts]
        form = replace(FORMS[kind], columns=tuple(hinted(column, scales) for column in FORMS[kind].columns))
        about = _about(by, kind, organisation, year, len(rows), named(organisation), scales)
        here, said = place(kind, organisation, year), say(kind, language)
        data = filling_out.write(by, form, here, rows, said, language, about, codes)
    return data, len(rows)


def say(kind: Kind, language: str) -> Callable[[str], str]:
    """A marked word in a language; the catalogue's headings are those of its files."""
    own = catalogue_rows.DANISH if kind is Kind.CATALOGUE else {}
    return lambda label: catalogue_rows.said(label, language) if label in own else str(gettext(label))


HOW = {Kind.FORMS: HOW_FORMS, Kind.HISTORY: HOW_HISTORY, Kind.CATALOGUE: HOW_CATALOGUE}


def hinted(column: Column, scales: Sequence[Scale]) -> Column:
    """A column with the words of its scale, as the cell tells them when it is chosen."""
    scale = next((scale for scale in scales if scale.name == column.field), None)
    if scale is None:
        return column
    return replace(column, hint="\n".join(f"{step} = {word}" for step, word in scale.options))


def _about(
    by: By, kind: Kind, organisation: Organisation, year: int | None, rows: int, called: str, scales: Sequence[Scale]
) -> list[tuple[str, str]]:  # fmt: skip
    here = by.at.astimezone(COPENHAGEN)
    told = [
        (gettext(FORMS[kind].title), str(year or "")),
        (gettext("Organisation"), f"{organisation.code} {called}"),
        (gettext("Fetched by"), by.name), (gettext("Fetched"), f"{here:%d-%m-%Y %H:%M}"), (gettext("Rows"), str(rows)),
        (gettext("How to fill it in"), gettext(HOW[kind])),
        ("", gettext(KEEP_HIDDEN)),
    ]  # fmt: skip
    for scale in scales:
        also = gettext(scale.also) if scale.also else ""
        told.append((gettext(scale.label), f"{also} {scale.help}".strip()))
        told += [("", f"{step} = {word}") for step, word in scale.options]
    return told
