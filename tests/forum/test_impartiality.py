"""A member tells of a matter of his own, the others rule, and the line is decided without the disqualified (S7)."""

from typing import Any

import pytest
from lxml import html
from sqlalchemy import select

from controls.base import audit
from controls.base.audit import EventRow
from controls.base.db import Stale, db, transaction
from controls.base.why import Refused
from controls.forum import actions, queries
from controls.forum.rules import Attendance
from controls.forum.words import Decided, Declared, Function, Ruling, State
from controls.identity import actions as accounts
from controls.identity import queries as identity
from controls.identity.duties import Duty, Side
from controls.universe.actions import PROCESS_EDITED
from controls.universe.tables import Process, Subprocess
from tests.forum.test_actions import announced, decide, recorded, there
from tests.forum.test_routes import get
from tests.recommendation import scene as stage
from tests.recommendation.test_actions import handed

SPOUSE = "Min ægtefælle er ansat hos leverandøren."


@pytest.fixture
def scene(app: Any, make: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    stage.wire(monkeypatch)
    monkeypatch.setattr(actions, "ON_LOCK", [])
    built = handed(make)
    monkeypatch.setattr(make, "NOW", stage.JUNE)
    return built


def tell(scene: Any, id: int, code: str = "KRE-1.1", who: str = "member", version: int | None = None) -> Any:
    with transaction():
        return actions.declare(scene.by(who, stage.JUNE), id, scene.part[code], version, Declared.DISCLOSED, SPOUSE)


def rule(scene: Any, told: Any, ruling: Ruling, *ruled_by: str, who: str = "secretary") -> Any:
    ids = {scene.people[one].id for one in ruled_by or ("chair",)}
    with transaction():
        return actions.rule(scene.by(who, stage.JUNE), told.id, None, ruling, ids)


def why(refused: Any) -> list[str]:
    return [reason.code for reason in refused.value.reasons]


def send(scene: Any, id: int) -> None:
    with transaction():
        actions.send_to_chair(scene.by("secretary", stage.JUNE), id)


def lock(scene: Any, id: int) -> Any:
    with transaction():
        return actions.lock(scene.by("chair", stage.JUNE), id)


def test_the_line_is_decided_without_the_disqualified(scene: Any) -> None:
    id = recorded(scene)
    told = tell(scene, id)
    with pytest.raises(Refused) as refused:
        send(scene, id)
    assert why(refused) == ["forum.unruled"]
    row = rule(scene, told, Ruling.DISQUALIFIED)
    assert row.took_part is False and row.ruled_by == f";{scene.people['chair'].id};"
    # Of the chair, the member and the other, for whom the member stood in, two seats are left and one is filled.
    with pytest.raises(Refused) as refused:
        version = queries.decision(id, scene.part["KRE-1.1"]).version
        decide(scene, id, "KRE-1.1", Decided.CHOSEN, version, votes_for=2)
    assert why(refused) == ["forum.too_many_votes"]
    send(scene, id)
    done = lock(scene, id)
    assert done.state is State.LOCKED and done.hash == queries.whole_hash(done)
    row.took_part = True
    assert done.hash != queries.whole_hash(done), "what was ruled is part of what the minutes seal"
    db.session.rollback()
    parts = identity.taken(("forum_impartiality", told.id))
    key = (Duty.S7, "forum_impartiality", told.id, 0)
    assert parts[(*key, Side.FIRST)] == {scene.people["member"].id}
    assert parts[(*key, Side.SECOND)] == {scene.people["chair"].id, scene.people["secretary"].id}
    names = set(db.session.scalars(select(EventRow.action).where(EventRow.action.startswith("forum.impartiality"))))
    assert names == {"forum.impartiality_declared", "forum.impartiality_ruled"}


def test_locking_waits_for_what_is_told_late(scene: Any) -> None:
    id = recorded(scene)
    send(scene, id)
    told = tell(scene, id)
    with pytest.raises(Refused) as refused:
        lock(scene, id)
    assert why(refused) == ["forum.unruled"]
    with pytest.raises(Refused) as refused:
        rule(scene, told, Ruling.RULED_IMPARTIAL)
    assert "wrong_state" in why(refused)
    with transaction():
        actions.return_to_secretary(scene.by("chair", stage.JUNE), id, None, "Habiliteten skal afgøres.")
    assert rule(scene, told, Ruling.RULED_IMPARTIAL).took_part is True
    send(scene, id)
    lock(scene, id)
    with pytest.raises(Refused) as refused:
        tell(scene, id, "KRE-1.2")
    assert why(refused) == ["wrong_state"]


def test_who_was_there_is_who_ruled_and_took_part(scene: Any) -> None:
    id = recorded(scene)
    told = rule(scene, tell(scene, id), Ruling.RULED_IMPARTIAL)
    people = {who: person.id for who, person in scene.people.items()}
    with transaction():
        actions.set_presence(scene.by("secretary", stage.JUNE), id, None, [
            Attendance(people["chair"], Function.CHAIR, False), Attendance(people["member"], Function.MEMBER, False),
            Attendance(people["other"], Function.MEMBER, True),
        ])  # fmt: skip
    assert told.took_part is False
    (reason,) = [one for one in queries.why_not_settled(queries.meeting(id)) if one.code == "forum.unruled"]
    assert scene.people["member"].name in str(reason) and "KRE-1.1" in str(reason)


def test_the_member_never_rules_on_himself(scene: Any) -> None:
    id = recorded(scene)
    told = tell(scene, id)
    for ruled_by in (("member",), ("chair", "member"), ("other",), ("secretary",)):
        with pytest.raises(Refused) as refused:
            rule(scene, told, Ruling.RULED_IMPARTIAL, *ruled_by)
        assert why(refused) == ["forum.not_a_judge"]
    with pytest.raises(Refused) as refused:
        rule(scene, told, Ruling.RULED_IMPARTIAL, who="member")
    assert why(refused) == ["forbidden"]


def test_a_secretary_records_no_ruling_on_a_matter_that_he_told(scene: Any) -> None:
    """One with both roles: the member is not the one who writes how the others ruled on him."""
    id = recorded(scene)
    told = tell(scene, id)
    told.person_id = scene.people["other"].id
    with transaction():
        accounts.take_part(scene.by("other"), Duty.S7, told, Side.FIRST, persons=[scene.people["secretary"].id])
        audit.record(scene.by("other"), actions.DECLARED, told)
    with pytest.raises(Refused) as refused:
        rule(scene, told, Ruling.RULED_IMPARTIAL)
    assert why(refused) == ["sod_conflict"]


def test_what_was_told_is_bettered_until_the_ruling(scene: Any) -> None:
    id = announced(scene)
    told = tell(scene, id)
    with pytest.raises(Stale):
        tell(scene, id, version=0)
    assert tell(scene, id, version=told.version).id == told.id
    with transaction():
        actions.set_presence(scene.by("secretary", stage.JUNE), id, None, there(scene))
    rule(scene, told, Ruling.RULED_IMPARTIAL)
    with pytest.raises(Refused) as refused:
        tell(scene, id, version=told.version)
    assert why(refused) == ["forum.already_ruled"]


@pytest.mark.parametrize("who", ["secretary", "group", "controller", "owner", "auditor", "admin"])
def test_only_members_tell(scene: Any, who: str) -> None:
    id = announced(scene)
    with pytest.raises(Refused) as refused:
        tell(scene, id, who=who)
    assert why(refused) == ["forbidden"]


def test_the_whole_way_in_the_browser(client: Any, scene: Any) -> None:
    id = recorded(scene)
    part = db.session.get_one(Subprocess, scene.part["KRE-1.1"])
    with transaction():
        process = db.session.get_one(Process, part.process_id)
        process.owner_id = scene.people["member"].id
        audit.record(scene.by("group"), PROCESS_EDITED, process)
    stage.sign_in(client, scene, "member")
    paper = get(client, f"/forum/{id}")
    assert paper.xpath("//a[contains(@href, '/lines/KRE-1.1/impartiality')]")
    page = get(client, f"/forum/{id}/impartiality?code=KRE-1.1")
    assert page.xpath("//input[@name='declaration'][@checked]/@value") == ["disclosed_own_area"]
    there = f"/forum/{id}/lines/KRE-1.1/impartiality"
    short = client.post(there, data={"declaration": "disclosed", "circumstance": "x", "version": ""})
    assert short.status_code == 422 and html.fromstring(short.text).xpath("//*[@id='circumstance-e']")
    told = {"declaration": "disclosed", "circumstance": SPOUSE, "version": ""}
    assert client.post(there, data=told).status_code == 303
    assert SPOUSE in get(client, f"/forum/{id}").text_content()
    get(client, f"/forum/{id}/lines/XYZ-9.9/impartiality", 404)
    (row,) = queries.declarations(id)
    ruling = f"/forum/{id}/minutes/impartiality/{row.row.id}"
    get(client, ruling, 403)
    secretary = client.application.test_client()
    stage.sign_in(secretary, scene, "secretary")
    assert SPOUSE in get(secretary, f"/forum/{id}/minutes").text_content()
    page = get(secretary, ruling)
    assert page.xpath("//input[@name='ruled_by']/@value") == [str(scene.people["chair"].id)]
    version = page.xpath("//input[@name='version']/@value")[0]
    nobody = secretary.post(ruling, data={"ruling": "disqualified", "version": version})
    assert nobody.status_code == 422 and html.fromstring(nobody.text).xpath("//*[@id='ruled_by-e']")
    ruled = {"ruling": "disqualified", "ruled_by": str(scene.people["chair"].id), "version": version}
    assert secretary.post(ruling, data=ruled).status_code == 303
    assert secretary.post(ruling, data=ruled).status_code == 409
    get(secretary, f"/forum/{id}/minutes/impartiality/999999", 404)
    get(client, there, 409)
    send(scene, id)
    chair = client.application.test_client()
    stage.sign_in(chair, scene, "chair")
    assert SPOUSE in get(chair, f"/forum/{id}/minutes").text_content()
    lock(scene, id)
    text = get(client, f"/forum/{id}/minutes").text_content()
    assert SPOUSE in text and scene.people["chair"].name in text
    assert not get(client, f"/forum/{id}").xpath("//form[contains(@action, 'impartiality')]")
