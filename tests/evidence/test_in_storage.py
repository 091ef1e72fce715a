"""The whole way of a file in a real object storage: upload, reading, verification, disposal, orphans, an outage."""

import io
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from controls.base import files
from controls.base.db import db, transaction
from controls.base.settings import Storage
from controls.evidence import actions, queries
from controls.evidence.words import FaultKind
from tests.evidence.builders import PDF
from tests.evidence.test_actions import _post
from tests.evidence.test_custody import Custody
from tests.evidence.test_custody import scene as scene

pytestmark = pytest.mark.xdist_group("storage")


@pytest.fixture
def stored(app: Flask, storage: Storage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[files.Store]:
    """The application keeps its evidence in a bucket that keeps versions."""
    there = replace(app.config["KONTROLRUL"], evidence_url=f"s3://versioned/{tmp_path.name}", storage=storage)
    monkeypatch.setitem(app.config, "KONTROLRUL", there)
    yield files.current_store()


def test_from_upload_to_disposal(app: Flask, scene: Custody, stored: files.Store, client: FlaskClient) -> None:
    scene.make.signed_in(client, scene.people["owner"])
    assert _post(client, file=(io.BytesIO(PDF), "bilag.pdf")).status_code == 303
    [file] = queries.of("test_subject", [1])[1]
    db.session.rollback()
    assert stored.exists(file.sha256) and client.get(f"/evidence/{file.id}/file").data == PDF
    assert app.test_cli_runner().invoke(args=["evidence", "verify"]).exit_code == 0
    scene.approve(scene.dispose(file.id))
    assert not stored.exists(file.sha256)
    assert app.test_cli_runner().invoke(args=["evidence", "verify"]).exit_code == 0


def test_a_file_gone_from_the_bucket_is_named(app: Flask, scene: Custody, stored: files.Store) -> None:
    row = scene.add()
    stored.remove(row.sha256)
    assert [(one.kind, one.evidence_id) for one in queries.check_files().amiss] == [(FaultKind.MISSING, row.id)]
    run = app.test_cli_runner().invoke(args=["evidence", "verify", "--lang", "en"])
    assert run.exit_code == 1 and row.sha256 in run.output


def test_orphans_in_the_bucket_are_swept(scene: Custody, stored: files.Store) -> None:
    row = scene.add()
    with files.received(io.BytesIO(b"orphan"), 100) as incoming:
        stored.keep(incoming, date(2031, 12, 31))
    for hours, left in ((23, 2), (25, 1)):
        with transaction():
            actions.sweep(scene.by("group", datetime.now(UTC) + timedelta(hours=hours)))
        assert len(list(stored.listing())) == left
    assert stored.exists(row.sha256)


def test_a_storage_that_does_not_answer_keeps_nothing_and_loses_nothing(
    app: Flask, scene: Custody, stored: files.Store, client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    id = scene.add().id
    away = replace(app.config["KONTROLRUL"].storage, endpoint="http://127.0.0.1:9")
    monkeypatch.setitem(app.config, "KONTROLRUL", replace(app.config["KONTROLRUL"], storage=away))
    db.session.rollback()
    scene.make.signed_in(client, scene.people["owner"])
    sent = _post(client, shows="Min tekst", file=(io.BytesIO(PDF + b"\n"), "bilag.pdf"))
    assert sent.status_code == 503 and "Min tekst" in sent.text and "svarer ikke" in sent.text
    assert client.get(f"/evidence/{id}/file").status_code == 503
    assert app.test_cli_runner().invoke(args=["evidence", "verify"]).exit_code == 2
    assert len(queries.of("test_subject", [1])[1]) == 1
