"""Custody: versions, withdrawal, holds, retention and disposal by two people, orphans, and what verification says."""

import io
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from types import ModuleType
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from controls.base import demo, files, verify
from controls.base.audit import EventRow
from controls.base.db import db, transaction
from controls.base.settings import current
from controls.base.why import Refused
from controls.evidence import actions, queries
from controls.evidence.tables import Binding, Evidence, Request
from controls.evidence.words import CheckKind, DataClass, FaultKind, Mark, RequestState
from controls.identity.permissions import Role
from controls.identity.tables import Person
from tests import make as making
from tests.evidence.builders import PDF
from tests.evidence.test_actions import Scene
from tests.photograph import photographed
from tests.speed.counting import counted

OTHER = PDF.replace(b"%PDF-1.4", b"%PDF-1.5")
LATER = datetime(2032, 2, 1, 9, tzinfo=UTC)
"""Past the retention of a file received in 2026: 31.12.2031."""


class Custody(Scene):
    """The scene of evidence with a controller who is a party, a second coordinator and an administrator."""

    def __init__(self, make: ModuleType) -> None:
        super().__init__(make)
        self.people["tester"] = make.person("tester", Role.CTL, self.star)
        self.people["second"] = make.person("second", Role.GRP, self.star)

    def by(self, name: str, at: datetime = making.NOW) -> Any:
        return self.make.by(self.people[name], at)

    def replace(self, id: int, data: bytes = OTHER, name: str = "owner", reason: str = "Rettet bilag") -> Evidence:
        with queries.received("bilag2.pdf", io.BytesIO(data)) as file, transaction():
            return actions.replace(self.by(name), id, file, "Bilag", None, None, DataClass.INTERNAL, False, reason)

    def ask(self, id: int, name: str = "tester", reason: str = "Forkert fil") -> Request:
        with transaction():
            return actions.ask_withdrawal(self.by(name), id, reason)

    def dispose(self, id: int, name: str = "admin", at: datetime = LATER) -> Request:
        with transaction():
            [asked] = actions.ask_disposal(self.by(name, at), [id], "Fristen er udløbet")
        return asked

    def approve(self, asked: Request, name: str = "group", at: datetime = LATER) -> None:
        with transaction():
            actions.approve(self.by(name, at), asked.id, None)
        with transaction():
            actions.remove_bytes(self.by(name, at), asked.evidence_id)


@pytest.fixture
def scene(make: ModuleType, monkeypatch: pytest.MonkeyPatch) -> Iterator[Custody]:
    """Subject 1 belongs to the owner and the tester."""
    made = photographed(Custody)(make)
    people, star = frozenset(made.people[name].id for name in ("owner", "tester")), made.star.id
    db.session.rollback()
    subject = queries.Subject(star, people)
    monkeypatch.setitem(queries.SUBJECTS, "test_subject", lambda id: subject if id in (1, 2) else None)
    yield made


def refused(step: Any) -> list[str]:
    with pytest.raises(Refused) as error:
        step()
    return [reason.code for reason in error.value.reasons]


def sound() -> list[str]:
    db.session.rollback()
    return [str(fault) for fault in verify.faults(db.session(), current().keys)]


def test_a_new_version_keeps_the_old(app: Flask, scene: Custody) -> None:
    first = scene.add()
    second = scene.replace(first.id)
    db.session.refresh(first)
    assert queries.mark(first) is Mark.REPLACED and queries.mark(second) is None
    assert (second.edition, second.replaces_reason) == (2, "Rettet bilag")
    assert [file.edition for file in queries.custody_of(second).versions] == [1, 2]
    assert queries.counts("test_subject", [1]) == {1: 1} and queries.proofs({"test_subject": [1]}) == [
        (second.id, second.sha256)
    ]
    with transaction():
        _row, file = actions.open_file(scene.by("auditor"), first.id)
    assert file is not None and file.read() == PDF
    assert refused(lambda: scene.replace(first.id)) == ["evidence.marked"]
    assert refused(lambda: scene.replace(second.id)) == ["evidence.same_file"]
    assert refused(lambda: scene.replace(second.id, PDF, reason=" ")) == ["field_required"]
    assert refused(lambda: scene.replace(second.id, PDF, "controller")) == ["not_found"]
    assert refused(lambda: scene.replace(second.id, PDF, "group")) == ["forbidden"]
    assert sound() == []


def broken(id: int) -> Binding | None:
    """The last signature on a row (here a person's), when it is broken."""
    return db.session.scalar(select(Binding).join(Person, queries.broken(Person)).where(Person.id == id))


def test_a_signature_is_broken_by_a_new_version_and_by_withdrawal(scene: Custody) -> None:
    first, other = scene.add(), scene.add(data=OTHER, subject=2)
    with transaction():
        for subject in (1, 2):
            actions.bind(scene.by("group"), scene.star.id, "identity_person", subject, {"test_subject": [subject]})
    assert broken(1) is None and broken(2) is None
    scene.replace(first.id, PDF + b"\n")
    found = broken(1)
    assert found is not None and found.broken_by_id == first.id and broken(2) is None
    with transaction():
        hashes = actions.bind(scene.by("group"), scene.star.id, "identity_person", 1, {"test_subject": [1]})
    assert broken(1) is None and len(hashes) == 1
    scene.approve(scene.ask(other.id), at=making.NOW)
    assert broken(2) is not None
    assert len(db.session.scalars(select(Binding)).all()) == 3 and sound() == []


def test_withdrawal_takes_two(app: Flask, scene: Custody) -> None:
    row = scene.add("tester")
    for name in ("owner", "auditor", "group"):
        assert refused(lambda name=name: scene.ask(row.id, name)) == ["forbidden"]
    assert refused(lambda: scene.ask(row.id, "controller")) == ["not_found"]
    assert refused(lambda: scene.ask(row.id, reason="")) == ["field_required"]
    asked = scene.ask(row.id)
    assert refused(lambda: scene.ask(row.id)) == ["already_done"]
    for name in ("tester", "admin", "owner"):
        assert refused(lambda name=name: scene.approve(asked, name)) == ["forbidden"]
    assert queries.exists("test_subject", [1])
    scene.approve(asked, at=making.NOW)
    assert queries.mark(row) is Mark.WITHDRAWN and not queries.exists("test_subject", [1])
    assert refused(lambda: scene.approve(asked)) == ["already_done"]
    with transaction():
        assert actions.open_file(scene.by("auditor"), row.id)[1] is not None
    assert [file.mark for file in queries.of("test_subject", [1])[1]] == [Mark.WITHDRAWN] and sound() == []


@pytest.mark.parametrize("who", ["asker", "uploader"])
def test_asker_and_uploader_do_not_approve_the_withdrawal(scene: Custody, make: ModuleType, who: str) -> None:
    """S10 on the person over the object's whole life: a role that comes later changes nothing."""
    row = scene.add("owner")
    asked = scene.ask(row.id)
    person = {"asker": "tester", "uploader": "owner"}[who]
    with transaction():
        make.actions.grant_role(make.system(), scene.people[person].id, Role.GRP, scene.star.id)
    assert refused(lambda: scene.approve(asked, person, making.NOW)) == ["sod_conflict"]
    found = queries.custody_of(row)
    assert queries.why_not_decide(scene.by(person), found)[asked.id][0].code == "sod_conflict"
    assert queries.why_not_decide(scene.by("group"), found) == {asked.id: []}


def test_a_refusal_has_an_answer_and_ends_the_request(scene: Custody) -> None:
    row = scene.add()
    asked = scene.ask(row.id)

    def answer(text: str) -> None:
        with transaction():
            actions.refuse(scene.by("group"), asked.id, None, text)

    assert refused(lambda: answer(" ")) == ["field_required"]
    answer("Filen er rigtig.")
    assert asked.state is RequestState.REFUSED and queries.exists("test_subject", [1])
    assert scene.ask(row.id).id != asked.id


def test_disposal_after_the_retention_by_two(app: Flask, scene: Custody) -> None:
    row = scene.add()
    assert queries.custody_of(row).until == date(2031, 12, 31)
    on_the_last_day = datetime(2031, 12, 31, 12, tzinfo=UTC)
    assert refused(lambda: scene.dispose(row.id, at=on_the_last_day)) == ["evidence.kept_until"]
    assert queries.due(scene.by("admin", on_the_last_day), 9) == ([], 0)
    for name in ("group", "auditor", "owner"):
        assert refused(lambda name=name: scene.dispose(row.id, name)) == ["not_found"]
    assert [one.id for one, _code in queries.due(scene.by("admin", LATER), 9)[0]] == [row.id]
    asked = scene.dispose(row.id)
    assert queries.due(scene.by("admin", LATER), 9) == ([], 0)
    assert refused(lambda: scene.approve(asked, "admin")) == ["forbidden"]
    scene.approve(asked)
    assert queries.mark(row) is Mark.DISPOSED and not files.current_store().exists(row.sha256)
    assert row.sha256 and queries.disposed(scene.by("admin", LATER), 9)[0].decided_by == "Group"
    assert refused(lambda: actions.open_file(scene.by("auditor"), row.id)) == ["evidence.marked"]
    told = select(EventRow.action).where(EventRow.action.startswith("evidence.")).order_by(EventRow.seq)
    assert db.session.scalars(told).all() == ["evidence.added", "evidence.asked", "evidence.disposed", "evidence.swept"]
    assert sound() == [] and queries.check_files().amiss == []


def test_asker_does_not_approve_the_disposal(scene: Custody) -> None:
    """S13 on the person, with whatever roles."""
    row = scene.add()
    asked = scene.dispose(row.id)
    with_all = replace(scene.by("admin", LATER), reach=scene.by("group", LATER).reach)

    def approve() -> None:
        with transaction():
            actions.approve(with_all, asked.id, None)

    assert refused(approve) == ["sod_conflict"] and files.current_store().exists(row.sha256)
    why = queries.why_not_decide(with_all, queries.custody_of(row))[asked.id]
    assert why[0].params["names"] == "Group, Second"


@pytest.mark.parametrize("who", ["owner", "tester", "group", "second", "auditor"])
def test_the_page_of_a_file_asks_little(scene: Custody, make: ModuleType, client: FlaskClient, who: str) -> None:
    """At most eight queries with versions, holds, signatures and a request, also for who may not decide it."""
    row = scene.replace(scene.add().id)
    scene.add(subject=2)
    scene.ask(row.id)
    with transaction():
        make.actions.grant_role(make.system(), scene.people["tester"].id, Role.GRP, scene.star.id)
        actions.bind(scene.by("group"), scene.star.id, "identity_person", 1, {"test_subject": [1]})
        for _ in range(3):
            actions.hold(scene.by("group", LATER), row.id, None, "Retssag")
    make.signed_in(client, scene.people[who])
    client.get(f"/evidence/{row.id}")
    with counted(db.engine) as few:
        assert client.get(f"/evidence/{row.id}").text.count("Retssag") == 3
    assert len(few) <= 8, few


def test_holds_and_longer_retention_keep_a_file(scene: Custody) -> None:
    row = scene.add()

    def hold(until: date | None, name: str = "group", reason: str = "Retssag") -> Any:
        with transaction():
            return actions.hold(scene.by(name, LATER), row.id, until, reason)

    assert refused(lambda: hold(None, "owner")) == ["forbidden"] and refused(lambda: hold(None, reason="")) == [
        "field_required"
    ]
    assert refused(lambda: hold(date(2031, 12, 31))) == ["evidence.until_too_early"]
    held = hold(None)
    assert (
        refused(lambda: scene.dispose(row.id)) == ["evidence.held"] and queries.due(scene.by("admin", LATER), 9)[1] == 0
    )
    with transaction():
        actions.lift(scene.by("second", LATER), held.id, held.version, "Sagen er sluttet")
    assert refused(lambda: actions.lift(scene.by("second", LATER), held.id, None, "igen")) == ["already_done"]
    hold(date(2032, 2, 1))
    assert refused(lambda: scene.dispose(row.id)) == ["evidence.kept_until"]
    next_day = LATER + timedelta(days=1)
    asked = scene.dispose(row.id, at=next_day)
    hold(None)
    assert refused(lambda: scene.approve(asked, at=next_day)) == ["evidence.held"], "asked again when it is approved"
    assert files.current_store().exists(row.sha256)


def test_an_organisation_may_keep_longer_never_shorter(scene: Custody) -> None:
    row = scene.add()

    def keep(years: int | None, name: str = "group") -> None:
        with transaction():
            actions.set_retention(scene.by(name), scene.star.id, DataClass.INTERNAL, years, "Arkivplan")

    for years in (None, 4, 0, 51):
        assert refused(lambda years=years: keep(years)) == ["number_out_of_range"]
    assert refused(lambda: keep(7, "admin")) == ["forbidden"]
    keep(7)
    keep(6)
    assert queries.custody_of(row).until == date(2032, 12, 31)
    assert refused(lambda: scene.dispose(row.id)) == ["evidence.kept_until"]
    assert queries.due(scene.by("admin", LATER), 9)[1] == 0
    assert queries.due(scene.by("admin", LATER.replace(year=2033)), 9)[1] == 1


def test_content_that_another_row_needs_stays(scene: Custody) -> None:
    first, second = scene.add(), scene.add(subject=2)
    scene.approve(scene.dispose(first.id))
    assert files.current_store().exists(first.sha256)
    scene.approve(scene.dispose(second.id))
    assert not files.current_store().exists(first.sha256) and sound() == []


def test_verification_names_what_is_missing_changed_or_disposed_of_by_hand(app: Flask, scene: Custody) -> None:
    rows = [scene.add(data=PDF + b"\n" * n, subject=1) for n in range(4)]
    store = files.current_store()
    assert isinstance(store, files.Folder) and queries.check_files().amiss == []
    files.path_of(store.root, rows[0].sha256).unlink()
    files.path_of(store.root, rows[1].sha256).write_bytes(b"%PDF-1.4 swapped")
    ids = [row.id for row in rows]
    db.session.rollback()
    with db.engine.begin() as connection:
        connection.exec_driver_sql(f"UPDATE evidence_evidence SET disposed_at='2026-03-17 09:00:00' WHERE id={ids[2]}")
    db.session.expire_all()
    seen = queries.check_files()
    assert {(one.kind, one.evidence_id) for one in seen.amiss} == {
        (FaultKind.MISSING, ids[0]), (FaultKind.CHANGED, ids[1]), (FaultKind.UNRECORDED, ids[2]),
    }  # fmt: skip
    assert any("no approved disposal" in line for line in sound())
    with transaction():
        check = actions.record_check(scene.by("group"), CheckKind.ALL, seen)
    assert queries.told(check) == seen.amiss and queries.last_check() is not None
    run = app.test_cli_runner().invoke(args=["evidence", "verify", "--lang", "en"])
    assert run.exit_code == 1 and "is missing" in run.output and "not the one that was stored" in run.output
    assert "3 files were hashed again" in run.output


def test_the_command_says_sound_and_cannot_tell(app: Flask, scene: Custody, monkeypatch: pytest.MonkeyPatch) -> None:
    scene.add()
    assert app.test_cli_runner().invoke(args=["evidence", "verify"]).exit_code == 0

    def down(*args: Any) -> int:
        raise files.Unreachable("down")

    monkeypatch.setattr(files, "check", down)
    assert app.test_cli_runner().invoke(args=["evidence", "verify"]).exit_code == 2


def test_orphans_are_swept_after_a_day_and_told(app: Flask, scene: Custody) -> None:
    row, store = scene.add(), files.current_store()
    assert isinstance(store, files.Folder)
    with files.received(io.BytesIO(OTHER), 10**6) as incoming:
        store.keep(incoming, date(2031, 12, 31))
        orphan = incoming.sha256
    (store.root / ".0123.part").write_bytes(b"half")

    def sweep(at: datetime) -> list[tuple[FaultKind, str]]:
        with transaction():
            check = actions.sweep(scene.by("group", at))
        return [(one.kind, one.name) for one in queries.told(check)]

    now = datetime.now(UTC)
    mine = lambda found: [one for one in found if one[1] in (orphan, ".0123.part", row.sha256)]  # noqa: E731
    assert mine(sweep(now + timedelta(hours=23))) == [] and store.exists(orphan)
    assert sorted(mine(sweep(now + timedelta(hours=25)))) == sorted(
        [(FaultKind.ORPHAN, orphan), (FaultKind.PART, ".0123.part")]
    )
    assert not store.exists(orphan) and store.exists(row.sha256)
    told = db.session.scalars(select(EventRow.payload).where(EventRow.action == "evidence.swept")).all()
    assert orphan in told[-1]


CSV = b"navn;cpr\r\nAnne;070761-4285\r\n"


def _send(client: FlaskClient, path: str, data: bytes, name: str, **form: Any) -> Any:
    sent = {"subject_type": "test_subject", "subject_id": "1", "shows": "Liste", "next": "/me", **form}
    return client.post(path, data={**sent, "file": (io.BytesIO(data), name)}, content_type="multipart/form-data")


def test_cpr_like_numbers_are_warned_of_and_confirmed(app: Flask, scene: Custody, client: FlaskClient) -> None:
    scene.make.signed_in(client, scene.people["owner"])
    warned = _send(client, "/evidence", CSV, "liste.csv", shows="Min liste")
    assert warned.status_code == 422 and "linje 2" in warned.text and "Min liste" in warned.text
    assert "4285" not in warned.text and 'name="cpr_confirmed"' in warned.text
    half = _send(client, "/evidence", CSV, "liste.csv", cpr_confirmed="y")
    assert half.status_code == 422, "the class must be one for personal data"
    typed = _send(client, "/evidence", PDF, "bilag.pdf", shows="Bilag til 0707614285")
    assert typed.status_code == 422
    kept = _send(client, "/evidence", CSV, "liste.csv", cpr_confirmed="y", data_class="personal")
    assert kept.status_code == 303
    row = db.session.scalars(select(Evidence)).one()
    assert row.data_class is DataClass.PERSONAL
    assert not [one for one in db.session.scalars(select(EventRow.payload)) if "4285" in one]


def test_the_pages_of_custody(scene: Custody, client: FlaskClient) -> None:
    id = scene.add().id

    def as_(name: str) -> FlaskClient:
        return scene.make.signed_in(client, scene.people[name])

    page = as_("owner").get(f"/evidence/{id}")
    assert "Send ny version" in page.text and "Træk filen tilbage" not in page.text
    assert as_("owner").get(f"/evidence/{id}/replace").status_code == 200
    lacking = _send(client, f"/evidence/{id}/replace", OTHER, "ny.pdf", shows="Ny tekst")
    assert lacking.status_code == 422 and "Ny tekst" in lacking.text
    made = _send(client, f"/evidence/{id}/replace", OTHER, "ny.pdf", reason="Rettet")
    assert made.status_code == 303
    new = int(made.location.rsplit("/", 1)[1])
    assert "Version 1" in client.get(f"/evidence/{new}").text and "Erstattet" in client.get(f"/evidence/{id}").text
    assert "Træk filen tilbage" in as_("tester").get(f"/evidence/{new}").text
    assert client.post(f"/evidence/{new}/withdraw", data={"reason": ""}).status_code == 422
    assert client.post(f"/evidence/{new}/withdraw", data={"reason": "Forkert"}).status_code == 303
    for name in ("owner", "auditor", "admin"):
        assert as_(name).get("/evidence/requests").status_code == 403
    assert "ny.pdf" in as_("group").get("/evidence/requests").text
    asked = db.session.scalars(select(Request.id)).one()
    assert client.get(f"/evidence/requests/{asked}").status_code == 303
    assert "Godkend tilbagetrækning" in client.get(f"/evidence/{new}").text
    assert client.post(f"/evidence/requests/{asked}/refuse", data={"answer": ""}).status_code == 422
    assert client.post(f"/evidence/requests/{asked}/approve", data={"version": "9"}).status_code == 409
    assert client.post(f"/evidence/requests/{asked}/approve", data={"version": "1"}).status_code == 303
    assert "Trukket tilbage" in client.get(f"/evidence/{new}").text
    assert client.post(f"/evidence/{id}/hold", data={"until": "1.1.2020", "reason": "x"}).status_code == 422
    assert client.post(f"/evidence/{id}/hold", data={"reason": "Retssag"}).status_code == 303
    page = client.get(f"/evidence/{id}").text
    assert "Kassationsstop" in page and "Retssag" in page
    lift = next(part for part in page.split('action="') if "/lift" in part).split('"')[0]
    assert client.post(lift, data={"version": "1", "reason": "Slut"}).status_code == 303
    bad = client.post("/evidence/retention", data={"data_class": "internal", "years": "3", "reason": "x"})
    assert bad.status_code == 422
    good = client.post("/evidence/retention", data={"data_class": "internal", "years": "6", "reason": "x"})
    assert good.status_code == 303


def test_the_pages_of_disposal(
    app: Flask, scene: Custody, client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    row = scene.add()
    id, sha256 = row.id, row.sha256
    monkeypatch.setattr(demo, "now", lambda: LATER)

    def as_(name: str) -> FlaskClient:
        person = scene.people[name]
        with transaction():
            token = making.actions.sign_in(making.by(person, LATER), person, "test").token
        with client.session_transaction() as session:
            session["sign_in"] = token
        return client

    page = as_("admin").get("/evidence/disposal")
    assert f"Fil nr. {id}" in page.text and "bilag.pdf" not in page.text
    assert client.post("/evidence/disposal", data={"reason": "Udløbet"}).status_code == 422
    assert client.post("/evidence/disposal", data={"reason": "", "id": str(id)}).status_code == 422
    assert client.post("/evidence/disposal", data={"reason": "Udløbet", "id": str(id)}).status_code == 303
    asked = db.session.scalars(select(Request.id)).one()
    assert as_("owner").get("/evidence/disposal").status_code == 403
    done = as_("group").post(f"/evidence/requests/{asked}/approve", data={"version": "1"})
    assert done.status_code == 303 and not files.current_store().exists(sha256)
    page = client.get(f"/evidence/{id}")
    assert "Kasseret" in page.text and "Hent fil" not in page.text
    assert client.get(f"/evidence/{id}/file").status_code == 409
    assert "Udløbet" in as_("admin").get("/evidence/disposal").text
