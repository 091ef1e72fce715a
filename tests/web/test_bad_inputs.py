"""Every case of the shared list of bad inputs on a real route: answered as it says, in the reader's language.

A refused input changes no row but the log's own, leaves a line in the security log without anything of what was sent,
tells nothing from inside, is quick and small, and the log is sound afterwards. `SURFACES` says which route each case
is tried on; a case that is on none fails.
"""

import io
import json
import re
import resource
import struct
import time
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from flask import Flask
from openpyxl import load_workbook
from sqlalchemy import func, select
from werkzeug.test import TestResponse

from controls.base import verify
from controls.base.audit import EventRow
from controls.base.db import db, transaction
from controls.base.settings import current
from controls.effectiveness import actions as testing
from controls.effectiveness.rules import Plan
from controls.effectiveness.tables import OperatingTest
from controls.effectiveness.words import Method
from controls.evidence import actions as evidence
from controls.evidence.tables import Evidence
from controls.finding.tables import Finding
from controls.forum.tables import Decision, Meeting
from controls.identity import actions as identity
from controls.identity.permissions import Role
from controls.universe.tables import Process
from controls.wheel.tables import Cycle
from controls.wheel.words import State as Phase
from tests.assessment.year import Year, wired
from tests.base.test_intake import build as sheet_file
from tests.base.test_intake import workbook
from tests.effectiveness import setting
from tests.evidence.builders import PDF, made, padded
from tests.finding.test_routes import FORM
from tests.forum.test_actions import recorded
from tests.recommendation import scene as stage
from tests.recommendation.test_actions import handed_over

LIST = json.loads((Path(__file__).parents[1] / "data/bad-inputs.json").read_text("utf-8"))
CASES = {case["id"]: case for case in LIST["inputs"]}
OK = (200, 303)
PLAIN = {"stored_as_text", "accepted", "already_done"}
LIMIT = 2 * 1024 * 1024
WITHIN_SECONDS, WITHIN_BYTES = 3, 150 * 1024 * 1024
INSIDE = re.compile(r"Traceback|File \"/|/tmp/|site-packages|SELECT |INSERT INTO|sqlite3?\.|psycopg|root:|/proc/")
BETTER = {  # sentences that say more than the list's
    "number_invalid": ("skal være et tal|Skriv “[^”]+” med tal", "must be a number|Write “[^”]+” in digits"),
    "date_invalid": ("Skriv “[^”]+” som en gyldig dato", "is not a valid date"),
    "date_out_of_range": ("Datoen må ikke ligge i fremtiden|skal ligge mellem", "may not lie in the future|between"),
    "wrong_state": (
        "Test resten, før du konkluderer|er allerede|gemt en nyere udgave", "Test the rest|already|saved a newer"),
    "bad_request": ("Forespørgslen kunne ikke forstås", "The request could not be understood"),
    "csrf_failed": ("Siden er for gammel", "The page is too old"),
    "stale_version": ("gemt en nyere udgave", "saved a newer version"),
    "method_not_allowed": ("Metoden er ikke tilladt her", "method is not allowed here"),
    "host_not_allowed": ("Forespørgslen kunne ikke forstås|Ukendt værtsnavn", "could not be understood|Unknown host"),
    "not_found": ("findes ikke", "does not exist"),
    "session_expired": ("Du er logget ud", "You are signed out"),
    "login_failed": ("Forkert brugernavn eller adgangskode|passer ikke", "Wrong user name or password|do not match"),
    "too_many_requests": ("[Ff]or mange forsøg", "[Tt]oo many attempts"),
    "import_row_errors": ("rækker? har fejl", "rows? ha(s|ve) errors?"),
    "number_out_of_range": ("skal være mellem|kan ikke være flere end", "must be between|cannot be more than"),
    "filename_invalid": ("Filnavnet kan ikke bruges", "file name is not valid"),
    "file_too_large": ("Filen er for stor", "The file is too large"),
}  # fmt: skip
OWN_CODES = {"wrong_state": {"effectiveness.missing", "stale_version"}, "number_out_of_range": {"number_out_of_range"}}
"""Codes of the product that say more than the list's."""


@dataclass
class World:
    """Where a case is tried: the application, its makers, and the people."""

    app: Flask
    make: Any
    patch: pytest.MonkeyPatch
    language: str = "da"

    def client(self, person: Any) -> Any:
        """The person's browser, in the language of the round."""
        with transaction():
            row = db.session.merge(person)
            if row.language != self.language:
                setting.put(self.make.by(row), row)
                row.language = self.language
                setting.put(self.make.by(row), row)
        client = self.app.test_client()
        with transaction():
            token = identity.sign_in(self.make.by(row, self.make.NOW), row, "test").token
        with client.session_transaction() as session:
            session["sign_in"] = token
        return client


Try = Callable[[], TestResponse]
Check = Callable[[TestResponse], None]


@dataclass
class Trial:
    """How a case is sent (again for the other language), by which field it is named, and what else must hold."""

    send: Try
    field: tuple[str, str] | None = None
    check: Check | None = None
    line: bool = True


def sentence(code: str, language: str) -> str:
    """The agreed sentence, or the better one, as a pattern."""
    if code in BETTER:
        return BETTER[code][language == "en"]
    return re.sub(r"\\{\w+\\}", ".+?", re.escape(LIST["messages"][code][language].replace("“{field}”", "“{x}”")))


def rows() -> dict[str, list[Any]]:
    """Every row of content; the log's own tables, sign-ins, drafts and keys are none."""
    db.session.rollback()
    tables = [table for table in db.metadata.sorted_tables if table.info.get("log", True)]
    return {table.name: sorted(map(repr, db.session.execute(select(table)).all())) for table in tables}


def pages_text(answer: TestResponse) -> str:
    """What stands in the page's main part, or what is sent instead."""
    return re.sub(r"&#34;|&quot;", '"', answer.text.partition("<main")[2] or answer.text).replace("&#39;", "'")


def words(answer: TestResponse) -> str:
    """The page's words without its marks."""
    return " ".join(re.sub(r"<[^>]+>", " ", pages_text(answer)).split())


def short(answer: TestResponse) -> str:
    """The page's first words, for who reads why a case failed."""
    return words(answer)[:700]


# --- what is sent -------------------------------------------------------------------------------------------------


@lru_cache(1)
def bomb(size: int) -> bytes:
    """A zip of one file of zeros, written without ever holding it: a deflate block of 1 MB, many times."""
    block, deflate, crc = bytes(1 << 20), zlib.compressobj(9, zlib.DEFLATED, -15), 0
    one = deflate.compress(block) + deflate.flush(zlib.Z_FULL_FLUSH)
    packed = one * (size >> 20) + deflate.flush()
    for _ in range(size >> 20):
        crc = zlib.crc32(block, crc)
    name, head = b"zeros.bin", struct.pack("<HHHHHIII", 20, 0, 8, 0, 33, crc, len(packed), size)
    local = b"PK\3\4" + head + struct.pack("<HH", len(name), 0) + name + packed
    central = b"PK\1\2" + struct.pack("<H", 20) + head + struct.pack("<HHHHHII", len(name), 0, 0, 0, 0, 0, 0) + name
    end = b"PK\5\6" + struct.pack("<HHHHIIH", 0, 0, 1, 1, len(central), len(local), 0)
    return local + central + end


def content(file: dict[str, Any]) -> bytes:
    """The bytes of an evidence file of the list."""
    if "hex" in file:
        return bytes.fromhex(file["hex"])
    if file.get("gen") == "zip_zeros":
        return bomb(file["unpacked"])
    return file["text"].encode() if "text" in file else made(file["gen"], file, LIMIT)


MULTIPART = "multipart/form-data"


def multipart(form: dict[str, str], filename: str, data: bytes) -> bytes:
    """A form with a file as it goes over the wire."""
    head = "Content-Disposition: form-data; name="
    parts = [f'{head}"{name}"\r\n\r\n{text}'.encode() for name, text in form.items()]
    parts.append(f'{head}"file"; {filename}\r\n\r\n'.encode() + data)
    return b"--cut\r\n" + b"\r\n--cut\r\n".join(parts) + b"\r\n--cut--\r\n"


HEAD = ["Områdekode", "Område", "Proceskode", "Proces", "Delproceskode", "Delproces", "Sandsynlighed"]


def catalogue(*lines: tuple[Any, Any, Any]) -> bytes:
    """A catalogue of sub-processes: code, name, likelihood."""
    return workbook(HEAD, *(["KRE", "Kreditorer", "KRE-1", "Køb", code, name, score] for code, name, score in lines))


def sheet(case: dict[str, Any]) -> bytes:
    """An import file of the list; where its columns are not the catalogue's, the same fault in the catalogue's own."""
    if case["id"] == "BI-S023":
        return catalogue(*((f"KRE-1.{n}", f"Delproces {n}", "abc" if n == 316 else 3) for n in range(1, 501)))
    if case["id"] == "BI-S029":
        return catalogue(("KRE-1.1", "Løn", 1), ("KRE-1.1", "Rejser", 2))
    if case["id"] == "BI-S030":  # no date belongs in a catalogue: a real one in a code is an error, text and number not
        from datetime import date

        return catalogue(("31-02-2024", "A", 1), (date(2024, 2, 29), "B", 2), (45350, "C", 3))
    return sheet_file(case["input"]["file"])


# --- the surfaces -------------------------------------------------------------------------------------------------


def evidence_upload(world: World, case: dict[str, Any]) -> Trial:
    """POST /evidence, on a test of design, by its tester."""
    app = world.app
    world.patch.setitem(app.config, "KONTROLRUL", replace(current(), upload_limit=LIMIT))
    s = setting.prepared(world.make)
    db.session.rollback()
    file, folder = case["input"]["file"], current().evidence
    before = db.session.scalar(select(func.count()).select_from(Evidence)) or 0
    kind, id = "review_design_test", str(s.design.id)

    def send() -> TestResponse:
        client = world.client(s.tester)
        form = {"subject_type": kind, "subject_id": id, "shows": "Bilag", "next": "/me"}
        if "send_only" in file or "\r" in file["name"]:
            quoted = f"filename*=UTF-8''{quote(file['name'])}"  # RFC 5987: the one way a line end gets into a name
            body = multipart(form, quoted, padded(file["bytes"]) if "send_only" in file else content(file))
            sent = body[: file.get("send_only", len(body))]
            return client.post("/evidence", input_stream=io.BytesIO(sent), content_type=f"{MULTIPART}; boundary=cut",
                               environ_overrides={"CONTENT_LENGTH": str(len(body))})  # fmt: skip
        for _ in range(file.get("repeat", 1)):
            name = file["name"].replace("\\", "\\\\")  # as a quoted string carries it (RFC 9110 section 5.6.4)
            answer = client.post("/evidence", data={**form, "file": (io.BytesIO(content(file)), name)})
        return answer

    def nothing_kept(answer: TestResponse) -> None:
        assert db.session.scalar(select(func.count()).select_from(Evidence)) == before
        assert not list(folder.glob(".*.part"))

    def stored(answer: TestResponse) -> None:
        row = db.session.scalars(select(Evidence).order_by(Evidence.id.desc())).first()
        assert row is not None and db.session.scalar(select(func.count()).select_from(Evidence)) == before + 1
        wanted = {"BI-S013": "x.pdf", "BI-S014": "a.pdf", "BI-S017": "<img src=x onerror=alert(1)>.pdf"}
        assert row.filename == wanted.get(case["id"], row.filename) and len(row.filename) <= 200
        assert row.filename.endswith(".pdf") and (folder / row.sha256[:2] / row.sha256).read_bytes() == PDF
        client = world.client(s.tester)
        page, got = client.get(f"/evidence/{row.id}"), client.get(f"/evidence/{row.id}/file")
        assert "<img src=x" not in page.text and got.status_code == 200 and got.data == PDF
        assert got.headers["Content-Disposition"].startswith("attachment") and "Set-Cookie" not in got.headers
        assert (
            got.headers["X-Content-Type-Options"] == "nosniff" and "sandbox" in got.headers["Content-Security-Policy"]
        )
        if "repeat" in file:
            told = db.session.scalars(select(EventRow.action).where(EventRow.action.like("evidence.added%"))).all()
            assert sorted(told) == ["evidence.added", "evidence.added_again"]

    fine = case["expect"]["code"] in PLAIN
    field = None if fine or "send_only" in file else ("Fil", "File")
    return Trial(send, field, stored if fine else nothing_kept)


def process_import(world: World, case: dict[str, Any]) -> Trial:
    """POST /import, by the coordination group."""
    star = world.make.organisation("STAR")
    group = world.make.person("gruppe", Role.GRP, star)
    data, name = sheet(case), case["input"]["file"]["name"]

    def send() -> TestResponse:
        return world.client(group).post("/import?org=STAR", data={"file": (io.BytesIO(data), name)})

    def named(answer: TestResponse) -> None:
        places = {
            "BI-S022": ["Områdekode / Area code"], "BI-S023": ["317", "Sandsynlighed", "abc"], "BI-S024": ["A2"],
            "BI-S029": ["!E2", "!E3", "KRE-1.1"], "BI-S030": ["!E3", "2024-02-29"],
        }  # fmt: skip
        text = re.sub(r"\s+", "", pages_text(answer))
        assert all(re.sub(r"\s+", "", place) in text for place in places.get(case["id"], [])), short(answer)
        if case["id"] == "BI-S030":
            assert "31-02-2024" not in answer.text and "45350" not in answer.text
        if case["id"] == "BI-S025":
            name = re.escape(Path("/etc/hostname").read_text().strip())
            assert not re.search(rf"\b{name}\b", words(answer))  # a short name stands in many a key of a form
        assert not db.session.scalar(select(func.count()).select_from(Process))

    return Trial(send, None, named)


STORED_IN = {"note": ("condition", "Forhold", "Condition"), "title": ("cause", "Årsag", "Cause")}


def finding_form(world: World, case: dict[str, Any]) -> Trial:
    """POST /reviews/…/findings/new, by the tester: `note` is the condition, `title` the cause."""
    s = setting.prepared(world.make)
    auditor = world.make.person("revisor", Role.AUD, s.organisation)
    given, (field, *labels) = case["input"], STORED_IN[case["field"]]
    text = given.get("text") or (given["repeat"] * given["times"] if "repeat" in given else given["pair"][0])
    path = f"/reviews/{s.review.id}/findings/new"

    def send() -> TestResponse:
        return world.client(s.tester).post(path, data={**FORM, field: text})

    def shown(answer: TestResponse) -> None:
        if case["expect"]["status"] == 422:
            assert case["id"] != "BI-S039" or "40000" in answer.text
            return
        import unicodedata

        kept = unicodedata.normalize("NFC", text).strip()
        row = db.session.scalars(select(Finding)).one()
        assert getattr(row, field) == kept
        page = world.client(s.tester).get(answer.location)
        assert page.status_code == 200 and "<script>alert" not in page.text
        assert kept in pages_text(page).replace("&lt;", "<").replace("&gt;", ">") and ">49 " not in page.text
        exported(world, s, auditor, kept)
        if "pair" in given:
            duplicates_are_found(world, s, given["pair"])

    return Trial(send, (labels[0], labels[1]), shown)


def exported(world: World, s: setting.Setting, auditor: Any, kept: str) -> None:
    """The workbook carries the text as text, quoted when it looks like a formula."""
    by = world.make.by(s.group)
    with transaction():
        setting.put(by, Cycle(
            organisation_id=s.organisation.id, year=2026, state=Phase.REVIEWING, rule_set=1, capacity_hours=900,
            interval_high=2, interval_elevated=3, interval_moderate=5, interval_low=5, opened_by_id=s.group.id,
        ))  # fmt: skip
    answer = world.client(auditor).get("/reports/workbook/2026?org=STAR")
    assert answer.status_code == 200, answer.text
    book = load_workbook(io.BytesIO(answer.data))
    answer.close()
    found = [cell for one in book for line in one.iter_rows() for cell in line if cell.value == kept]
    assert found and all(cell.data_type == "s" for cell in found)
    assert all(cell.style and cell.quotePrefix for cell in found if kept[:1] in "=+-@")


def duplicates_are_found(world: World, s: setting.Setting, pair: list[str]) -> None:
    """Composed and decomposed are the same word, also in a catalogue's codes."""
    data = catalogue((pair[0], "A", 1), (pair[1], "B", 2))
    answer = world.client(s.group).post("/import?org=STAR", data={"file": (io.BytesIO(data), "a.xlsx")})
    assert answer.status_code == 422 and answer.text.count(pair[0]) >= 2


def process_form(world: World, case: dict[str, Any]) -> Trial:
    """POST /processes/KRE-3/edit, by the group: the amount a year, and the owner as the choice by id."""
    s = setting.prepared(world.make)
    field, *labels = {
        "amount": ("yearly_amount_ore", "Beløb pr. år (kr.)", "Amount a year (DKK)"),
        "process_id": ("owner_id", "Procesejer", "Process owner"),
    }[case["field"]]  # fmt: skip
    version = str(db.session.scalars(select(Process.version)).one())

    def send() -> TestResponse:
        form = {"version": version, field: case["input"]["text"]}
        return world.client(s.group).post("/processes/KRE-3/edit?org=STAR", data=form)

    def read(answer: TestResponse) -> None:
        if case["expect"]["code"] == "accepted":
            assert db.session.scalars(select(Process.yearly_amount_ore)).one() == 123_456_789
        else:
            assert case["input"]["text"] in answer.text or field == "owner_id"  # what was typed still stands there

    return Trial(send, (labels[0], labels[1]), read)


SCORES = {"inherent_likelihood": "3", "inherent_impact": "4", "control_level": "4", "residual_likelihood": "3",
          "residual_impact": "4", "change_direction": "unchanged", "fraud": "no", "certainty": "fair",
          "propose_review": "no",
          "reason": "Ny betalingsløsning fra februar, som vi mangler erfaring med."}  # fmt: skip


def assessment_form(world: World, case: dict[str, Any]) -> Trial:
    """POST /assessments/…/submit, by the controller: probability, mass assignment, a field twice, a stale version."""
    for _ in wired():
        year = Year()
        break
    form = year.form()
    path, version = f"/assessments/{form.id}/submit", form.version
    given = case["input"].get("text", case["input"].get("list"))
    name = {"probability": "inherent_likelihood"}.get(case["field"], case["field"])

    def send() -> TestResponse:
        data = {**SCORES, "row_version": f"{version}.0", name: given}
        if case["id"] == "BI-S051":
            data["row_version"] = f"{version - 1}.0"
        return world.client(year.controller).post(path, data=data)

    def after(answer: TestResponse) -> None:
        row = year.form()
        if case["id"] == "BI-S049":
            assert row.state.value == "submitted" and row.approver_id is None and row.approved_at is None
            told = db.session.scalars(select(EventRow).where(EventRow.action == "identity.fields_ignored")).one()
            assert (told.person_id, '"names":["approved"]' in told.payload) == (year.controller.id, True)
        else:
            assert row.state.value in ("not_started", "draft", "issued", "open"), row.state
        if case["id"] == "BI-S051":
            assert SCORES["reason"] in pages_text(answer)

    label = ("Sandsynlighed før kontroller", "Likelihood before controls") if case["expect"]["status"] == 422 else None
    return Trial(send, label, after)


def control_test(world: World, case: dict[str, Any]) -> Trial:
    """The test of a control, by its tester: the population's date, what is counted, and the conclusion."""
    s = setting.prepared(world.make)
    path, by = f"/reviews/{s.review.id}/controls/{s.control.id}", world.make.by(s.tester)
    plan = setting.PLAN if case["field"] != "failures" else Plan(
        Method.BINOMIAL, confidence="0.95", tolerable_rate="0.05", expected_exceptions=int(case["input"]["text"])
    )  # fmt: skip
    with transaction():
        test = testing.plan_test(by, s.review.id, s.control.id, plan)
        if case["field"] == "result":
            testing.confirm_population(by, test.id, None, setting.population(25))
            testing.draw(by, test.id, None)
    id, version = test.id, test.version
    given = case["input"]["text"]
    counted = {"population": "Måneder", "size": "12", "source": "Navision", "extracted_by": "Tester",
               "completeness": "Talt.", "extracted_on": given, "version": str(version)}  # fmt: skip

    def send() -> TestResponse:
        client = world.client(s.tester)
        if case["field"] == "performed_on":
            return client.post(f"{path}/population", data=counted)
        if case["field"] == "sample_size":
            control = {"text": "Kontrol", "kind": "preventive", "execution": "manual", "frequency": "monthly",
                       "version": str(s.control.version), "occurrences_a_year": given}  # fmt: skip
            return client.post(f"/reviews/{s.review.id}/controls/{s.control.id}/edit", data=control)
        if case["field"] == "failures":
            return client.post(f"{path}/population", data={**counted, "size": "25", "extracted_on": "1.3.2026"})
        said = {"outcome": "effective", "conclusion": "Ingen afvigelser.", "version": str(version)}
        return client.post(f"{path}/conclude", data=said)

    def unchanged(answer: TestResponse) -> None:
        db.session.expire_all()
        row = db.session.get_one(OperatingTest, id)
        assert row.version == version and row.outcome is None

    labels = {
        "failures": ("Forventede afvigelser", "Expected exceptions"),
        "performed_on": ("Udtrukket den", "Extracted on"),
        "sample_size": ("Gange om året", "Times a year"),
    }
    return Trial(send, labels.get(case["field"]), unchanged)


def decision_form(world: World, case: dict[str, Any]) -> Trial:
    """The forum: a decision on a line that is decided, and the chair who approves twice with one key."""
    from controls.forum import actions

    scene = stage.build(world.make, world.patch)
    world.patch.setattr(actions, "ON_LOCK", [])
    handed_over(scene)
    id = recorded(scene)
    world.patch.setattr(world.make, "NOW", stage.JUNE)
    if case["id"] == "BI-S058":
        data = {"decided": "chosen", "review_year": "2026", "form": "ordinary", "hours": "40", "version": ""}
        return Trial(lambda: world.client(scene.people["secretary"]).post(
            f"/forum/{id}/minutes/lines/KRE-1.1/decide", data=data))  # fmt: skip
    with transaction():
        actions.send_to_chair(scene.by("secretary", stage.JUNE), id)
    answers: list[TestResponse] = []

    def send() -> TestResponse:
        client = world.client(scene.people["chair"])
        version = str(db.session.scalars(select(Meeting.version)).one())
        for _ in range(2):
            answers.append(client.post(f"/forum/{id}/minutes/lock", data={
                "version": version, "request_key": "k" * 24}))  # fmt: skip
        return answers[-1]

    def once(answer: TestResponse) -> None:
        assert [one.status_code for one in answers] == [303, 303] and answers[0].location == answers[1].location
        told = db.session.scalars(select(EventRow.action).where(EventRow.action == "forum.minutes_locked")).all()
        assert len(told) == 1 and db.session.scalar(select(func.count()).select_from(Decision)) == 3

    return Trial(send, None, once)


def url(world: World, case: dict[str, Any]) -> Trial:
    """Addresses: other people's, made-up, too large, not to be fetched."""
    s = setting.prepared(world.make)
    stranger = world.make.person("fremmed", Role.OWN, s.organisation)
    with transaction():
        evidence.add(world.make.by(s.tester), s.organisation.id, "review_design_test", s.design.id, "bilag.pdf",
                     io.BytesIO(PDF), "Bilag")  # fmt: skip
    other = db.session.scalars(select(Evidence.id)).one()
    db.session.rollback()
    path = {
        "BI-S060": f"/evidence/{other}", "BI-S062": "/findings/99999999999999999999",
        "BI-S063": "/assessments/1/approve", "BI-S065": "/findings?q=%ff%fe&state=%ff",
    }.get(case["id"], case["input"]["request"]["path"])  # fmt: skip

    def send() -> TestResponse:
        if case["id"] == "BI-S064":
            client = world.app.test_client()
            assert "//evil.example" not in client.get(path).text.replace("next=//evil.example/x", "")
            with transaction():
                word = "en lang sætning til prøver"
                identity.add_person(world.make.system(), "ny", "Ny", s.organisation.id, password=word)
            form = {"username": "ny", "password": word, "next": "//evil.example/x"}
            answer: TestResponse = client.post("/login", data=form)
            return answer
        if case["id"] == "BI-S062":
            assert world.client(s.tester).get("/findings/-1").status_code == 404
        got: TestResponse = world.client(stranger if case["id"] == "BI-S060" else s.tester).get(path)
        return got

    def inside(answer: TestResponse) -> None:
        if case["id"] == "BI-S064":
            assert answer.location == "/"

    return Trial(send, None, inside)


def header(world: World, case: dict[str, Any]) -> Trial:
    """Headers: a false host, a false address, no token, a changed cookie."""
    s = setting.prepared(world.make)
    id = case["id"]

    def send() -> TestResponse:
        language = {"Accept-Language": world.language}
        if id == "BI-S066":
            got: TestResponse = world.app.test_client().get("/login", headers={"Host": "evil.example", **language})
            return got
        if id == "BI-S067":
            return world.app.test_client().post(
                "/login", data={"username": "tester", "password": "forkert adgangskode"},
                headers={"X-Forwarded-For": "127.0.0.1", **language}, environ_overrides={"REMOTE_ADDR": "203.0.113.9"},
            )  # fmt: skip
        client = world.client(s.tester)
        if id == "BI-S068":
            world.patch.setitem(world.app.config, "WTF_CSRF_ENABLED", True)
            form = {**FORM, "cause": "Det skrevne"}
            answer: TestResponse = client.post(f"/reviews/{s.review.id}/findings/new", data=form, headers=language)
            world.patch.setitem(world.app.config, "WTF_CSRF_ENABLED", False)
            return answer
        cookie = client.get_cookie("kontrolrul")
        at = len(cookie.value) - 5
        changed = "A" if cookie.value[at] != "A" else "B"
        client.set_cookie("kontrolrul", cookie.value[:at] + changed + cookie.value[at + 1 :])
        return client.get("/", headers=language)

    def after(answer: TestResponse) -> None:
        assert "evil.example" not in answer.text
        if id == "BI-S068":
            assert "Det skrevne" in answer.text and not db.session.scalar(select(func.count()).select_from(Finding))

    return Trial(send, None, after)


def login(world: World, case: dict[str, Any]) -> Trial:
    """Twenty wrong passwords: the address is made to wait, the person can still come in from elsewhere."""
    star = world.make.organisation("STAR")
    word = "en lang sætning til prøver"
    world.make.person("anne", Role.OWN, star, password=word)

    def sent(password: str, address: str) -> TestResponse:
        return world.app.test_client().post(
            "/login", data={"username": "anne", "password": password}, headers={"Accept-Language": world.language},
            environ_overrides={"REMOTE_ADDR": address},
        )  # fmt: skip

    def send() -> TestResponse:
        for _ in range(case["input"]["repeat_request"]):
            answer = sent("forkert adgangskode", "203.0.113.9")
        return answer

    def elsewhere(answer: TestResponse) -> None:
        assert sent(word, "198.51.100.7").status_code == 303

    return Trial(send, None, elsewhere)


def risk_form(world: World, case: dict[str, Any]) -> Trial:
    """A risk's form is, by field: the finding's texts, the process's figures, the assessment's answers."""
    if case["field"] in STORED_IN:
        return finding_form(world, case)
    return (process_form if case["field"] in ("amount", "process_id") else assessment_form)(world, case)


SURFACES = {
    "evidence_upload": evidence_upload, "process_import": process_import, "risk_form": risk_form,
    "test_form": control_test, "decision_form": decision_form, "url": url, "header": header, "login": login,
}  # fmt: skip


# --- the trial ----------------------------------------------------------------------------------------------------


def test_the_list_is_whole() -> None:
    assert len(CASES) == LIST["count"] == 70 and {case["surface"] for case in CASES.values()} == set(SURFACES)


@pytest.fixture
def world(client: Any, app: Flask, make: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    monkeypatch.setitem(app.config, "SHOW_ERRORS", True)  # as its users meet it
    yield World(app, make, monkeypatch)


def _on(at: int, id: str) -> Any:
    """What is refused is refused before the database is asked, so each has half of the cases when both are there."""
    return pytest.param(id, marks=pytest.mark.half(("sqlite", "postgresql")[at % 2]))


@pytest.mark.parametrize("id", [_on(at, id) for at, id in enumerate(CASES)])
def test_bad_input(world: World, id: str, caplog: pytest.LogCaptureFixture) -> None:
    case = CASES[id]
    expect, fine = case["expect"], case["expect"]["code"] in PLAIN
    trial = SURFACES[case["surface"]](world, case)
    for language in ("da",) if fine else ("da", "en"):
        world.language = language
        caplog.clear()
        caplog.set_level("INFO", "kontrolrul.security")
        if not fine:
            trial.send()  # once, so that the reader's language is chosen and caches are warm
            before, memory, began = rows(), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.monotonic()
        else:
            memory, began = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.monotonic()
        answer = trial.send()
        took, grew = time.monotonic() - began, (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - memory) * 1024
        wanted = OK if expect["status"] == 200 else {"BI-S060": (404,), "BI-S065": (200,)}.get(id, (expect["status"],))
        assert answer.status_code in wanted, f"{answer.status_code}: {short(answer)}"
        assert took < WITHIN_SECONDS * (20 if case["surface"] == "login" else 1) and grew < WITHIN_BYTES
        assert not INSIDE.search(answer.text) and str(current().data) not in answer.text
        if not fine and id != "BI-S065":
            refused(answer, case, trial, language, caplog)
            assert rows() == before
        if trial.check:
            trial.check(answer)
    db.session.rollback()
    db.session.expire_all()
    faults = verify.faults(db.session(), current().keys)
    assert not faults, [str(fault) for fault in faults]


def refused(
    answer: TestResponse, case: dict[str, Any], trial: Trial, language: str, caplog: pytest.LogCaptureFixture
) -> None:
    """Said in the reader's language, by the name of the field, with a line that holds nothing of what was sent."""
    code, text = case["expect"]["code"], pages_text(answer)
    code = {"BI-S060": "not_found"}.get(case["id"], code)
    assert f'<html lang="{language}">' in answer.text
    assert re.search(sentence(code, language), text), f"{sentence(code, language)} not in {short(answer)}"
    if trial.field:
        assert trial.field[language == "en"] in text, short(answer)
    lines = [json.loads(one.getMessage()) for one in caplog.records if one.name == "kontrolrul.security"]
    assert lines and lines[-1]["status"] == answer.status_code
    assert set(lines[-1]) == {"incident", "status", "method", "endpoint", "person", "address", "because"}
    if case["id"] == "BI-S067":
        assert lines[-1]["address"] == "203.0.113.9"
    if answer.status_code in (409, 413, 415, 422) and case["surface"] != "url":
        assert lines[-1]["because"] and set(lines[-1]["because"]) <= {code, *OWN_CODES.get(code, ())}, lines[-1]
