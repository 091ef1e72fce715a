"""The catalogue goes in through one door: all or nothing, one event, nothing removed."""

import csv
import io
import json
from typing import Any

import openpyxl
import pytest
from sqlalchemy import func, select

from controls.base.audit import EventRow
from controls.base.db import Stale, db, transaction
from controls.base.why import Refused
from controls.identity.permissions import Role
from controls.universe import actions, queries, rules
from controls.universe.rules import Facts
from controls.universe.tables import Area, Process, Subprocess

HEAD = ["Area code", "Area", "Sub-process code", "Sub-process"]
TWO_LEVELS = [["1", "Payroll", "1.1", "Changes, leavers"], ["1", "Payroll", "1.10", "Pay – run"],
              ["2", "Travel", "2.1", "Trips"]]  # fmt: skip


def as_csv(rows: list[list[Any]], separator: str = ",", head: list[str] = HEAD) -> bytes:
    text = io.StringIO()
    csv.writer(text, delimiter=separator).writerows([head, *rows])
    return text.getvalue().encode()


def as_xlsx(rows: list[list[Any]], head: list[str] = HEAD) -> bytes:
    book = openpyxl.Workbook()
    for row in [head, *rows]:
        book.active.append(row)
    data = io.BytesIO()
    book.save(data)
    return data.getvalue()


def counts() -> tuple[int, ...]:
    return tuple(db.session.scalar(select(func.count()).select_from(t)) or 0 for t in (Area, Process, Subprocess))


def take(make: Any, organisation: Any, data: bytes, name: str = "file.csv") -> rules.Preview:
    entries = queries.read_catalogue(data, name)
    with transaction():
        return actions.import_catalogue(make.system(), organisation.id, entries, name, "0" * 64)


def test_the_shipped_catalogue(make: Any) -> None:
    here = make.organisation()
    assert take(make, here, queries.proposed(), queries.PROPOSED).new == 165
    assert counts() == (16, 39, 110)
    codes = [row.code for row in queries.active_subprocesses(here.id, make.NOW.date())]
    assert codes[:3] == ["AAR-1.1", "AAR-1.2", "AAR-1.3"] and len(codes) == 110
    row = queries.subprocess_by_code(here.id, "BEV-1.1")
    assert row is not None and row.suggested_impact == 4 and row.valid_from == make.NOW.date()


def test_one_event_with_every_row(make: Any) -> None:
    here = make.organisation()
    take(make, here, as_csv(TWO_LEVELS))
    event = db.session.scalars(select(EventRow).where(EventRow.action == "universe.catalogue_imported")).one()
    payload = json.loads(event.payload)
    assert payload["fields"]["new"] == 7 and len(payload["rows"]) == 7
    assert event.organisation_id == here.id and event.object_type == "identity_organisation"


def test_a_two_level_english_file_with_dotted_codes(make: Any) -> None:
    here = make.organisation()
    take(make, here, as_csv(TWO_LEVELS))
    assert counts() == (2, 2, 3)
    process = queries.process_by_code(here.id, "1")
    assert process is not None and process.name_en == "Payroll" and process.name_da == ""
    assert [row.code for row in queries.subprocesses_of(process.id)] == ["1.1", "1.10"]


@pytest.mark.parametrize("data,name", [
    (as_csv(TWO_LEVELS, ";"), "a.csv"), (b"\xef\xbb\xbf" + as_csv(TWO_LEVELS), "a.csv"),
    (b"\xef\xbb\xbf" + as_csv(TWO_LEVELS, ";"), "A.CSV"), (as_xlsx(TWO_LEVELS), "a.xlsx"),
])  # fmt: skip
def test_the_ways_a_file_is_written(make: Any, data: bytes, name: str) -> None:
    assert queries.read_catalogue(data, name) == queries.read_catalogue(as_csv(TWO_LEVELS), "b.csv")


FIVE_HUNDRED = [["1", "Payroll", f"1.{i}", f"Part {i}"] for i in range(1, 501)]
BAD_317 = [*FIVE_HUNDRED[:315], ["1", "Payroll", "1.316", ""], *FIVE_HUNDRED[316:]]
LATIN = "Områdekode;Område;Delproceskode;Delproces\n1;Løn;1.1;Løn\n".encode("latin-1")
LINK = '=HYPERLINK("http://x","Pay")'
BROKEN = {
    "wrong column": (as_csv([["x", "y"]], head=["Proces", "Ejer"]), "a.csv", "Delproceskode / Sub-process code"),
    "duplicate code": (as_csv([*TWO_LEVELS, TWO_LEVELS[0]]), "a.csv", "Row 5, column C “Sub-process code”"),
    "bad row 317 of 500": (as_csv(BAD_317), "a.csv", "Row 317, column D “Sub-process”: The name is missing"),
    "empty": (b"", "a.csv", "The file is empty."),
    "not a workbook": (b"Area code;Area\n1;2", "a.xlsx", "does not match its extension .xlsx"),
    "formula in a name": (as_xlsx([["1", "Payroll", "1.1", LINK]]), "a.xlsx", "Cell Sheet!D2 holds a formula"),
    "score 7": (as_csv([[*TWO_LEVELS[0], 7]], head=[*HEAD, "Likelihood"]), "a.csv", "Row 2, column E “Likelihood”"),
    "missing name": (as_csv([["1", "", "1.1", "N"]]), "a.csv", "Row 2, column B “Area”: The name is missing"),
    "missing code": (as_csv([["1", "Payroll", "", "N"]]), "a.csv", "Row 2, column C “Sub-process code”: The code"),
    "too many rows": (as_csv([["1", "P", f"1.{i}", "N"] for i in range(20_001)]), "a.csv", "(20000 × 100)"),
    "Latin-1 bytes": (LATIN, "a.csv", "Line 1 is not UTF-8"),
}


@pytest.mark.parametrize("case", BROKEN)
def test_a_broken_file_changes_nothing(make: Any, case: str) -> None:
    data, name, says = BROKEN[case]
    here = make.organisation()
    take(make, here, as_csv(TWO_LEVELS))
    events = db.session.scalar(select(func.count()).select_from(EventRow))
    with pytest.raises(Refused) as why:
        take(make, here, data, name)
    assert any(says in str(reason) for reason in why.value.reasons), [str(r) for r in why.value.reasons][:5]
    assert counts() == (2, 2, 3)
    assert db.session.scalar(select(func.count()).select_from(EventRow)) == events


def test_again_renames_and_adds_but_never_removes(make: Any) -> None:
    here = make.organisation()
    take(make, here, as_csv(TWO_LEVELS))
    found = take(make, here, as_csv([["1", "Salaries", "1.1", "Changes, leavers"], ["1", "Salaries", "1.2", "New"]]))
    assert (found.new, found.changed, found.same, found.absent) == (1, 2, 1, 4)
    assert counts() == (2, 2, 4)
    area = queries.areas(here.id)[0]
    assert area.name_en == "Salaries" and area.version == 2
    process = queries.process_by_code(here.id, "1")
    assert process is not None and process.name_en == "Salaries"


def test_only_who_may_edit_the_catalogue(make: Any) -> None:
    here = make.organisation()
    for role in (Role.OWN, Role.CTL, Role.SEC, Role.AUD):
        someone = make.person(f"p-{role.lower()}", role, here)
        with pytest.raises(Refused) as why, transaction():
            actions.import_entries(make.by(someone), here.id, [], "a.csv", "")
        assert why.value.status == 403


def edited(make: Any) -> tuple[Any, Process, Any]:
    here = make.organisation()
    take(make, here, as_csv(TWO_LEVELS))
    group = make.person("group", Role.GRP, here)
    owner = make.person("owner", Role.OWN, here)
    process = queries.process_by_code(here.id, "1")
    assert process is not None
    return make.by(group), process, owner


def test_facts_are_saved_and_told(make: Any) -> None:
    by, process, owner = edited(make)
    facts = Facts(owner.id, by.person_id, "Løn", "Løn", 1_000_00, 12, "SLS;Navision\nF2", "Tjenestemandsloven", 40)
    with transaction():
        row = actions.edit_process(by, process.id, 1, facts)
    assert row.version == 2 and row.systems == "SLS; Navision; F2" and row.saved_by == "Group"
    assert [p.code for p in queries.owned_by(owner.id, make.NOW.date())] == ["1"]
    event = db.session.scalars(select(EventRow).order_by(EventRow.seq.desc())).first()
    assert event is not None and event.action == "universe.process_edited" and event.object_version == 2


def test_facts_are_refused(make: Any) -> None:
    by, process, owner = edited(make)
    for facts, version, status in (
        (Facts(owner.id, owner.id), 1, 422), (Facts(owner_id=99999), 1, 422), (Facts(owner.id), 7, 409),
    ):  # fmt: skip
        with pytest.raises(Refused) as why, transaction():
            actions.edit_process(by, process.id, version, facts)
        assert why.value.status == status
    with pytest.raises(Refused) as why, transaction():
        actions.edit_process(make.by(owner), process.id, 1, Facts())
    assert why.value.status == 403
    assert db.session.get_one(Process, process.id).version == 1


def test_a_stale_edit_brings_the_saved_row(make: Any) -> None:
    by, process, owner = edited(make)
    with transaction():
        actions.edit_process(by, process.id, 1, Facts(unit="First"))
    with pytest.raises(Stale) as why, transaction():
        actions.edit_process(by, process.id, 1, Facts(unit="Second"))
    assert why.value.row.unit == "First"
