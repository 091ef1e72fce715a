"""One whole control year, from the catalogue in January to the audit workbook in December, over HTTP as nine people.

Nothing is done but by pages: each person fetches, fills in and presses what is there. Every page is looked at by
`manners`; each step that is somebody's own is tried by another first.
"""

import re
from io import BytesIO
from typing import Any

import pytest
from flask import Flask
from openpyxl import load_workbook
from sqlalchemy import func, or_, select

from controls.assessment.tables import Line as AssessmentLine
from controls.base.audit import EventRow
from controls.base.db import db
from controls.effectiveness.tables import OperatingTest, SampleItem
from controls.evidence.tables import Evidence
from controls.finding.tables import Action, Finding
from controls.forum.tables import Decision, Meeting, Presence
from controls.identity.tables import RoleGrant
from controls.recommendation.tables import Line
from controls.review.tables import Control, DesignTest, Review, Risk, RiskControl
from controls.rotation.tables import Coverage
from controls.universe.tables import Area, Process, Subprocess
from controls.wheel.tables import Step
from tests.journeys import scene as scenes
from tests.journeys.browser import Form, Page, Someone
from tests.journeys.scene import ANSWERS, SCORES, Scene

YEAR = "/cycles/2026"
AREAS, PROCESSES, SUBPROCESSES = 16, 39, 110
RECOMMENDED = ("KRE-1.1", "KRE-1.2", "LED-1.1")
LEFT_OUT, DEFERRED, ADDED = "LED-1.1", "AAR-1.1", "TIL-1.1"
REVIEWED = "KRE-1.1"
PDF = b"%PDF-1.4\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"


@pytest.fixture
def scene(app: Flask, monkeypatch: pytest.MonkeyPatch) -> Scene:
    """Everybody in January, on empty tables."""
    return scenes.set_up(app, monkeypatch)


@pytest.mark.xdist_group("ui-en")  # the other worker builds the demo meanwhile
@pytest.mark.long
def test_the_year_from_catalogue_to_workbook(scene: Scene) -> None:
    """Every step of the year, each by the person whose step it is, and the workbook agrees with the database."""
    january(scene)
    march(scene)
    april(scene)
    may(scene)
    june(scene)
    review, test = august(scene)
    finding = october(scene, review, test)
    november(scene, review, finding)
    december(scene, finding)
    in_english(scene, review, test, finding)
    auditor(scene)


# --- January: catalogue, owners, the year is opened -------------------------------------------------------------


def january(scene: Scene) -> None:
    """The coordinator takes the shipped catalogue in, names owners, opens the year and locks its parameters."""
    scene.controller.may_not("/import")
    taken = scenes.import_catalogue(scene.coordinator, scene.group)
    taken.says(*(str(number) for number in (AREAS, PROCESSES, SUBPROCESSES)), "AAR-1.1")
    counts = [db.session.scalar(select(func.count()).select_from(table)) for table in (Area, Process, Subprocess)]
    assert counts == [AREAS, PROCESSES, SUBPROCESSES]
    for code in processes():
        name_owner(scene, code)
    scene.owner.get("/").says("KRE-1")
    scene.owner.may_not("/cycles/new")
    form = scene.coordinator.get("/cycles").follow(r"/cycles/new\?").form("/cycles/new")
    form.fill(capacity_hours="").refused(422)
    opened = form.fill(capacity_hours="900").press()
    change = opened.follow(r"/parameters").form("/parameters").fill(capacity_hours="950", interval_high="3")
    change.sent_by(scene.controller)
    locked = change.press().form("/advance").press().says("950")
    scene.coordinator.refused(scene.coordinator.get(f"{YEAR}/parameters?org=STAR", 409))
    locked.follow(r"/wheel/2026")


def name_owner(scene: Scene, code: str) -> None:
    """The group gives a process its owner and facts."""
    form = scene.coordinator.get(f"/processes/{code}/edit?org=STAR").form("/edit")
    form.fill(
        owner_id=form.pick("owner_id", scene.owner.name), unit="Betalinger", yearly_amount_ore="1.250.000",
        transactions="4.100", systems="Navision Stat; NemKonto",
    )  # fmt: skip
    if code == "AAR-1":
        form.sent_by(scene.controller)
    form.press()


def processes() -> list[str]:
    """Codes of all processes."""
    return list(db.session.scalars(select(Process.code).order_by(Process.sort_key)))


# --- March: 39 assessments --------------------------------------------------------------------------------------


def march(scene: Scene) -> None:
    """Owner and controller fill in every form: one through a draft, one returned; calibration waits for the last."""
    scene.on(3, 2)
    step = scene.coordinator.get(f"{YEAR}?org=STAR").form("/advance")
    step.sent_by(scene.owner)
    step.press()
    scene.on(3, 16)
    forms = assessments(scene)
    assert len(forms) == PROCESSES
    last = forms.pop("KRE-2")
    for number, (code, address) in enumerate(forms.items()):
        fill_in(scene.owner if number % 13 == 0 or code == "KRE-1" else scene.controller, address)
    half_way(scene, last)
    returned(scene, forms["KRE-1"])
    resubmitted(scene, forms["KRE-1"])
    scene.on(4, 7)
    page = scene.coordinator.get(f"{YEAR}?org=STAR").says("KRE-2")
    assert not page.forms("/advance"), "calibration does not begin while a form is missing"
    the_rest(scene, last)


def assessments(scene: Scene) -> dict[str, str]:
    """The address of each process's form, from the year's list."""
    page = scene.coordinator.get(f"{YEAR}/assessments?org=STAR").says(str(PROCESSES))
    found = {link.text_content().split()[0]: str(link.get("href"))
             for link in page.tree.xpath("//main//a[contains(@href, '/assessments/')]")}  # fmt: skip
    return {code: address for code, address in found.items() if "-" in code}


def fill_in(who: Someone, address: str) -> Page:
    """Answer every question and submit."""
    return who.get(address).form("/submit").fill(ANSWERS).press()


def half_way(scene: Scene, address: str) -> None:
    """Half of the answers, saved as a draft."""
    half = {name: SCORES[name] for name in ("inherent_likelihood", "inherent_impact")} | {"reason": "Første tanker."}
    page = scene.owner.get(address)
    page.form("/draft").sent_by(scene.auditor)
    page.form("/draft").fill(half).press()


def the_rest(scene: Scene, address: str) -> None:
    """The draft is there again; what is missing is said beside its field; then it is submitted."""
    again = scene.owner.get(address).form("/submit")
    assert again.data["inherent_impact"] == "4" and again.data["reason"] == "Første tanker."
    refused = again.refused(422)
    assert refused.tree.xpath("//a[@href='#reason']") and refused.tree.xpath("//a[@href='#fraud']")
    refused.form("/submit").fill(ANSWERS).press()


def returned(scene: Scene, address: str) -> None:
    """The group sends a form back with a comment."""
    form = scene.group.get(address).form("/return").fill(comment="Skriv, hvad der er nyt i forhold til sidste år.")
    form.sent_by(scene.controller)
    form.press()


def resubmitted(scene: Scene, address: str) -> None:
    """The owner reads the comment, corrects the form and gives a sub-process scores of its own."""
    page = scene.owner.get(address).says("Skriv, hvad der er nyt")
    form = page.form("/submit")
    assert form.data["reason"] == ANSWERS["reason"], "the answers are still there"
    own = next(name for name in form.element.xpath(".//input/@name") if name.endswith("-own"))
    line = own.removesuffix("own")
    form.fill({own: "y", **{line + name: value for name, value in SCORES.items()}}).refused(422)
    form.fill({line + "inherent_likelihood": "5", line + "reason": "Modtagelsen er ny og bliver gjort af to nye folk."})
    form.fill(reason="Ny løsning til modtagelse af fakturaer fra februar, som vi mangler erfaring med.").press()


# --- April: calibration -----------------------------------------------------------------------------------------


def april(scene: Scene) -> None:
    """One calibrates, another approves; changed scores need a reason and another's approval."""
    scene.coordinator.get(f"{YEAR}?org=STAR").form("/advance").press()
    scene.on(4, 14)
    forms = assessments(scene)
    changed = forms.pop("KRE-1")
    for code, address in forms.items():
        calibrated = agree(scene, code, address)
        approve(scene, code, calibrated)
    with_changed_scores(scene, changed)
    scene.on(4, 30)
    scene.coordinator.get(f"{YEAR}?org=STAR").says(str(PROCESSES))
    scene.member.get(f"{YEAR}/assessments?org=STAR&band=high").says("KRE-1")
    matrix = scene.chair.get(f"{YEAR}/matrix?org=STAR").says("KRE-1.1")
    matrix.follow(r"p=\d&c=\d")


def agree(scene: Scene, code: str, address: str) -> Page:
    """Agree with a form as it was submitted."""
    form = scene.coordinator.get(address).form("/calibrate")
    if code == "AAR-1":
        form.sent_by(scene.controller)
    return form.press("agree")


def approve(scene: Scene, code: str, calibrated: Page) -> None:
    """Another member approves."""
    form = scene.group.get(calibrated.path).form("/approve")
    if code == "AAR-1":
        form.sent_by(scene.owner)
    form.press()


def with_changed_scores(scene: Scene, address: str) -> None:
    """A changed score needs a reason, and is approved by somebody else than who changed it (S1)."""
    form = scene.coordinator.get(address).form("/calibrate").fill(inherent_likelihood="4", residual_likelihood="3")
    page = (
        form.refused(422).form("/calibrate").fill(reason="To fejl i januar taler for en højere sandsynlighed.").press()
    )
    assert not page.forms("/approve"), "who changed the scores is not offered to approve them"
    approval = scene.group.get(address).form("/approve")
    approval.sent_by(scene.coordinator)
    approval.press()


# --- May: recommendation ----------------------------------------------------------------------------------------


def may(scene: Scene) -> None:
    """Lines with reasons; the gate names what is missing; handed over and frozen."""
    scene.on(5, 20)
    here = f"{YEAR}/recommendation?org=STAR"
    start = scene.coordinator.get(here).form("/start")
    start.sent_by(scene.secretary)
    draft = start.press()
    assert not draft.forms("/hand-over"), "an empty recommendation is not handed over"
    intro = draft.form("/introduce").fill(introduction="Gruppen indstiller tre delprocesser i det første år.")
    draft = intro.press()
    too_early(scene, intro)
    for code in RECOMMENDED:
        draft = recommend(scene, code)
    defer(scene)
    settle_due(scene)
    scene.on(5, 29)
    hand_over = scene.group.get(here).form("/hand-over")
    hand_over.sent_by(scene.controller)
    frozen = hand_over.press().says("KRE-1.1", "Gruppen indstiller")
    assert not frozen.forms("/introduce")
    intro.fill(introduction="Skrevet efter overdragelsen.").refused(409, "Skrevet efter")
    scene.coordinator.get(f"{YEAR}?org=STAR")


def too_early(scene: Scene, any_form: Form) -> None:
    """A line without reasons: no button, and who sends the request all the same is told what is missing."""
    code = RECOMMENDED[0]
    form = scene.coordinator.get(f"{YEAR}/recommendation/lines/{code}?org=STAR").form("/save")
    shown = form.fill(recommended="review", reason_codes=[], hours="").press()
    assert not shown.forms("/hand-over"), "there is no button while something is missing"
    data = any_form.data.copy()
    data["version"] = str(int(data["version"]) + 1)
    action = any_form.action.replace("/introduce", "/hand-over")
    refused = scene.coordinator.refused(scene.coordinator.post(action, data, 422))
    reasons = [" ".join(one.text_content().split()) for one in refused.tree.xpath("//main//li | //main//p")]
    assert len([reason for reason in reasons if code in reason]) == 3, refused.text
    shown.says(*(reason for reason in reasons if code in reason))


def recommend(scene: Scene, code: str) -> Page:
    """A line: review, why, how long, who leads."""
    form = scene.coordinator.get(f"{YEAR}/recommendation/lines/{code}?org=STAR").form("/save")
    form.fill(
        recommended="review", reason_codes=["event", "large_expenditure"], hours="60", form="ordinary",
        text="Ny betalingsløsning fra februar, store beløb.", proposed_lead=form.pick("proposed_lead", "Nadia"),
    )  # fmt: skip
    if code == RECOMMENDED[0]:
        form.sent_by(scene.controller)
    return form.press()


def defer(scene: Scene) -> None:
    """A deferral says until when, why, and what is done instead."""
    form = scene.group.get(f"{YEAR}/recommendation/lines/{DEFERRED}?org=STAR").form("/save")
    page = form.fill(recommended="defer", form="ordinary").refused(422)
    page.form("/save").fill(
        defer_to="2027", defer_code="system_change", compensating_measure="Regnskab afstemmer hver måned imens.",
    ).press()  # fmt: skip


def settle_due(scene: Scene) -> None:
    """Whatever else is due gets a position."""
    page = scene.coordinator.get(f"{YEAR}/recommendation?org=STAR&show=due")
    for address in page.links(r"/recommendation/lines/"):
        form = scene.coordinator.get(address).form("/save")
        if form.data.get("recommended") is None:
            form.fill(recommended="not_recommended", text="Lav risiko; tages i et senere år.").press()


# --- June: the forum --------------------------------------------------------------------------------------------


def june(scene: Scene) -> None:
    """Announced, held, decided with a deviation and an addition, locked by the chair; the reviews are there."""
    scene.coordinator.may_not("/forum/new")
    form = scene.secretary.get("/forum").follow(r"/forum/new").form("/forum/new")
    form.fill(about=form.pick("about", "2026"), held_on="12.6.2026", form="meeting")
    form.sent_by(scene.coordinator)
    paper = form.press().says("KRE-1.1", "Gruppen indstiller")
    minutes = f"{paper.path}/minutes"
    scene.member.get(paper.path)
    scene.member.may_not(minutes)
    scene.on(6, 12, 13)
    presence(scene, minutes)
    decisions(scene, minutes)
    lock(scene, minutes)
    scene.on(6, 18)
    reviews = scene.coordinator.get("/reviews?org=STAR").says("KRE-1.1", "KRE-1.2", ADDED)
    assert len(reviews.links(r"^/reviews/\d+$")) == 3
    assert LEFT_OUT not in reviews.text and DEFERRED not in reviews.text


def presence(scene: Scene, minutes: str) -> None:
    """Who was there."""
    page = scene.secretary.get(minutes).follow(r"/presence$")
    form = page.form("/presence")
    form.sent_by(scene.member)
    form.fill(dict.fromkeys(form.element.xpath(".//input[@type='checkbox']/@name"), "1"))
    form.press().says(scene.chair.name, scene.member.name)


def decisions(scene: Scene, minutes: str) -> None:
    """One deviation (refused without a reason), one addition, the rest as recommended."""
    form = scene.secretary.get(f"{minutes}/lines/{LEFT_OUT}").form("/decide").fill(decided="not_chosen")
    form.sent_by(scene.chair)
    page = form.refused(422)
    assert page.tree.xpath("//a[@href='#reason']")
    page.form("/decide").fill(reason="Forummet vil hellere bruge timerne på tilskud.").press().says(LEFT_OUT)
    add = scene.secretary.get(f"{minutes}/lines?code={ADDED}").form("/decide")
    add.fill(decided="chosen", hours="45", added_by=add.pick("added_by", scene.member.name)).refused(422)
    add.fill(reason="Nye puljer fra i år, og der har været spørgsmål i Folketinget.").press()
    agree_rest = scene.secretary.get(minutes).form("/agree")
    agree_rest.sent_by(scene.chair)
    agree_rest.press()
    note = scene.secretary.get(minutes).form("/note").fill(note="Forummet drøftede kapaciteten i 2027.")
    note.press().says("Forummet drøftede kapaciteten")


def lock(scene: Scene, minutes: str) -> None:
    """The chair, and nobody else, approves and locks."""
    send = scene.secretary.get(minutes).form("/send")
    send.sent_by(scene.chair)
    send.press()
    scene.on(6, 17)
    page = scene.chair.get(minutes)
    page.form("/return").fill(comment="Skriv også, at puljerne er nye.").press()
    scene.secretary.get(minutes).says("Skriv også").form("/send").press()
    locking = scene.chair.get(minutes).form("/lock")
    locking.sent_by(scene.secretary)
    locking.press().says(LEFT_OUT, ADDED, "B-2026-03").follow(r"lines=all").says("KRE-1.1", "B-2026-01")
    scene.member.get(minutes).says(ADDED)


# --- August: a detailed review ----------------------------------------------------------------------------------


def august(scene: Scene) -> tuple[str, str]:
    """Plan, scope, walkthrough, risk, controls, matrix, design, operation; the review's and the test's address."""
    scene.on(8, 3)
    step = scene.coordinator.get(f"{YEAR}?org=STAR").form("/advance")
    step.sent_by(scene.secretary)
    step.press()
    here = review_of(scene, REVIEWED)
    plan(scene, here)
    scope(scene, here)
    describe(scene, here)
    control = design(scene, here)
    test = f"{here}/controls/{control}"
    operation(scene, test)
    return here, test


def review_of(scene: Scene, code: str) -> str:
    """The address of a sub-process's review, from the list."""
    page = scene.controller.get("/reviews?org=STAR")
    for row in page.tree.xpath("//main//tr"):
        if code in row.text_content():
            return str(row.xpath(".//a[starts-with(@href, '/reviews/')]/@href")[0])
    raise AssertionError(page.text)


def plan(scene: Scene, here: str) -> None:
    """A team in which the reviewer neither leads nor tests (S3)."""
    form = scene.coordinator.get(f"{here}/plan").form("/plan")
    lead = form.pick("lead_id", scene.controller.name)
    form.fill(lead_id=lead, tester_id=lead, quality_reviewer_id=lead, hours="60", start_on="10.8.2026",
              draft_due="30.10.2026")  # fmt: skip
    page = form.refused(403)
    fixed = page.form("/plan").fill(quality_reviewer_id=form.pick("quality_reviewer_id", scene.reviewer.name))
    fixed.sent_by(scene.controller)
    fixed.press()
    scene.on(8, 10)
    start = scene.controller.get(here).form("/start")
    start.sent_by(scene.owner)
    start.press()


def scope(scene: Scene, here: str) -> None:
    """Scope, period, independence, walkthrough."""
    form = scene.controller.get(f"{here}/scope").form("/scope/save")
    form.fill(scope="Alle fakturaer i styrelsen, fra modtagelse til godkendelse.", period_from="1.7.2025",
              period_to="30.6.2026")  # fmt: skip
    form.sent_by(scene.reviewer)
    declare = form.press().form("/declare")
    declare.sent_by(scene.reviewer)
    declare.press()
    scene.on(8, 19)
    walk = scene.controller.get(f"{here}/walkthrough").form("/walkthrough/save").fill(
        walkthrough_on="19.8.2026", walkthrough_note="Fulgte faktura 4711 til bogføring.", hours_used="9")  # fmt: skip
    walk.sent_by(scene.owner)
    walk.press().says("4711")


def describe(scene: Scene, here: str) -> None:
    """A risk, a key control and another control, and what covers what."""
    risk = scene.controller.get(f"{here}/risks/new").form("/risks/new").fill(
        cause="Fakturaer bliver godkendt af den, der har bestilt.", event="En falsk faktura bliver betalt.",
        consequence="Tab for statskassen.", category="loss", assertions=["FOR", "NOJ"])  # fmt: skip
    risk.sent_by(scene.auditor)
    risk.press().says("KRE-1.1-R1")
    for text, key in (("Regnskab afstemmer kreditorer hver måned.", True), ("Systemet afviser dobbelte numre.", False)):
        form = scene.owner.get(f"{here}/controls/new").form("/controls/new").fill(
            text=text, kind="detective", execution="manual", frequency="monthly", occurrences_a_year="12",
            performer_role="Regnskabsmedarbejder", owner_role="Regnskabschef", system="Navision Stat")  # fmt: skip
        if key:
            page = form.fill(key_control="y").refused(422)
            form = page.form("/controls/new").fill(key_reason="Den eneste kontrol, der fanger en falsk faktura.")
        form.press()
    matrix = scene.controller.get(f"{here}/controls").says("KRE-1.1-K1", "KRE-1.1-K2")
    link = matrix.form("/matrix/save")
    cell = {"risk_id": link.pick("risk_id", "KRE-1.1-R1"), "control_id": link.pick("control_id", "KRE-1.1-K1")}
    link.fill(cell, degree="full", comment="Afstemningen viser hver betaling.").press()


def design(scene: Scene, here: str) -> int:
    """Test of design; the id of the key control."""
    page = scene.controller.get(f"{here}/design")
    address = page.links(r"/design/\d+$")[0]
    form = scene.controller.get(address).form("/save")
    form.fill(outcome="appropriate").refused(422)
    form.fill(conclusion="Udført som beskrevet fanger afstemningen en falsk faktura.", hours="3")
    form.sent_by(scene.reviewer)
    form.press()
    return int(address.rsplit("/", 1)[1])


def operation(scene: Scene, test: str) -> None:
    """Plan, population, draw, results with evidence and an exception, conclusion, another's approval."""
    scene.on(8, 24)
    page = scene.controller.get(test)
    plan = page.form("/plan").fill(method="frequency_table")
    plan.sent_by(scene.reviewer)
    plan.refused(422)
    plan.fill(sample_risk="high", hours="8").press()
    population = scene.controller.get(test).form("/population").fill(
        population="Månedlige afstemninger", size="12", source="Navision Stat", extracted_by="Anne Kirkeby",
        extracted_on="24.8.2026", completeness="Sammenholdt med kalenderen: 12 måneder.")  # fmt: skip
    draw = population.press().form("/draw")
    draw.sent_by(scene.owner)
    drawn = draw.press()
    items(scene, drawn)
    scene.on(9, 2)
    conclude = scene.controller.get(test).form("/conclude")
    page = conclude.fill(outcome="effective", conclusion="En afstemning mangler underskrift.", hours="7").refused(422)
    verdict = page.form("/conclude").fill(
        outcome="not_effective", reason="En måned uden underskrift er for meget for den eneste kontrol.")  # fmt: skip
    verdict.sent_by(scene.reviewer)
    verdict.press()
    mine = scene.reviewer.get(test).form("/review")
    mine.sent_by(scene.controller)
    mine.press()


def items(scene: Scene, drawn: Page) -> None:
    """Every item passed but one; a file on the first."""
    form = drawn.form("/save")
    ranks = sorted(int(name[1:].split("-")[0]) for name in form.element.xpath(".//select/@name") if "-result" in name)
    results = {f"r{rank}-result": "pass" for rank in ranks[:-1]} | {f"r{ranks[-1]}-result": "exception"}
    page = form.fill(results).refused(422)
    page.form("/save").fill({f"r{ranks[-1]}-nature": "isolated", f"r{ranks[-1]}-note": "Ingen underskrift i marts.",
                             f"r{ranks[-1]}-amount": "12.450,50"}).press()  # fmt: skip
    upload = scene.controller.get(f"{drawn.path}?item={ranks[0]}").form("/evidence")
    upload.fill(file=(PDF, "afstemning januar.pdf"), shows="Afstemning med to underskrifter.", covers_from="1.1.2026",
                covers_to="31.1.2026")  # fmt: skip
    upload.press().says("afstemning januar.pdf")


# --- October: finding, hearing ----------------------------------------------------------------------------------


def october(scene: Scene, here: str, test: str) -> str:
    """The finding with its action; the draft goes to hearing; the owner answers. The finding's address."""
    scene.on(10, 5)
    new = scene.controller.get(test).follow(r"/findings/new").form("/findings/new")
    new.sent_by(scene.secretary)
    new.fill(severity="deficiency").refused(422)
    finding = new.fill(
        condition="Afstemningen for marts mangler underskrift.", criterion="To personer skriver under.",
        cause="Afløseren kendte ikke kravet.", consequence="En fejl kan blive stående.", severity="deficiency",
        recommendation="Skriv kravet ind i vejledningen.", owner_id=new.pick("owner_id", scene.owner.name),
    ).press()  # fmt: skip
    hearing(scene, finding.path)
    concluding(scene, here)
    return finding.path


def hearing(scene: Scene, finding: str) -> None:
    """Sent, answered by the owner, confirmed by another, an action agreed."""
    send = scene.controller.get(finding).form("/hearing")
    send.sent_by(scene.auditor)
    send.press()
    answer = scene.owner.get(f"{finding}?do=answer").form("/answer")
    answer.fill(response="Enig. Vejledningen bliver rettet i oktober.").press()
    confirm = scene.controller.get(f"{finding}?do=confirm").form("/confirm")
    confirm.sent_by(scene.owner)
    confirm.fill(deadline="30.11.2026", verifier_id=confirm.pick("verifier_id", scene.reviewer.name)).press()
    action = scene.owner.get(f"{finding}?do=action").form("/actions")
    action.fill(text="Kravet er skrevet ind i vejledningen, og afløseren er oplært.", deadline="30.11.2026",
                owner_id=action.pick("owner_id", scene.owner.name),
                verifier_id=action.pick("verifier_id", scene.reviewer.name)).press()  # fmt: skip


def concluding(scene: Scene, here: str) -> None:
    """The conclusion of the review, and the hearing of its draft."""
    form = scene.controller.get(f"{here}/conclusion").form("/conclusion/save")
    form.fill(conclusion_design="appropriate", conclusion_operating="not_effective", overall_class="deficiency",
              conclusion="Kontrollen er godt tænkt, men blev ikke gjort en måned.", hours_used="55")  # fmt: skip
    form.sent_by(scene.reviewer)
    form.press()
    draft = scene.controller.get(f"{here}/hearing").form("/hearing/send")
    draft.sent_by(scene.owner)
    draft.fill(hearing_to="6.10.2026").refused(422)
    draft.fill(hearing_to="26.10.2026").press()
    scene.on(10, 20)
    reply = scene.owner.get(f"{here}/hearing").form("/hearing/answer")
    reply.fill(owner_reply="Enig i konklusionen.").sent_by(scene.controller)
    reply.press()


# --- November: approved = covered; the action is done -----------------------------------------------------------


def november(scene: Scene, here: str, finding: str) -> None:
    """Quality review by another person, approval, the roll counts one covered; the action is done and verified."""
    scene.on(11, 2)
    quality = scene.reviewer.get(f"{here}/conclusion").form("/conclusion/quality")
    quality.sent_by(scene.controller)
    quality.fill(quality_note="Gennemgået; ingen bemærkninger.").press()
    approve = scene.reviewer.get(f"{here}/conclusion").form("/approve")
    approve.sent_by(scene.controller)
    before = db.session.scalar(select(func.count()).select_from(Coverage))
    approve.press()
    after = list(db.session.scalars(select(Coverage)))
    assert before == 0 and [row.covered_on.isoformat() for row in after] == ["2026-11-02"]
    scene.member.get("/plan?org=STAR").says("KRE-1.1")
    scene.controller.get("/subprocesses/KRE-1.1?org=STAR").says("2026")
    done(scene, finding)


def done(scene: Scene, finding: str) -> None:
    """Reported with evidence by its owner, verified and closed by another (S12)."""
    page = scene.owner.get(finding)
    page.form("/start").press()
    scene.on(11, 20)
    report = scene.owner.get(finding).follow(r"do=report").form("/report")
    report.sent_by(scene.secretary)
    report.fill(note="Vejledningen er rettet 18. november.").press()
    verify = scene.reviewer.get(finding).follow(r"do=verify").form("/verify").fill(note="Set i den nye vejledning.")
    verify.refused(422)  # nothing shows it yet
    uploads = scene.owner.get(finding).forms("/evidence")
    uploads[0].fill(
        file=(PDF.replace(b"1 0 obj", b"%vejledning\n1 0 obj"), "vejledning.pdf"),
        shows="Vejledningen med det nye krav.",
    ).press()
    again = scene.reviewer.get(finding).follow(r"do=verify").form("/verify").fill(note="Set i den nye vejledning.")
    again.sent_by(scene.owner)
    again.press()
    close = scene.reviewer.get(f"{finding}?do=close").form("/close").fill(note="Kravet er på plads.")
    close.sent_by(scene.owner)
    close.press()
    scene.coordinator.get("/findings?org=STAR&state=closed").says("KRE-1.1")


# --- December: report and close ---------------------------------------------------------------------------------


def december(scene: Scene, finding: str) -> None:
    """Goal A is met, goal B is not: the year is closed with a reason."""
    scene.on(12, 10)
    page = scene.coordinator.get(f"{YEAR}?org=STAR")
    goals = [goal.text_content() for goal in page.tree.xpath("//main//*[contains(@class, 'kr-figure')]")]
    assert [re.findall(r"\d+", goal) for goal in goals[:2]] == [[str(PROCESSES)] * 2, ["1", "3"]], goals
    report = page.form("/advance")
    report.sent_by(scene.chair)
    report.press()
    scene.on(12, 16)
    closing = scene.coordinator.get(f"{YEAR}?org=STAR").form("/advance")
    closing.refused(422)
    closing.fill(reason="To gennemgange er udskudt til januar 2027, fordi systemet blev skiftet.").press()
    assert not scene.coordinator.get(f"{YEAR}?org=STAR").forms("/advance")
    scene.group.get(f"{YEAR}?org=STAR").form("/advance").press()
    assert not scene.coordinator.get(f"{YEAR}?org=STAR").forms("/advance")


# --- in English -------------------------------------------------------------------------------------------------


def in_english(scene: Scene, review: str, test: str, finding: str) -> None:
    """The main pages again, in the other language, chosen by the reader."""
    reader = scene.coordinator
    form = reader.get("/").form("/me/language")
    reader.language = "en"
    form.press("language=en")
    meeting = reader.get("/forum").links(r"^/forum/\d+")[0]
    assessed = reader.get(f"{YEAR}/assessments?org=STAR").links(r"^/assessments/\d+$")[0]
    for path in (
        "/", "/tasks", "/processes?org=STAR", "/processes/KRE-1?org=STAR", "/processes/KRE-1/edit?org=STAR",
        "/subprocesses/KRE-1.1?org=STAR", "/controls/KRE-1.1-K1?org=STAR", "/import?org=STAR", "/cycles",
        f"{YEAR}?org=STAR", "/wheel/2026?org=STAR", f"{YEAR}/assessments?org=STAR", f"{YEAR}/matrix?org=STAR",
        assessed,
        f"{YEAR}/recommendation?org=STAR", "/plan?org=STAR", "/forum", meeting, f"{meeting}/minutes",
        "/reviews?org=STAR", review, f"{review}/scope", f"{review}/walkthrough", f"{review}/controls",
        f"{review}/design", f"{review}/operation", f"{review}/hearing", f"{review}/conclusion", test,
        "/findings?org=STAR", finding,
        "/reports", "/me", "/accessibility", "/search?q=KRE-1",
    ):  # fmt: skip
        reader.get(path)


# --- the auditor ------------------------------------------------------------------------------------------------


def auditor(scene: Scene) -> None:
    """The workbook, downloaded by the auditor: every sheet agrees with its line on the cover and with the database."""
    scene.on(12, 18)
    scene.owner.may_not("/reports")
    scene.controller.may_not("/reports/workbook/2026?org=STAR")
    page = scene.auditor.get("/reports")
    for address in page.links(r"/reports/workbook/2026"):
        counts, told = expected(), events(scene)
        answer = scene.auditor.download(address)
        assert answer.headers["Content-Disposition"].startswith("attachment")
        read_back(answer.data, counts, told)
    scene.auditor.get("/reports").says("STAR 2026")


def events(scene: Scene) -> dict[int, str]:
    """Number and leaf of every event about the agency or its meeting."""
    about = or_(EventRow.organisation_id == scene.organisation_id, EventRow.object_type == Meeting.__tablename__)
    return {seq: leaf.hex() for seq, leaf in db.session.execute(select(EventRow.seq, EventRow.leaf).where(about))}


def expected() -> dict[str, int]:
    """Rows of each sheet by its number, counted in the database."""

    def count(table: Any, *where: Any) -> int:
        return int(db.session.scalar(select(func.count()).select_from(table).where(*where)) or 0)

    return {
        "01": SUBPROCESSES, "02": count(AssessmentLine), "03": count(Risk), "04": count(Control),
        "05": count(RiskControl) + 1,  # and the control that covers no risk
        "06": count(Line), "07": count(Decision), "08b": count(Presence), "09": SUBPROCESSES,
        "10": count(Review), "11": count(DesignTest) + count(OperatingTest), "12": count(SampleItem),
        "13": count(Evidence), "14": count(Finding), "15": count(Action),
        "17": count(Step), "18": count(RoleGrant),
    }  # fmt: skip


def read_back(data: bytes, counts: dict[str, int], told: dict[int, str]) -> None:
    """Cover against sheets against database."""
    book = load_workbook(BytesIO(data), read_only=True)
    cover = [list(row) for row in book[book.sheetnames[0]].iter_rows(values_only=True)]
    lines = {str(row[0]): row for row in cover if row and str(row[0]) in book.sheetnames}
    assert list(lines) == book.sheetnames[1:], "every sheet stands on the cover, in its order"
    seen = {}
    for name in book.sheetnames[1:]:
        rows = book[name].iter_rows(values_only=True)
        heads, body = next(rows), list(rows)
        _name, number, total_of, total, digest = lines[name][:5]
        assert len(body) == number, name
        assert len(str(digest)) == 64 and None not in heads, name
        summed = sum(row[heads.index(total_of)] or 0 for row in body)
        assert round(summed, 2) == round(total or 0, 2), f"{name}: {total_of} is {summed}, the cover says {total}"
        seen[name.split()[0]] = number
        if name.startswith("19"):
            assert {row[0]: row[-3] for row in body} == told
    assert {key: seen.get(key) for key in counts} == counts
    all_sheets = next(row[1] for row in cover if row and row[0] in ("All sheets", "Alle ark"))
    assert sum(seen.values()) == all_sheets, "the cover adds up"
    goals = [row[:3] for row in cover if len(row) > 2 and isinstance(row[2], int)]
    assert [tuple(row[1:]) for row in goals[:2]] == [(PROCESSES, PROCESSES), (1, 3)], goals
