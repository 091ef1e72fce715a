"""The coverage certificate: what is missing first, who may have it, and the same bytes from page and command."""

from datetime import date, timedelta
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask_babel import force_locale
from openpyxl import load_workbook

from controls.base.audit import EventRow
from controls.base.db import db, transaction
from controls.identity import actions as accounts
from controls.identity.permissions import Role
from controls.papers import certificate, certificate_out, certificate_words
from controls.rotation import actions
from controls.rotation.words import Cover, Degree, Form, Source
from controls.universe import actions as catalogue
from controls.universe.rules import Entry
from controls.universe.structure import Said
from controls.universe.tables import Subprocess
from controls.universe.words import Kind, Level
from tests.recommendation import scene as stage

ON = "2026-03-17"


@pytest.fixture
def scene(app: Flask, make: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Four sub-processes: one covered by a light review; KRE is high, so that it is due in 2026."""
    scene = stage.build(make, monkeypatch)
    with transaction():
        actions.record_coverage(
            scene.by("group", stage.AT), scene.agency.id, scene.part["LON-1.1"], date(2025, 5, 1), Degree.FULL,
            Form.LIGHT, Source.IMPORT, "Rapport 3",
        )  # fmt: skip
    return scene


def test_the_page_says_what_is_missing_first(scene: Any, client: Any) -> None:
    stage.sign_in(client, scene, "auditor")
    page = client.get(f"/plan/certificate?org=STAR&on={ON}").text
    assert "3 af 4 delprocesser er ikke dækket af en fuld gennemgang i årene 2022–2026." in page
    assert page.index("ikke dækket af en fuld") < page.index("Optælling") < page.index("Delprocesser i STAR")
    assert "Rapport 3 (indlæst)" in page and "Dækket (forenklet)" in page and "Dagen er ikke gået" in page
    assert "/plan/certificate?org=STAR" in client.get("/plan?org=STAR").text
    assert "/plan/certificate" in client.get("/reports").text
    whole = client.get(f"/plan/certificate?org=DEP&on={ON}").text
    assert "DEP DEP da med STAR" in whole and "Ingen aktive delprocesser: DEP." in whole
    assert "3 af 4" in whole and "Delprocesser i STAR" not in whole.replace("</a>", "") or "org=STAR" in whole


@pytest.mark.parametrize(
    ("who", "query", "status", "said"),
    [
        ("auditor", "org=STAR&on=18.3.2026", 422, "Vælg en dag, der ikke ligger efter i dag."),
        ("auditor", "org=STAR&on=i+fjor", 422, "i fjor"),
        ("auditor", "org=STAR&on=1.1.2020", 404, "Kataloget kom senere"),
        ("owner", f"org=STAR&on={ON}", 200, "Dækningsattest"),
        ("owner", f"org=DEP&on={ON}", 404, ""),
        ("admin", f"org=STAR&on={ON}", 403, ""),
    ],
)
def test_who_may_see_which_day(scene: Any, client: Any, who: str, query: str, status: int, said: str) -> None:
    stage.sign_in(client, scene, who)
    answer = client.get(f"/plan/certificate?{query}")
    assert answer.status_code == status and said in answer.text


def test_page_and_command_give_the_same_bytes(scene: Any, client: Any, app: Flask, tmp_path: Path) -> None:
    stage.sign_in(client, scene, "owner")
    names = (("pdf", "da", "foreloebig-daekningsattest"), ("xlsx", "en", "preliminary-coverage-certificate"))
    for form, lang, name in names:
        fetched = client.get(f"/plan/certificate/file?form={form}&org=STAR&on={ON}&lang={lang}")
        assert f"={name}-STAR-{ON}.{form}" in fetched.headers["Content-Disposition"]
        told = db.session.query(EventRow).order_by(EventRow.seq.desc()).first()
        assert told is not None and told.action == "papers.certificate_exported" and told.person_name == "Owner"
        out = tmp_path / f"certificate.{form}"
        words = ["export", "certificate", "--organisation", "STAR", "--on", ON, "--out", str(out)]
        done = app.test_cli_runner().invoke(args=[*words, "--form", form, "--lang", lang])
        assert done.exit_code == 0 and "4 sub-processes, 3 not covered" in done.output
        assert out.read_bytes() == fetched.data
    stage.sign_in(client, scene, "auditor")
    assert client.get("/reports").text.count("Dækningsattest STAR 17. marts 2026") == 4


def test_nobody_takes_a_day_that_lasts_for_a_day_that_is_over(scene: Any, client: Any, make: Any) -> None:
    stage.sign_in(client, scene, "auditor")
    today = client.get(f"/plan/certificate?org=STAR&on={ON}").text.replace("\N{NO-BREAK SPACE}", " ")
    assert "Foreløbig dækningsattest pr. 17. marts 2026" in today and "ved udgangen af" not in today
    assert "Den endelige attest for dagen kan hentes fra den 18. marts 2026." in today
    found = certificate.certify(make.system(stage.AT + timedelta(days=1)), scene.agency, date.fromisoformat(ON))
    with force_locale("da"):
        over = certificate_words.written(found, "da")
    assert (over.title, over.running) == ("Dækningsattest", "") and "ved udgangen af 17. marts 2026" in over.rules[-1]
    assert certificate_out.made(found, "xlsx", "da")[1].running is False


def test_what_is_closed_is_not_counted_and_what_is_transferred_keeps_its_coverage(scene: Any, make: Any) -> None:
    there, group, day = make.organisation("ALS", "DEP"), scene.people["group"], date.fromisoformat(ON)
    with transaction():
        taken = Entry(1, "AAR", "Regnskab", "", "AAR-1", "Proces", "", "AAR-1.1", "Ny her", "")
        catalogue.import_catalogue(make.system(stage.AT), there.id, [taken], "a.csv", "0" * 64)
        accounts.grant_role(make.system(stage.AT), group.id, Role.GRP, there.id)
    by, said = make.by(group, stage.AT), Said(day, "Opgaven er flyttet til det nye kontor.")
    parts = {row.code: row for row in db.session.query(Subprocess)}
    with transaction():
        catalogue.close(by, Level.SUBPROCESS, parts["KRE-1.2"].id, parts["KRE-1.2"].version, said)
        moved, place = parts["LON-1.1"], parts["AAR-1.1"].process_id
        catalogue.transfer(by, Level.SUBPROCESS, moved.id, moved.version, said, place)
    found = certificate.certify(make.system(stage.AT), scene.ministry, day)
    lines = {(line.organisation, line.part.code): line for line in found.lines}
    assert set(lines) == {("ALS", "AAR-1.1"), ("ALS", "LON-1.1"), ("STAR", "KRE-1.1"), ("STAR", "LON-1.2")}
    line = lines["ALS", "LON-1.1"]
    assert (line.standing.cover, line.source, line.by and line.by.kind) == (
        Cover.LIGHT,
        "STAR LON-1.1",
        Kind.TRANSFERRED,
    )
    assert (found.totals.active, found.totals.covered, found.totals.inherited, found.without) == (4, 1, 1, ("DEP",))
    before = certificate.certify(make.system(stage.AT), scene.ministry, day - timedelta(days=1))
    assert len(before.lines) == 4 and {line.organisation for line in before.lines} == {"STAR"}


def test_the_workbook_says_the_same(scene: Any, client: Any) -> None:
    stage.sign_in(client, scene, "auditor")
    book = load_workbook(BytesIO(client.get(f"/plan/certificate/file?form=xlsx&org=DEP&on={ON}").data))
    assert book.sheetnames == ["00 Forside", "01 Mangler", "02 Delprocesser", "03 Optælling"]
    sheets = {name: list(book[name].iter_rows(values_only=True)) for name in book.sheetnames}
    rows = [dict(zip(sheets["02 Delprocesser"][0], row, strict=True)) for row in sheets["02 Delprocesser"][1:]]
    assert {row["delproces_kode"]: row["dækket"] for row in rows} == {
        "KRE-1.1": "Aldrig dækket", "KRE-1.2": "Aldrig dækket", "LON-1.1": "Dækket (forenklet)",
        "LON-1.2": "Aldrig dækket",
    }  # fmt: skip
    assert len(sheets["01 Mangler"]) == 4 and sum(row[3] for row in sheets["03 Optælling"][1:]) == 4
