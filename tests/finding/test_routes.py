"""Findings over HTTP: raise, answer, confirm, act, verify, close; list with filters; conflicts; who may; queries."""

from datetime import date
from typing import Any

import pytest
from flask.testing import FlaskClient

from controls.base.db import db, transaction
from controls.evidence.queries import Subject
from controls.finding import actions, queries, rules
from controls.finding.words import State
from tests.effectiveness import setting
from tests.finding.test_actions import agreed, confirmed, done, raised, values
from tests.speed.counting import counted

FORM = {
    "condition": "To af tre mangler underskrift",
    "criterion": "Instruksen kræver to",
    "cause": "Ferie",
    "consequence": "Uberettiget betaling",
    "severity": "significant_deficiency",
}


@pytest.fixture
def s(make: Any) -> setting.Setting:
    return setting.prepared(make)


def as_(app: Any, make: Any, person: Any) -> FlaskClient:
    return make.signed_in(app.test_client(), person)


def test_from_raised_to_closed_in_the_browser(app: Any, make: Any, s: setting.Setting) -> None:
    tester, owner, other = (as_(app, make, person) for person in (s.tester, s.owner, s.other))
    new = f"/reviews/{s.review.id}/findings/new"
    assert s.control.number in tester.get(f"{new}?control={s.control.id}").text
    answer = tester.post(new, data={**FORM, "control": str(s.control.id), "owner_id": str(s.owner.id)})
    assert answer.status_code == 303
    finding = queries.by_number(s.organisation.id, "F-2026-01")
    page = f"/findings/{finding.id}"
    assert answer.location.endswith(page) and finding.control_id == s.control.id

    def step(client: FlaskClient, verb: str, **data: str) -> None:
        db.session.expire_all()
        row = queries.actions_of(finding.id)[0] if verb.startswith("actions/") else finding
        sent = client.post(f"{page}/{verb}", data={"version": str(row.version), **data})
        assert sent.status_code == 303, sent.text

    step(tester, "hearing")
    step(owner, "answer", response="Enig")
    step(tester, "confirm", deadline="30.9.2026", verifier_id=str(s.other.id))
    step(
        owner,
        "actions",
        text="Lås blanketten",
        owner_id=str(s.owner.id),
        deadline="30.6.2026",
        verifier_id=str(s.other.id),
    )
    action = queries.actions_of(finding.id)[0]
    step(owner, f"actions/{action.id}/start")
    step(owner, f"actions/{action.id}/report", note="Låst")
    assert other.post(f"{page}/actions/{action.id}/verify", data={"version": "3", "note": "Set"}).status_code == 422
    with transaction():
        setting.evidence(make.by(s.owner), s.organisation.id, "finding_action", action.id)
    step(other, f"actions/{action.id}/verify", note="Set")
    assert "do=close" in other.get(page).text and "do=close" not in owner.get(page).text
    step(other, "close", note="Gentestet")
    db.session.expire_all()
    assert finding.state is State.CLOSED and "Gentestet" in tester.get(page).text


def test_errors_stand_beside_their_fields(app: Any, make: Any, s: setting.Setting) -> None:
    tester = as_(app, make, s.tester)
    answer = tester.post(f"/reviews/{s.review.id}/findings/new", data={**FORM, "cause": "", "severity": "x"})
    assert answer.status_code == 422 and 'href="#cause"' in answer.text and 'href="#severity"' in answer.text
    assert FORM["condition"] in answer.text
    finding = raised(s, make)
    with transaction():
        actions.send_to_hearing(make.by(s.tester), finding.id, None)
    answer = tester.post(f"/findings/{finding.id}/confirm", data={"version": "2", "deadline": "1.1.2026"})
    assert answer.status_code == 422 and 'href="#deadline"' in answer.text and 'href="#response"' in answer.text


def test_a_stale_edit_shows_both_texts(app: Any, make: Any, s: setting.Setting) -> None:
    finding = raised(s, make)
    with transaction():
        actions.edit(make.by(s.lead), finding.id, 1, values(s, compensating_control="Daglig afstemning"))
    typed = {**FORM, "cause": "Ferie og sygdom", "version": "1"}
    answer = as_(app, make, s.tester).post(f"/findings/{finding.id}/edit", data=typed)
    assert answer.status_code == 409 and "Ferie og sygdom" in answer.text and "Daglig afstemning" in answer.text
    answer = as_(app, make, s.tester).post(f"/findings/{finding.id}/edit", data={**typed, "version": "2"})
    assert answer.status_code == 303


def test_the_list_filters_sorts_and_counts(app: Any, make: Any, s: setting.Setting) -> None:
    finding, _action = agreed(s, make)
    second = raised(s, make, owner_id=s.group.id)
    client = as_(app, make, s.group)
    page = client.get("/findings").text
    assert page.index(finding.number) < page.index(second.number)
    assert "F-2026-02" in client.get("/findings?sort=-number&state=draft").text
    assert "F-2026-01" not in client.get("/findings?state=draft").text
    only = client.get(f"/findings?owner={s.owner.id}&year=2026&severity=significant_deficiency&state=open").text
    assert "F-2026-01" in only and "F-2026-02" not in only
    assert client.get("/findings?overdue=1&owner=abc&state=zzz&sort=xx").status_code == 200
    assert "F-2026-01" not in client.get("/findings?overdue=1").text


def test_overdue_is_shown(app: Any, make: Any, s: setting.Setting) -> None:
    finding = confirmed(s, make)
    with transaction():
        finding.deadline_current = date(2025, 12, 1)
        setting.put(make.by(s.group), finding)
    client = as_(app, make, s.group)
    assert "F-2026-01" in client.get("/findings?overdue=1").text and "kr-late" in client.get("/findings").text


def test_people_see_their_own(app: Any, make: Any, s: setting.Setting) -> None:
    from controls.identity.permissions import Role

    stranger, doer = (make.person(name, Role.OWN, s.organisation) for name in ("stranger", "doer"))
    finding = confirmed(s, make)
    assert as_(app, make, stranger).get(f"/findings/{finding.id}").status_code == 404
    with transaction():
        action = actions.agree_action(
            make.by(s.tester), finding.id, rules.ActionValues("Skriv vejledning", doer.id, date(2026, 9, 1))
        )
    client = as_(app, make, doer)
    assert "do=report" in client.get(f"/findings/{finding.id}").text
    assert "do=report" not in as_(app, make, s.owner).get(f"/findings/{finding.id}").text
    sent = as_(app, make, s.owner).post(
        f"/findings/{finding.id}/actions/{action.id}/report", data={"note": "x", "version": "1"}
    )
    assert sent.status_code == 403
    assert client.get(f"/actions/{action.id}").status_code == 303
    assert as_(app, make, stranger).get(f"/actions/{action.id}").status_code == 404
    assert client.post(f"/findings/{finding.id}/close", data={"version": "1"}).status_code == 403


def test_an_action_of_another_finding_is_not_found(app: Any, make: Any, s: setting.Setting) -> None:
    first, action = agreed(s, make)
    second = raised(s, make)
    sent = as_(app, make, s.owner).post(f"/findings/{second.id}/actions/{action.id}/start", data={"version": "1"})
    assert sent.status_code == 404


@pytest.mark.parametrize("do", ["answer", "confirm", "action", "extend", "accept", "close", "nonsense"])
def test_each_step_opens(app: Any, make: Any, s: setting.Setting, do: str) -> None:
    finding, _action = done(s, make)
    assert as_(app, make, s.group).get(f"/findings/{finding.id}?do={do}").status_code == 200


def test_evidence_knows_its_place(make: Any, s: setting.Setting) -> None:
    finding, action = agreed(s, make)
    found, link = queries.subject_of_finding(finding.id), f"/findings/{finding.id}"
    assert found and (found.words, found.link) == ("F-2026-01", link)
    people = frozenset({s.owner.id, s.other.id, s.tester.id, s.lead.id, s.reviewer.id})
    assert queries.subject_of_action(action.id) == Subject(
        s.organisation.id, people, "H-2026-01", f"{link}#action-{action.id}"
    )


def test_queries_do_not_grow(client: FlaskClient, make: Any, s: setting.Setting) -> None:
    finding, action = done(s, make)
    make.signed_in(client, s.group)
    paths = ("/findings", f"/findings/{finding.id}", f"/findings/{finding.id}?do=verify&on={action.id}")
    for path in paths:
        client.get(path)
        with counted(db.engine) as few:
            assert client.get(path).status_code == 200
        assert len(few) <= 8, (path, len(few))
