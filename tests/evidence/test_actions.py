"""Evidence stored, sent twice, read and found changed, with who may do it."""

import io
from collections.abc import Iterator
from types import ModuleType
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select

from controls.base import files
from controls.base.audit import EventRow
from controls.base.db import db, transaction
from controls.base.why import Refused
from controls.evidence import actions, queries
from controls.evidence.tables import Evidence
from controls.identity.permissions import Role
from tests.evidence.builders import PDF, PNG, padded
from tests.photograph import photographed


class Scene:
    """One subject, its owner and some readers."""

    def __init__(self, make: ModuleType) -> None:
        self.make = make
        self.star = make.organisation("STAR")
        roles = {"owner": Role.OWN, "stranger": Role.OWN, "controller": Role.CTL, "group": Role.GRP,
                 "secretary": Role.SEC, "auditor": Role.AUD, "member": Role.VDM, "admin": Role.ADM}  # fmt: skip
        self.people = {name: make.person(name, role, self.star) for name, role in roles.items()}

    def add(self, name: str = "owner", data: bytes = PDF, filename: str = "bilag.pdf", shows: str = "Godkendt bilag",
            subject: int = 1, kind: str = "test_subject") -> Evidence:  # fmt: skip
        author = self.make.by(self.people[name])
        with transaction():
            return actions.add(author, self.star.id, kind, subject, filename, io.BytesIO(data), shows)


@pytest.fixture
def scene(make: ModuleType, monkeypatch: pytest.MonkeyPatch) -> Iterator[Scene]:
    """Subjects 1 and 2 belong to the owner."""
    made = photographed(Scene)(make)
    people, star = frozenset({made.people["owner"].id}), made.star.id
    db.session.rollback()

    def subject(id: int) -> queries.Subject | None:
        return queries.Subject(star, people) if id in (1, 2) else None

    monkeypatch.setitem(queries.SUBJECTS, "test_subject", subject)
    monkeypatch.setitem(queries.SUBJECTS, "forum_meeting", subject)
    yield made


def _count() -> int:
    return db.session.scalar(select(func.count()).select_from(Evidence)) or 0


def _path(app: Flask, row: Evidence) -> Any:
    return files.path_of(app.config["KONTROLRUL"].evidence, row.sha256)


def test_a_file_is_stored_under_its_hash(app: Flask, scene: Scene) -> None:
    row = scene.add(filename="..\\hemmeligt\\bilag.pdf")
    assert row.filename == "bilag.pdf" and row.size == len(PDF) and _path(app, row).read_bytes() == PDF
    listed = queries.of("test_subject", [1, 2])
    assert [file.uploaded_by for file in listed[1]] == ["Owner"] and listed[2] == []
    assert queries.counts("test_subject", [1, 2]) == {1: 1} and queries.exists("test_subject", [1])


def test_the_same_file_twice_is_kept_once(scene: Scene) -> None:
    first, second = scene.add(), scene.add()
    assert first.id == second.id and _count() == 1
    other = scene.add(subject=2)
    assert other.sha256 == first.sha256 and _count() == 2
    query = select(EventRow.action).where(EventRow.action.startswith("evidence.")).order_by(EventRow.seq)
    names = list(db.session.scalars(query))
    assert names == ["evidence.added", "evidence.added_again", "evidence.added"]


@pytest.mark.parametrize(
    ("data", "filename", "shows", "code"),
    [(b"", "a.pdf", "x", "file_empty"), (PNG, "a.pdf", "x", "file_type_mismatch"),
     (PDF, "a.pdf", " ", "field_required"), (PDF, "a.html", "x", "file_type_not_allowed")],
)  # fmt: skip
def test_refused_files_leave_nothing(scene: Scene, data: bytes, filename: str, shows: str, code: str) -> None:
    with pytest.raises(Refused) as error:
        scene.add(data=data, filename=filename, shows=shows)
    assert [reason.code for reason in error.value.reasons] == [code] and _count() == 0


def test_one_byte_over_the_limit(app: Flask, scene: Scene) -> None:
    with pytest.raises(Refused) as error:
        scene.add(data=padded(app.config["KONTROLRUL"].upload_limit + 1))
    assert error.value.status == 413


def test_who_may_add(scene: Scene) -> None:
    for name in ("stranger", "controller", "group", "auditor", "member", "secretary", "admin"):
        with pytest.raises(Refused) as error:
            scene.add(name)
        assert error.value.status == 403
    assert scene.add("secretary", kind="forum_meeting").uploaded_by_id == scene.people["secretary"].id
    for kind, subject in (("test_subject", 3), ("nothing", 1)):
        with pytest.raises(Refused) as error:
            scene.add(subject=subject, kind=kind)
        assert error.value.status == 404


def _post(client: FlaskClient, **data: Any) -> Any:
    form = {"subject_type": "test_subject", "subject_id": "1", "shows": "Bilag", "next": "/me", **data}
    return client.post("/evidence", data=form, content_type="multipart/form-data")


def test_upload_and_download(app: Flask, scene: Scene, client: FlaskClient) -> None:
    scene.make.signed_in(client, scene.people["owner"])
    name = "<img src=x onerror=alert(1)>.pdf"
    sent = _post(client, file=(io.BytesIO(PDF), name), covers_from="1.1.2026", covers_to="31.1.2026")
    assert sent.status_code == 303 and sent.location == "/me"
    id = db.session.scalars(select(Evidence.id)).one()
    db.session.rollback()
    page = client.get(f"/evidence/{id}")
    assert page.status_code == 200 and "<img src=x" not in page.text and "&lt;img" in page.text
    got = client.get(f"/evidence/{id}/file")
    assert got.data == PDF and got.headers["X-Content-Type-Options"] == "nosniff"
    assert got.headers["Content-Disposition"].startswith("attachment")
    assert "sandbox" in got.headers["Content-Security-Policy"]
    last = db.session.scalars(select(EventRow).where(EventRow.action == "evidence.read")).one()
    assert last.person_id == scene.people["owner"].id


def test_a_refused_upload_keeps_what_was_typed(scene: Scene, client: FlaskClient) -> None:
    scene.make.signed_in(client, scene.people["owner"])
    wrong = _post(client, shows="Min tekst", file=(io.BytesIO(PNG), "bilag.pdf"))
    assert wrong.status_code == 415 and "Min tekst" in wrong.text and "passer ikke til endelsen .pdf" in wrong.text
    assert _post(client, shows="Min tekst").status_code == 422
    assert _post(client, shows="", file=(io.BytesIO(PDF), "bilag.pdf")).status_code == 422
    away = _post(client, next="//evil.example/", file=(io.BytesIO(PDF), "bilag.pdf"))
    assert away.location == "/"
    assert _post(client, subject_id="x", file=(io.BytesIO(PDF), "bilag.pdf")).status_code == 404


def test_a_file_swapped_on_disk_is_not_handed_out(app: Flask, scene: Scene, client: FlaskClient) -> None:
    row = scene.add()
    id, path = row.id, _path(app, row)
    path.chmod(0o600)
    path.write_bytes(PDF + b"\n")
    scene.make.signed_in(client, scene.people["auditor"])
    answer = client.get(f"/evidence/{id}/file")
    assert answer.status_code == 409 and "ikke længere" in answer.text and "%PDF" not in answer.text
    path.unlink()
    assert client.get(f"/evidence/{id}/file").status_code == 409
    told = select(EventRow.action).where(EventRow.object_id == id).order_by(EventRow.seq.desc()).limit(2)
    assert set(db.session.scalars(told)) == {"evidence.missing", "evidence.changed_on_disk"}


@pytest.mark.parametrize(
    ("name", "status"),
    [("owner", 200), ("auditor", 200), ("group", 200), ("secretary", 200), ("stranger", 404), ("controller", 404),
     ("member", 404), ("admin", 403)],
)  # fmt: skip
def test_who_may_read(scene: Scene, client: FlaskClient, name: str, status: int) -> None:
    id = scene.add().id
    scene.make.signed_in(client, scene.people[name])
    assert client.get(f"/evidence/{id}").status_code == status
    assert client.get(f"/evidence/{id}/file").status_code == status


def test_a_member_reads_for_the_unit(scene: Scene, make: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    colleague = make.person("boss", Role.VDM, scene.star, unit="Økonomi")
    insider = make.person("insider", Role.OWN, scene.star, unit="Økonomi")
    people, star = frozenset({insider.id, scene.people["owner"].id}), scene.star.id
    monkeypatch.setitem(queries.SUBJECTS, "test_subject", lambda id: queries.Subject(star, people))
    row = scene.add()
    assert queries.may_read(make.by(colleague), row)
