"""The real clamd: what it finds is refused and told in the log, and without its answer nothing is kept."""

import io
from dataclasses import replace
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select

from controls.base import clamd, files
from controls.base.audit import EventRow
from controls.base.db import db
from controls.evidence.tables import Evidence
from tests.evidence.builders import PDF, zipped
from tests.evidence.test_actions import Scene, _post
from tests.evidence.test_actions import scene as scene

pytestmark = pytest.mark.xdist_group("scanner")
EICAR = b"X5O!P%@AP[4\\PZX54(P^)7CC)7}$EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"


def test_verdicts(scanner: str, tmp_path: Path) -> None:
    for name, data, found in (("a", PDF, ""), ("b", EICAR, "Eicar-Test.UNOFFICIAL"), ("c", b"x" * 3_000_000, ""),
                              ("d", zipped(("bilag.txt", EICAR)), "Eicar-Test.UNOFFICIAL")):  # fmt: skip
        (tmp_path / name).write_bytes(data)
        assert clamd.scan(scanner, tmp_path / name) == found


def _rows() -> int:
    return db.session.scalar(select(func.count()).select_from(Evidence)) or 0


def _configured(app: Flask, monkeypatch: pytest.MonkeyPatch, address: str) -> None:
    monkeypatch.setitem(app.config, "KONTROLRUL", replace(app.config["KONTROLRUL"], clamd=address))


def test_an_infected_upload_is_refused_and_told(
    app: Flask, scene: Scene, client: FlaskClient, scanner: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    _configured(app, monkeypatch, scanner)
    scene.make.signed_in(client, scene.people["owner"])
    sent = _post(client, shows="Min tekst", file=(io.BytesIO(EICAR), "bilag.txt"))
    assert sent.status_code == 422 and "afvist af virusscanneren" in sent.text and "Min tekst" in sent.text
    told = db.session.scalars(select(EventRow).where(EventRow.action == "evidence.malware_refused")).one()
    assert told.person_id == scene.people["owner"].id and "EICAR" not in told.payload
    assert _rows() == 0 and not list(app.config["KONTROLRUL"].evidence.glob(f"*{files.PART}"))
    assert _post(client, file=(io.BytesIO(PDF), "bilag.pdf")).status_code == 303 and _rows() == 1


@pytest.mark.parametrize("address", ["/nowhere/clamd.sock", "127.0.0.1:9", "nonsense"])
def test_a_scanner_that_is_down_lets_nothing_through(
    app: Flask, scene: Scene, client: FlaskClient, monkeypatch: pytest.MonkeyPatch, address: str
) -> None:
    _configured(app, monkeypatch, address)
    scene.make.signed_in(client, scene.people["owner"])
    sent = _post(client, shows="Min tekst", file=(io.BytesIO(PDF), "bilag.pdf"))
    assert sent.status_code == 503 and "svarer ikke" in sent.text and "Min tekst" in sent.text and _rows() == 0
