"""The audit workbook, read back: what it says is what the database holds."""

import hashlib
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from io import BytesIO
from typing import Any
from zipfile import ZipFile

import pytest
import python_calamine
from flask_babel import force_locale, gettext
from openpyxl import load_workbook
from sqlalchemy import func, select

from controls.accounts import actions as accounts
from controls.assessment import actions as assessing
from controls.assessment import scales
from controls.assessment.tables import ScaleSet
from controls.base import audit, checkpoint, keys
from controls.base.audit import EventRow
from controls.base.db import db, transaction
from controls.base.settings import current
from controls.base.why import Refused
from controls.effectiveness.tables import OperatingTest, SampleItem
from controls.evidence import actions as evidence
from controls.evidence import queries as files
from controls.evidence.tables import Evidence, Request
from controls.evidence.words import DataClass, RequestKind, RequestState
from controls.finding.tables import Finding
from controls.identity import queries as identity
from controls.identity.duties import Duty
from controls.identity.tables import RoleGrant
from controls.papers import actions, queries, running, workbook
from controls.papers.columns import LIMIT, Kind, Sheet
from controls.review.tables import DesignTest
from controls.universe.tables import Subprocess
from tests import make
from tests.papers.sample import CHANGED, FORMULA, Year, filled

ALL = (
    *(sheet for sheet, _ in queries.ROWS), running.INCOMPATIBLE, running.EXCEPTIONS, running.REFUSED, running.LOG,
    running.PARAMETERS, running.CODES,
)  # fmt: skip


def taken(year: Year, lang: str = "da", who: Any = None) -> tuple[BytesIO, Any]:
    """A workbook and its summary."""
    out = BytesIO()
    summary = workbook.write(make.by(who or year.auditor), year.organisation, 2026, lang, out)
    out.seek(0)
    return out, summary


def sheets(file: BytesIO) -> dict[str, list[list[Any]]]:
    """Every sheet by its number, as rows of values."""
    book = load_workbook(file)
    return {ws.title.split(" ")[0]: [list(row) for row in ws.iter_rows(values_only=True)] for ws in book.worksheets}


def column(rows: list[list[Any]], label: str) -> list[Any]:
    """The cells of a column by its English or Danish heading."""
    at = rows[0].index(label)
    return [row[at] for row in rows[1:]]


def expected(year: Year, sheet: Sheet, lang: str = "da") -> list[tuple[Any, ...]]:
    """The rows as the queries give them."""
    by = make.by(year.auditor)
    with force_locale(lang), queries.snapshot():
        scope = queries.scope(by, year.organisation, 2026)
        if sheet is running.LOG:
            return list(queries.log(scope, gettext))
        if sheet is running.EXCEPTIONS:
            return list(queries.exceptions(scope))
        if sheet in (running.INCOMPATIBLE, running.REFUSED):
            return list((queries.refused if sheet is running.REFUSED else queries.incompatible)(scope, gettext))
        if sheet is running.PARAMETERS:
            return list(workbook._parameters(scope))
        if sheet is running.CODES:
            return list(workbook._codes(scope))
        return list(dict(queries.ROWS)[sheet](scope))


def plain(value: Any, kind: Kind) -> Any:
    """A value as it should read back."""
    if kind is Kind.WORDS:
        return [part for part in (value or "").replace(",", ";").split(";") if part]
    if kind is Kind.YES_NO:
        return None if value is None else bool(value)
    if kind is Kind.SHARE:
        return None if value in (None, "") else pytest.approx(float(value))
    if kind in (Kind.TEXT, Kind.LONG):
        text = (value or "").replace("\r\n", "\n").replace("\x07", "")
        return text if len(text) <= LIMIT else text[: LIMIT - 1] + "…"
    return value


@pytest.mark.parametrize("lang", ["da", "en"])
def test_every_cell_reads_back(app: Any, lang: str) -> None:
    year = filled()
    file, _ = taken(year, lang)
    found = sheets(file)
    for sheet in ALL:
        rows = found[sheet.number]
        wanted = expected(year, sheet, lang)
        assert len(rows) - 1 == len(wanted) > 0, sheet.title
        with force_locale(lang):
            assert rows[0] == [gettext(column.label) for column in sheet.columns]
            readers: list[Callable[[Any], Any]] = [column.reader(gettext) for column in sheet.columns]
            for got, row in zip(rows[1:], wanted, strict=True):
                for at, kind in enumerate(column.kind for column in sheet.columns):
                    assert readers[at](got[at]) == plain(row[at], kind), (sheet.title, sheet.columns[at].label)


def test_both_versions_of_what_was_reopened_are_told(app: Any) -> None:
    found = sheets(taken(filled(), "en")[0])
    assert column(found["10"], "version") == [2] and column(found["10b"], "version") == [1, 1]
    assert column(found["10b"], "object_no") == [*column(found["10"], "review_id"), "KRE-2"]
    review, form = column(found["10b"], "earlier_version")
    assert "Ingen fejl" in review and "Som sidste år" in form


def test_counts_and_totals_agree_with_cover_and_database(app: Any) -> None:
    year = filled()
    file, summary = taken(year)
    found = sheets(file)
    told = {row[0]: row for row in found["00"] if row[0]}
    for sheet, listed in zip(ALL, summary.sheets, strict=True):
        rows, cover = found[sheet.number], told[listed.title]
        assert cover[1] == listed.rows == len(rows) - 1
        total = sum(row[sheet.total_at] or 0 for row in rows[1:])
        assert total == pytest.approx(cover[3]) == pytest.approx(listed.shown), sheet.title
        assert cover[2] == rows[0][sheet.total_at]
    assert summary.rows == sum(len(rows) - 1 for number, rows in found.items() if number != "00")
    count = {t: db.session.scalar(select(func.count()).select_from(t)) for t in (Subprocess, SampleItem, Evidence)}
    assert [len(found[n]) - 1 for n in ("01", "12", "13")] == [count[Subprocess], count[SampleItem], count[Evidence]]
    tests = [db.session.scalar(select(func.count()).select_from(t)) for t in (DesignTest, OperatingTest)]
    assert len(found["11"]) - 1 == sum(tests)
    assert sum(column(found["13"], "størrelse_bytes")) == db.session.scalar(select(func.sum(Evidence.size)))


@pytest.mark.half("sqlite")  # a workbook is a file
def test_a_second_reader_sees_the_same(app: Any) -> None:
    file, summary = taken(filled())
    book = python_calamine.CalamineWorkbook.from_filelike(file)
    for sheet, listed in zip(ALL, summary.sheets, strict=True):
        rows = book.get_sheet_by_name(listed.title).to_python()
        assert len(rows) - 1 == listed.rows
        assert sum(row[sheet.total_at] or 0 for row in rows[1:]) == pytest.approx(listed.shown)
    cover = book.get_sheet_by_name(book.sheet_names[0]).to_python()
    assert any(isinstance(cell, datetime) for row in cover for cell in row)


@pytest.mark.half("sqlite")  # a workbook is a file
def test_formulas_are_harmless_text(app: Any) -> None:
    file, _ = taken(filled())
    book = load_workbook(file)
    dangerous = [c for ws in book.worksheets for row in ws.iter_rows() for c in row
                 if isinstance(c.value, str) and c.value[:1] in tuple("=+-@\t\r")]  # fmt: skip
    assert FORMULA in {cell.value for cell in dangerous}
    assert all(cell.data_type == "s" and cell.quotePrefix for cell in dangerous)
    assert not any(c.data_type == "f" for ws in book.worksheets for row in ws.iter_rows() for c in row)
    file.seek(0)
    with ZipFile(file) as archive:
        assert not any(b"<f>" in archive.read(name) for name in archive.namelist() if "worksheets" in name)


@pytest.mark.half("postgresql")  # a workbook is a file
def test_dates_and_numbers_are_true(app: Any) -> None:
    found = sheets(taken(filled())[0])
    assert column(found["01"], "gyldig_fra")[0] == datetime(2022, 1, 3)
    assert column(found["01"], "årligt_beløb_dkk")[0] == 123456789.01
    assert column(found["12"], "beløb_fejl_dkk")[1] == 1234.56
    assert column(found["02"], "indsendt")[0] == datetime(2026, 3, 17, 10, 0)
    assert column(found["11"], "afvigelsespct")[1] == pytest.approx(1 / 3)


@pytest.mark.half("postgresql")  # a workbook is a file
def test_headings_stay_and_can_be_filtered(app: Any) -> None:
    book = load_workbook(taken(filled(), "en")[0])
    assert book.sheetnames[:3] == ["00 Cover page", "01 Processes", "02 Assessments"]
    for ws in book.worksheets[1:]:
        assert ws.freeze_panes == "B2"
        assert ws.auto_filter.ref and ws.auto_filter.ref.startswith("A1:")
        assert not ws.merged_cells.ranges
    assert load_workbook(taken_again()).sheetnames[:2] == ["00 Forside", "01 Processer"]


def taken_again() -> BytesIO:
    """The Danish workbook of what is there."""
    from controls.identity import queries as identity

    out, star = BytesIO(), identity.organisation("STAR")
    assert star is not None
    workbook.write(make.by(identity.person("revisor")), star, 2026, "da", out)  # type: ignore[arg-type]
    out.seek(0)
    return out


def test_same_data_same_bytes(app: Any) -> None:
    year = filled()
    first, one = taken(year)
    second, two = taken(year)
    assert one == two
    assert hashlib.sha256(first.getvalue()).digest() == hashlib.sha256(second.getvalue()).digest()
    with ZipFile(first) as archive:
        for number, sheet in enumerate(one.sheets, 2):
            part = archive.read(f"xl/worksheets/sheet{number}.xml")
            assert hashlib.sha256(part).hexdigest() == sheet.digest
    year.change("Andet forhold")
    assert taken(year)[1].digest != one.digest


def test_log_tells_before_and_after(app: Any) -> None:
    year = filled()
    year.change("Nyt forhold")
    year.change("")
    rows = sheets(taken(year)[0])["19"]
    head = {label: at for at, label in enumerate(rows[0])}
    changes = [row for row in rows[1:] if row[head["felt"]] == "condition"]
    assert [(row[head["før"]], row[head["efter"]]) for row in changes] == [
        (None, "Forhold"), ("Forhold", "Nyt forhold"), ("Nyt forhold", None),
    ]  # fmt: skip
    assert changes[-1][head["begrundelse"]] == "Rettet"
    leaf = db.session.scalar(select(EventRow.leaf).order_by(EventRow.seq.desc()))
    assert rows[-1][head["leaf_hash"]] == leaf.hex()
    assert not any("argon2" in str(cell) for row in rows for cell in row)


HEADINGS = {
    "13": "dokumentation_id, hører_til_type, hører_til_id, hvad_viser_filen, dækker_fra, dækker_til, filnavn, art, "
          "størrelse_bytes, sha256, uploadet_af, uploadet_kl, version, låst, erstattet_af, opbevares_til, "
          "ekstern_reference",
    "18": "bruger_id, navn, enhed, rolle, organisation, fra, til, tildelt_af, gæst_fra",
    "18a": "regel, rolle, anden_rolle, fra, til, dispensation_id",
    "18b": "regel, person, fra, til, tildelt_af, begrundelse",
    "19": "nr, tidspunkt, bruger, rolle, på_vegne_af, objekt_type, objekt_id, handling, felt, før, efter, begrundelse, "
          "leaf_hash",
}  # fmt: skip
"""What an external auditor wants to find on the sheets of evidence, people and log."""


@pytest.mark.half("sqlite")  # a workbook is a file
def test_the_headings_are_those_that_an_auditor_wants(app: Any) -> None:
    found = sheets(taken(filled())[0])
    for number, wanted in HEADINGS.items():
        names = wanted.split(", ")
        assert set(names) <= set(found[number][0]), number
        order = [name for name in found[number][0] if name in names and name != "organisation"]
        assert order == [name for name in names if name != "organisation"], number


def test_the_custody_of_a_file_is_told(app: Any) -> None:
    """A file replaced, its newer version on hold; one withdrawn by two; one disposed of after its years."""
    year = filled()
    head = db.session.scalars(select(Evidence)).one()
    by, org, on = make.by(year.tester), year.organisation.id, ("review_review", year.review.id)
    with transaction():
        first = evidence.add(by, org, *on, "a.txt", BytesIO(b"Foerste udgave"), "A", reference="F2 2026-117")
        gone = evidence.add(by, org, *on, "b.txt", BytesIO(b"Forkert periode"), "B", data_class=DataClass.PERSONAL)
        asked = evidence.ask_withdrawal(by, gone.id, "Forkert periode")
    with files.received("a2.txt", BytesIO(b"Anden udgave")) as file, transaction():
        second = evidence.replace(by, first.id, file, "A", None, None, DataClass.INTERNAL, False, "Ny side")
    group = make.by(year.group, make.NOW + timedelta(hours=1))
    with transaction():
        evidence.approve(group, asked.id, None, "Enig")
        evidence.hold(group, second.id, None, "Sag hos ankenævnet")
        evidence.hold(group, first.id, date(2040, 1, 1), "Tilskudssag")
        evidence.bind(group, org, "review_review", year.review.id, {"review_review": [year.review.id]})
        evidence.set_retention(group, org, DataClass.PERSONAL, 7, "Personsager")
    found = sheets(taken(year)[0])["13"]
    told = {row[0]: dict(zip(found[0], row, strict=True)) for row in found[1:]}
    assert (told[first.id]["erstattet_af"], told[first.id]["version"], told[second.id]["version"]) == (second.id, 1, 2)
    assert (told[second.id]["erstatter"], told[second.id]["erstatning_begrundelse"]) == (first.id, "Ny side")
    assert told[first.id]["ekstern_reference"] == "F2 2026-117" and told[first.id]["scannet_kl"] is None
    assert told[first.id]["erstattet_kl"] == datetime(2026, 3, 17, 10, 0)
    assert told[first.id]["opbevares_til"] == datetime(2040, 1, 1)
    assert told[gone.id]["opbevares_til"] == datetime(2033, 12, 31)
    assert told[head.id]["opbevares_til"] == datetime(2031, 12, 31)
    withdrawn = [told[gone.id][f"tilbagetrækning_{what}"] for what in ("anmodet_af", "godkendt_af", "begrundelse")]
    assert withdrawn == ["Test Testesen", "Gruppe Gruppesen", "Forkert periode"]
    assert told[gone.id]["tilbagetrukket_kl"] == told[second.id]["låst"] == datetime(2026, 3, 17, 11, 0)
    assert told[gone.id]["låst"] is None and told[gone.id]["dataklasse"] == "Personoplysninger"
    assert [told[id]["kassationsstop"] for id in (first.id, second.id, gone.id)] == ["Ja", "Ja", "Nej"]
    held = (told[second.id]["kassationsstop_sat_af"], told[second.id]["kassationsstop_begrundelse"])
    assert held == ("Gruppe Gruppesen", "Sag hos ankenævnet")


def test_a_disposal_is_told_with_its_two_people(app: Any) -> None:
    year = filled()
    with transaction():
        row = db.session.scalars(select(Evidence)).one()
        asked = year.add(Request(
            evidence_id=row.id, kind=RequestKind.DISPOSE, reason="Fristen er udløbet", state=RequestState.APPROVED,
            asked_by_id=year.owner.id, asked_at=make.NOW, decided_by_id=year.group.id, decided_at=make.NOW,
        ))  # fmt: skip
        year.add(Request(
            evidence_id=row.id, kind=RequestKind.WITHDRAW, reason="Ikke enig", state=RequestState.REFUSED,
            asked_by_id=year.owner.id, asked_at=make.NOW, decided_by_id=year.group.id, decided_at=make.NOW,
        ))  # fmt: skip
        row.disposed_at = asked.decided_at
        audit.record(make.by(year.group), CHANGED, row)
    found = sheets(taken(year)[0])["13"]
    told = dict(zip(found[0], found[1], strict=True))
    people = [told[f"kassation_{what}"] for what in ("anmodet_af", "godkendt_af", "begrundelse")]
    assert people == ["Ejer Ejersen", "Gruppe Gruppesen", "Fristen er udløbet"]
    assert told["kasseret_kl"] == datetime(2026, 3, 17, 10, 0) and told["tilbagetrækning_anmodet_af"] is None


def test_visitors_stand_beside_the_roles(app: Any) -> None:
    found = sheets(taken(filled())[0])["18"]
    (guest,) = [dict(zip(found[0], row, strict=True)) for row in found[1:] if row[found[0].index("gæst_fra")]]
    assert (guest["navn"], guest["rolle"], guest["gæst_fra"]) == ("Gæst Gæstesen", "Tester", "UDLAAN")
    assert (guest["rolle_i_organisation"], guest["tildelt_af"]) == ("STAR", "Revisor Revisen")
    assert (guest["gæst_ved"], guest["gæst_ved_nr"]) == ("Gennemgang", "G-2026-01")
    assert (guest["fra"], guest["til"]) == (datetime(2026, 3, 1), datetime(2026, 11, 30))


def test_incompatible_roles_are_told_with_the_rule_and_the_exemption(app: Any) -> None:
    year = filled()
    both = identity.person("dobbelt")
    chair = identity.person("formand")
    assert both and chair
    with transaction():
        exempt = accounts.grant_exception(
            make.by(chair), year.organisation.id, Duty.S10, both.id, make.NOW.date(), date(2026, 12, 31), "Få folk",
        )  # fmt: skip
    found = sheets(taken(year)[0])["18a"]
    told = [dict(zip(found[0], row, strict=True)) for row in found[1:]]
    assert {row["navn"] for row in told} == {"Dobbelt Rolle"}
    rules = {row["regel"]: row for row in told if row["rolle"] == "Controller"}
    assert set(rules) == {"S1", "S3", "S10", "S11"}
    assert rules["S3"]["anden_rolle"] == "Arbejds- og koordinationsgruppen"
    assert [rules[rule]["dispensation_id"] for rule in ("S3", "S10")] == [None, exempt.id]
    with transaction():
        grant = db.session.scalars(select(RoleGrant).where(RoleGrant.person_id == both.id)).first()
        assert grant is not None
        grant.valid_to = date(2026, 3, 1)
        audit.record(make.system(), CHANGED, grant)
    assert len(sheets(taken(year)[0])["18a"]) == 1


def test_who_acts_for_another_is_told_in_the_log(app: Any) -> None:
    year = filled()
    with transaction():
        row = db.session.get_one(Finding, year.finding.id)
        row.condition = "Af en stedfortræder"
        audit.record(replace(make.by(year.tester), on_behalf_of=year.owner.id), CHANGED, row)
    rows = sheets(taken(year)[0])["19"]
    last = dict(zip(rows[0], rows[-1], strict=True))
    assert (last["bruger"], last["på_vegne_af"]) == ("Test Testesen", "Ejer Ejersen")
    assert {row[rows[0].index("på_vegne_af")] for row in rows[1:-1]} == {None}


def test_only_auditors_get_the_log(app: Any) -> None:
    year = filled()
    file, _ = taken(year, who=year.group)
    found = sheets(file)
    assert len(found["19"]) == 1
    assert "kun revisorer" in str(next(row[1] for row in found["00"] if row[0] == "Ændringslog")).lower()
    out = BytesIO()
    workbook.write(make.system(), year.organisation, 2026, "da", out)
    assert len(sheets(out)["19"]) > 1


def test_an_empty_organisation_has_every_sheet(app: Any) -> None:
    from controls.base import audit
    from controls.wheel.tables import Cycle
    from controls.wheel.words import State
    from tests.papers.sample import FILLED

    empty = make.organisation("DEP")
    auditor = make.person("revisor", None, empty)
    with transaction():
        cycle = Cycle(organisation_id=empty.id, year=2026, state=State.CREATED, capacity_hours=0, interval_high=2,
                      interval_elevated=3, interval_moderate=5, interval_low=5, saved_at=make.NOW,
                      saved_by="x")  # fmt: skip
        db.session.add(cycle)
        db.session.flush()
        audit.record(make.system(), FILLED, cycle)
    out = BytesIO()
    summary = workbook.write(make.system(), empty, 2026, "da", out)
    assert [sheet.rows for sheet in summary.sheets][:17] == [0] * 17
    assert len(sheets(out)) == len(ALL) + 1
    with pytest.raises(Refused) as missing:
        workbook.write(make.system(), empty, 2025, "da", BytesIO())
    assert missing.value.status == 404
    with pytest.raises(Refused) as forbidden:
        workbook.write(make.by(auditor), empty, 2026, "da", BytesIO())
    assert forbidden.value.status == 403


def test_export_is_recorded_with_its_digest(app: Any) -> None:
    year = filled()
    _, summary = taken(year)
    by = make.by(year.auditor, datetime(2026, 3, 18, tzinfo=UTC))
    with transaction():
        actions.record_export(by, year.organisation, summary)
    (export,) = queries.exports(frozenset({year.organisation.id}))
    assert (export.person, export.year, export.digest) == ("Revisor Revisen", 2026, summary.digest)
    with pytest.raises(Refused), transaction():
        actions.record_export(make.by(year.owner), year.organisation, summary)


@pytest.mark.half("postgresql")  # a workbook is a file
def test_rows_go_on_to_the_next_sheet(app: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from controls.papers import workbook_out

    year = filled()
    monkeypatch.setattr(workbook_out, "ROWS_OF_A_SHEET", 3)
    file, summary = taken(year)
    book = load_workbook(file)
    parts = [sheet for sheet in summary.sheets if sheet.number == "01"]
    assert [sheet.title for sheet in parts] == ["01 Processer", "01 Processer (2)"]
    assert [sheet.rows for sheet in parts] == [3, 1]
    assert [book[sheet.title].max_row for sheet in parts] == [4, 2]


def test_the_cover_carries_the_logs_checkpoint(app: Any) -> None:
    """The lines on the cover are a checkpoint of the log that the sheets were read with, kept and signed."""
    file, _ = taken(filled())
    lines = [row[1] or "" for row in sheets(file)["00"]]
    origin = next(at for at, line in enumerate(lines) if str(line).startswith("kontrolrul/"))
    note = checkpoint.parse("\n".join(str(line) for line in lines[origin : origin + 7]) + "\n")
    assert note.size == db.session.scalar(select(func.max(EventRow.seq))) and note.cycle.endswith(" 2026")
    assert note.signed(keys.public_key(current().keys))
    assert note == checkpoint.read(current().keys / "checkpoints" / f"{note.size}.txt")


@pytest.mark.parametrize("lang", ["da", "en"])
def test_the_parameters_are_the_years_own_scales(app: Any, lang: str) -> None:
    year = filled()
    danish = "nul\nlidt\nhalvt\nmeget\nalt"
    used = scales.Scales(**vars(scales.STANDARD) | {"high_from": 16, "weight_fraud": 100, "control_da": danish})
    with transaction():
        row = year.add(ScaleSet(cycle_id=year.cycle.id, **vars(used)))
        audit.record(make.by(year.group), assessing.SCALES_CHANGED, row)
    rows = [row[:5] for row in expected(year, running.PARAMETERS, lang)]
    words = ("Lowest score", "High", "score", "Control level", "step", "per cent")
    with force_locale(lang):
        told = {name: gettext(name) for name in words}
        impact = gettext("Impact %(step)s begins at", step=3)
    assert (f"{told['Lowest score']}: {told['High']}", 16, told["score"]) in [row[:3] for row in rows]
    assert (told["Control level"], 3, told["step"], "halvt", "partial") in rows
    assert sum(1 for row in rows if row[2] == told["step"] and row[3]) == 15
    assert [row[1] for row in rows if row[2] == told["per cent"]] == [0, 0, 0, 0, 0, 100, 0]
    assert rows[[row[3] for row in rows].index(used.digest)][4] == used.digest
    cover = [tuple(str(cell) for cell in row[:2]) for row in sheets(taken(year, lang)[0])["00"]]
    assert [value for _, value in cover if value.startswith(("1–4", "100.000 "))] == [
        "1–4 / 5–9 / 10–15 / 16–25", "100.000 / 1.000.000 / 10.000.000 / 100.000.000",
    ]  # fmt: skip
    assert (impact, 1_000_000) in [row[:2] for row in rows]
