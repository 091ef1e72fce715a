"""The catalogue of a day as a workbook: what was recorded by the end of it, what was closed, and how it came about."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property
from hashlib import sha256
from typing import IO, Any

from flask_babel import force_locale, gettext
from sqlalchemy import or_, select

from controls.base import checkpoint, settings, told
from controls.base.by import By
from controls.base.db import db, snapshot
from controls.base.told import Key, State
from controls.base.why import N_, Refused
from controls.identity import queries as people
from controls.identity.permissions import Permission
from controls.identity.tables import Organisation
from controls.papers import workbook
from controls.papers.columns import ORGANISATION, SUBPROCESS, Column, Kind, Sheet
from controls.papers.rules import LANGUAGES, NOT_YET, RELEASE, OfDay
from controls.papers.words import Standing
from controls.papers.workbook_out import LEFT, TITLE, Book, Page
from controls.universe.tables import Area, Lineage, Process, Structure, Subprocess
from controls.universe.words import Kind as What
from controls.universe.words import Level

Rows = Iterator[tuple[Any, ...]]
AREA, PROCESS, PART, CHANGE, LINE = (
    table.__tablename__ for table in (Area, Process, Subprocess, Structure, Lineage)
)  # fmt: skip

ABOVE = (
    Column(N_("area_code"), width=11), Column(N_("area_da"), width=46), Column(N_("area_en"), width=46),
)  # fmt: skip
OF_PROCESS = (
    Column(N_("process_code"), width=13), Column(N_("process_da"), width=40), Column(N_("process_en"), width=40),
)  # fmt: skip
LASTS = (Column(N_("valid_from"), Kind.DATE), Column(N_("valid_to"), Kind.DATE))
STATE = Column(N_("state"), Kind.WORD, 14, Standing)
EARLIER = Column(N_("earlier_codes"), width=20)

PROCESSES = Sheet(
    "01", N_("Processes"),
    (
        Column(N_("process_id"), Kind.NUMBER, 13), *OF_PROCESS, *ABOVE, STATE, Column(N_("process_owner"), width=24),
        Column(N_("deputy"), width=24), Column(N_("unit"), width=26), Column(N_("performing_unit"), width=26),
        Column(N_("systems"), width=32), Column(N_("yearly_amount_dkk"), Kind.ORE, 20),
        Column(N_("transactions"), Kind.NUMBER, 13), Column(N_("legal_basis"), Kind.LONG),
        Column(N_("provider_share_percent"), Kind.NUMBER, 13), EARLIER, *LASTS, ORGANISATION,
    ),
    "process_id",
)  # fmt: skip

SUBPROCESSES = Sheet(
    "02", N_("Sub-processes"),
    (
        *SUBPROCESS, Column(N_("subprocess_da"), width=56), Column(N_("subprocess_en"), width=56), *OF_PROCESS, *ABOVE,
        STATE, Column(N_("process_owner"), width=24), EARLIER, Column(N_("came_from"), width=20),
        Column(N_("became"), width=20), Column(N_("typical_risk"), Kind.LONG),
        Column(N_("typical_key_control"), Kind.LONG), Column(N_("suggested_likelihood"), Kind.NUMBER, 14),
        Column(N_("suggested_impact"), Kind.NUMBER, 14), *LASTS, ORGANISATION,
    ),
    "subprocess_id",
)  # fmt: skip

CHANGES = Sheet(
    "03", N_("Changes"),
    (
        Column(N_("change_id"), Kind.NUMBER, 13), Column(N_("effective_on"), Kind.DATE),
        Column(N_("recorded_at"), Kind.MOMENT), Column(N_("recorded_by"), width=24),
        Column(N_("level"), Kind.WORD, 16, Level), Column(N_("change"), Kind.WORD, 34, What),
        Column(N_("code_before"), width=16), Column(N_("code_after"), width=16),
        Column(N_("name_or_place_before"), width=36), Column(N_("coverage_kept"), Kind.YES_NO, 14),
        Column(N_("reason"), Kind.LONG, 60), Column(N_("reason_for_coverage"), Kind.LONG), ORGANISATION,
    ),
    "change_id",
)  # fmt: skip

LEVELS = {AREA: Level.AREA, PROCESS: Level.PROCESS, PART: Level.SUBPROCESS}
PASSED_ON = frozenset({What.SPLIT, What.MERGED, What.TRANSFERRED})
"""Changes that make one line of others, so that coverage is kept or not."""
ABOUT_COVERAGE = frozenset({What.SPLIT, What.TRANSFERRED, What.REOPENED})
"""Changes that say themselves whether coverage is kept; what is merged is covered if all of it is."""


def needed(by: By) -> Permission:
    """What it takes to take the catalogue of a day out: to read it, or to be a command on the host."""
    return Permission.WORKBOOK_EXPORT if by.person_id is None else Permission.CATALOGUE_READ


def write(by: By, organisation: Organisation, day: date, lang: str, out: IO[bytes]) -> OfDay:
    """Write the catalogue as it was recorded by the end of a day, and tell what is in it; the caller records it."""
    by.must(needed(by), organisation.id)
    with snapshot(), force_locale(lang):
        found = _then(organisation, day)
        stamp = checkpoint.make(db.session(), settings.current().keys, by.at, f"{organisation.code} {day.isoformat()}")
        title = gettext("The catalogue of %(organisation)s, %(day)s", organisation=organisation.code, day=_shown(day))
        with Book(title, by.name, by.at, gettext) as book:
            cover = book.page(f"00 {gettext(workbook.COVER)}", (50, 22, 34, 18, 74), frozen=False)
            sums = tuple(
                part for sheet, rows in ((PROCESSES, found.processes), (SUBPROCESSES, found.subprocesses),
                                         (CHANGES, found.changes))
                for part in book.write(sheet, rows())
            )  # fmt: skip
            digest = sha256("".join(sheet.digest for sheet in sums).encode()).hexdigest()
            summary = OfDay(organisation.code, lang, sums, digest, day)
            name = organisation.name_en if lang == "en" else organisation.name_da
            _cover(cover, found, title, f"{organisation.code} {name}", by, summary)
            workbook.contents(cover, summary)
            cover.line([])
            workbook.stamp(cover, stamp)
            cover.close()
            book.save(out)
    return summary


def _shown(day: date) -> str:
    return f"{day:%d-%m-%Y}"


def _then(organisation: Organisation, day: date) -> "Then":
    """Everything that the log told of the catalogue by the end of the day; 404 when that was nothing."""
    own = or_(
        Structure.organisation_id == organisation.id,
        Structure.id.in_(select(Lineage.structure_id).where(Lineage.organisation_id == organisation.id)),
    )  # fmt: skip
    tables: tuple[Any, ...] = (Area, Process, Subprocess)
    rows = {table.__tablename__: select(table.id).where(table.organisation_id == organisation.id) for table in tables}
    changes = select(Structure.id).where(own)
    rows |= {CHANGE: changes, LINE: select(Lineage.id).where(Lineage.structure_id.in_(changes))}
    was = told.states(db.session(), rows, day)
    if not was:
        raise Refused([NOT_YET(organisation=organisation.code, day=_shown(day))])
    named = {state.get(column) for state in was.values() for column in ("owner_id", "deputy_id", "recorded_by_id")}
    codes = {one.id: one.code for one in people.organisations()}
    return Then(organisation.id, day, was, people.names(named), codes)


@dataclass(frozen=True)
class Then:
    """What was recorded by the end of a day, with the names of people and the codes of organisations."""

    organisation: int
    day: date
    was: Mapping[Key, State]
    names: Mapping[int, str]
    codes: Mapping[int, str]

    def of(self, table: str) -> list[tuple[int, State]]:
        """The rows of a table with their ids."""
        return [(id, state) for (name, id), state in self.was.items() if name == table]

    def standing(self, line: State) -> Standing:
        """Whether a line was in force on the day."""
        if line["valid_from"] > self.day.isoformat():
            return Standing.AHEAD
        closed = line["valid_to"] is not None and line["valid_to"] < self.day.isoformat()
        return Standing.CLOSED if closed else Standing.IN_FORCE

    def count(self, table: str, standing: Standing) -> int:
        """How many lines of a level stood so."""
        return sum(self.standing(state) is standing for _id, state in self.of(table))

    def processes(self) -> Rows:
        """Sheet 01: every process, in the order of then."""
        placed = [(id, row, self.was[AREA, row["area_id"]]) for id, row in self.of(PROCESS)]
        for id, row, area in sorted(placed, key=lambda one: (one[2]["sort_key"], one[1]["sort_key"], one[0])):
            yield (
                id, row["code"], row["name_da"], row["name_en"], area["code"], area["name_da"], area["name_en"],
                self.standing(row).value, self._name(row["owner_id"]), self._name(row["deputy_id"]), row["unit"],
                row["performer_unit"], row["systems"], row["yearly_amount_ore"], row["transactions"],
                row["legal_basis"], row["provider_share"], self._earlier(PROCESS, id), *_lasts(row), self._here,
            )  # fmt: skip

    def subprocesses(self) -> Rows:
        """Sheet 02: every sub-process, in the order of then, with what it came of and what became of it."""
        placed = []
        for id, row in self.of(PART):
            above = self.was[PROCESS, row["process_id"]]
            placed.append((id, row, above, self.was[AREA, above["area_id"]]))
        for id, row, above, area in sorted(placed, key=lambda one: (one[3]["sort_key"], one[1]["sort_key"], one[0])):
            yield (
                id, row["code"], row["name_da"], row["name_en"], above["code"], above["name_da"], above["name_en"],
                area["code"], area["name_da"], area["name_en"], self.standing(row).value,
                self._name(above["owner_id"]), self._earlier(PART, id), self._others(id, "after_id", "before_id"),
                self._others(id, "before_id", "after_id"), row["typical_risk"], row["typical_key_control"],
                row["suggested_likelihood"], row["suggested_impact"], *_lasts(row), self._here,
            )  # fmt: skip

    def changes(self) -> Rows:
        """Sheet 03: what happened to the structure, in the order of its days; a row for each line that it made."""
        for id, change, line in self._lines:
            kind, table = What(change["kind"]), line["object_type"]
            before, after = line["before_id"], line["after_id"]
            yield (
                id, date.fromisoformat(change["effective_on"]), datetime.fromisoformat(change["recorded_at"]),
                self._name(change["recorded_by_id"]), LEVELS[table].value, kind.value,
                self._code(table, before, id - 1, line), self._code(table, after, id, line),
                line["was"] if kind in (What.RENAMED, What.MOVED) else "",
                line["inherits"] if kind in ABOUT_COVERAGE and table == PART else None, change["reason"],
                line["reason"], self._here,
            )  # fmt: skip

    @property
    def _here(self) -> str:
        return self.codes[self.organisation]

    def _name(self, id: int | None) -> str:
        return self.names.get(id or 0, "")

    @cached_property
    def _lines(self) -> list[tuple[int, State, State]]:
        """Each change with each line that it made, oldest first."""
        changes = dict(self.of(CHANGE))
        found = [(line["structure_id"], number, line) for number, line in self.of(LINE)]
        ordered = sorted(found, key=lambda one: (changes[one[0]]["effective_on"], one[0], one[1]))
        return [(id, changes[id], line) for id, _number, line in ordered]

    @cached_property
    def _given_up(self) -> dict[Key, list[tuple[int, str]]]:
        """By line, the codes it had before: by which change each was given up, oldest first."""
        found: dict[Key, list[tuple[int, str]]] = {}
        for id, change, line in sorted(self._lines, key=lambda one: one[0]):
            if change["kind"] == What.RECODED:
                found.setdefault((line["object_type"], line["after_id"]), []).append((id, line["was"]))
        return found

    def _earlier(self, table: str, id: int) -> str:
        return "; ".join(code for _change, code in self._given_up.get((table, id), ()))

    def _code(self, table: str, id: int | None, after: int, line: State) -> str:
        """The code that a line had once a change was made; of what is elsewhere, after its organisation's."""
        if id is None:
            return ""
        given_up = self._given_up.get((table, id), ())
        row = self.was.get((table, id))
        code = next((code for change, code in given_up if change > after), row["code"] if row else "")
        if row is not None:
            return code
        same = line["before_id"] if line["after_id"] == id else line["after_id"]  # what is transferred keeps its code
        return f"{self._elsewhere(line, id)} {self.was[table, same]['code'] if (table, same) in self.was else code}"

    def _elsewhere(self, line: State, id: int) -> str:
        """The organisation on the other side of a transfer."""
        change = self.was[CHANGE, line["structure_id"]]
        return self.codes[line["organisation_id"] if line["after_id"] == id else change["organisation_id"]]

    def _others(self, id: int, mine: str, theirs: str) -> str:
        """What a sub-process came of, or what became of it."""
        found = [
            self._code(PART, line[theirs], change_id - (theirs == "before_id"), line)
            for change_id, change, line in self._lines
            if change["kind"] in PASSED_ON and line["object_type"] == PART and line[mine] == id
            and line[theirs] not in (None, id)
        ]  # fmt: skip
        return "; ".join(found)


def _lasts(row: State) -> tuple[date, date | None]:
    until = row["valid_to"]
    return date.fromisoformat(row["valid_from"]), date.fromisoformat(until) if until else None


def _cover(page: Page, found: Then, title: str, organisation: str, by: By, summary: OfDay) -> None:
    """The cover: what this is, of which day, and how much stood so."""
    page.line([title], TITLE)
    page.line([gettext("What was recorded by the end of the day. Later changes do not show.")])
    page.line([])
    facts: list[tuple[str, Any, str]] = [
        (gettext("Organisation"), organisation, ""), (gettext("As of"), summary.day, "dd-mm-yyyy"),
        (gettext("Extracted"), by.at, "dd-mm-yyyy hh:mm:ss"), (gettext("Extracted by"), f"{by.name} ({by.role})", ""),
        (gettext("Program version"), RELEASE, ""), (gettext("Language"), gettext(LANGUAGES[summary.lang]), ""),
    ]  # fmt: skip
    for label, table in ((gettext("Processes"), PROCESS), (gettext("Sub-processes"), PART)):
        facts += [(f"{label}: {gettext(one.label).lower()}", found.count(table, one), "#,##0") for one in Standing]
    facts.append((gettext("SHA-256 of the sheets' digests"), summary.digest, ""))
    for label, value, form in facts:
        page.line([label, value], LEFT, ("", form))
    page.line([])
