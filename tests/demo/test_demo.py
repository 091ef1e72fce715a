"""The demo: everything of its files is there, the log runs in time, and real data is never written over."""

import io
from collections import Counter
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select

from controls.app import create_app
from controls.assessment.tables import Assessment
from controls.base import demo
from controls.base.audit import EventRow
from controls.base.clock import COPENHAGEN, local_day
from controls.base.db import db, transaction
from controls.base.settings import Settings
from controls.base.why import Refused
from controls.demo import play, stage
from controls.effectiveness import queries as tests_of_operation
from controls.effectiveness.tables import OperatingTest
from controls.evidence import queries as evidence
from controls.evidence.tables import Binding, Evidence, Hold, Request
from controls.evidence.words import DataClass
from controls.finding.tables import Action, Extension, Finding
from controls.forum.tables import Decision, Impartiality, Meeting, Presence
from controls.identity import actions as accounts
from controls.identity import queries as identity
from controls.identity.permissions import Role
from controls.identity.tables import Person, RoleGrant, VisitingGrant
from controls.papers import certificate, workbook
from controls.recommendation.tables import Line
from controls.review import queries as reviews
from controls.review.tables import Control, DesignTest, Review, Risk, RiskControl
from controls.rotation import queries as rotation
from controls.rotation.tables import Coverage
from controls.rotation.words import Status
from controls.universe import queries as universe
from controls.universe.tables import Process
from controls.visiting.rules import shown
from controls.wheel import queries as wheel
from controls.wheel.tables import Cycle
from controls.wheel.words import State
from tests.papers.recount import recount


def _on(data: Path) -> Flask:
    app = create_app(Settings(data, f"sqlite:///{data / 'kontrolrul.sqlite'}", "test", False, ("localhost",)))
    app.config.update(TESTING=True, WTF_CSRF_ENABLED=False)
    return app


def _empty(data: Path) -> Flask:
    app = _on(data)
    with app.app_context():
        db.create_all()
    return app


@pytest.fixture(scope="session")
def demo_app(demo_folder: Path) -> Iterator[Flask]:
    """The application on a demo database on SQLite, with its clock at the demo's opening."""
    app = _on(demo_folder)
    with app.app_context(), transaction():
        demo.start_clock(play.OPENS)
    yield app
    with app.app_context():
        db.engine.dispose()


@pytest.fixture
def played(demo_app: Flask) -> Iterator[Any]:
    """The session on the demo database."""
    with demo_app.app_context():
        yield db.session
        db.session.rollback()


def _star() -> int:
    found = identity.organisation("STAR")
    assert found is not None
    return found.id


def _states(table: Any) -> Counter[str]:
    return Counter(str(state.value) for state in db.session.scalars(select(table.state)))


def _of(name: str, column: str = "state") -> Counter[str]:
    return Counter(row[column] for row in stage.rows(name))


def test_people_and_roles(played: Any) -> None:
    """42 people with their roles and no password."""
    assert _count(Person) == len(stage.rows("people")) == 42
    assert Counter(str(r.value) for r in played.scalars(select(RoleGrant.role))) == Counter(
        role for row in stage.rows("people") for role in stage.parts(row["roles"])
    )
    assert played.scalars(select(Person.password_hash).where(Person.password_hash.is_not(None))).all() == []
    assert {name for name, _ in play.GUIDES} <= {row["name"] for row in stage.rows("people")}
    held = {role for name, _ in play.GUIDES for role in _roles(name)}
    assert len(play.GUIDES) == 8 and held >= {Role.GRP, Role.OWN, Role.CTL, Role.VDC, Role.SEC, Role.AUD}


def _roles(name: str) -> set[Role]:
    return {role for person, _, roles in identity.everyone() if person.name == name for role in roles}


def _count(table: Any) -> int:
    return int(db.session.scalar(select(func.count()).select_from(table)) or 0)


@pytest.mark.parametrize(("code", "processes", "parts"), [("STAR", 39, 110), ("ALS", 25, 45), ("DEP", 0, 0)])
def test_catalogues(played: Any, code: str, processes: int, parts: int) -> None:
    """The whole catalogue, a small one, and none; each process has its owner."""
    found = identity.organisation(code)
    assert found is not None
    listed = universe.active_processes(found.id, date(2026, 6, 8))
    assert (len(listed), len(universe.active_subprocesses(found.id, date(2026, 6, 8)))) == (processes, parts)
    assert all(process.owner_id for process in listed)


@pytest.mark.parametrize(
    ("table", "file"),
    [
        (Risk, "risks"), (Control, "controls"), (RiskControl, "rcm"), (Line, "recommendations"), (Meeting, "meetings"),
        (Presence, "attendance"), (Impartiality, "impartiality"), (Decision, "decisions"),
        (Review, "reviews"), (Finding, "findings"),
        (Action, "actions"), (Extension, "extensions"), (Cycle, "cycles"), (Assessment, "assessments"),
        (Process, "owners"),
    ],
)  # fmt: skip
def test_as_many_as_in_the_file(played: Any, table: Any, file: str) -> None:
    """Nothing of a file was left out."""
    assert _count(table) == len(stage.rows(file))


def test_tests_and_samples(played: Any) -> None:
    """Every test is there, with the sample that its file expects and the exceptions that it tells of."""
    kinds = _of("tests", "kind")
    assert _count(DesignTest) == kinds["design"]
    rows = {row["test_id"]: row for row in stage.rows("tests") if row["kind"] == "operating"}
    found = {test.number: test for test in played.scalars(select(OperatingTest)) if test.refers_to_id is None}
    assert found.keys() == rows.keys()
    assert _count(OperatingTest) == len(rows) + kinds["shared"]
    for number, row in rows.items():
        test = found[number]
        assert test.sample_size == int(row["expected_sample_size"])
        assert test.exceptions == len(stage.parts(row["exception_items"]))
        assert test.outcome is not None and test.outcome.value == row["outcome"]


def test_states(played: Any) -> None:
    """Everything has come to the state that its file tells."""
    assert _states(Cycle) == _of("cycles")
    assert _states(Assessment) == _of("assessments")
    assert _states(Review) == _of("reviews")
    assert _states(Finding) == _of("findings")
    assert _states(Action) == _of("actions")
    assert _states(Meeting) == _of("meetings", "minutes_state")


def test_decisions_are_numbered_as_in_the_minutes(played: Any) -> None:
    """The product gives the numbers that the files know."""
    numbers = {decision.number for decision in played.scalars(select(Decision))}
    assert numbers == {row["decision_no"] for row in stage.rows("decisions")}


def test_coverage(played: Any) -> None:
    """Each approved review covers as far as its file tells."""
    now = {row["from_codes"]: row["to_codes"] for row in stage.rows("events") if row["kind"] == "move"}
    wanted = Counter(
        (now.get(row["subprocess_code"], row["subprocess_code"]), row["coverage"])
        for row in stage.rows("reviews") if row["approved_on"]
    )  # fmt: skip
    parts = universe.by_ids(played.scalars(select(Coverage.subprocess_id)))
    found = Counter((parts[c.subprocess_id].code, str(c.degree.value)) for c in played.scalars(select(Coverage)))
    assert found == wanted


@pytest.mark.parametrize(
    ("year", "reviewed"), [(2022, (22, 22)), (2023, (22, 23)), (2024, (23, 23)), (2025, (21, 22)), (2026, (2, 6))]
)
def test_goals(played: Any, year: int, reviewed: tuple[int, int]) -> None:
    """Goal A is met each year; goal B falls short by a suspended review and by one still in hearing."""
    goal_a, goal_b = wheel.goals(_star(), year)
    assert (goal_a.done, goal_a.total) == (39, 39)
    assert (goal_b.done, goal_b.total) == reviewed
    cycle = wheel.cycle(_star(), year)
    assert cycle is not None
    closed = wheel.step(cycle.id, State.CLOSED)
    assert closed is not None and closed.note == ("" if goal_b.met or year == 2026 else stage.text(f"short_{year}"))


def test_overdue(played: Any) -> None:
    """The roll's overdue sub-processes in 2026: one partial, one deferred twice, one still in hearing."""
    overdue = {row.code for row in rotation.roll(_star(), 2026, date(2026, 12, 31)) if row.status is Status.OVERDUE}
    assert overdue == {"ADG-1.2", "ADG-1.3", "REF-1.1"}


def test_the_ledger_of_the_log_is_that_of_the_tables(played: Any) -> None:
    """What was recorded by the end of today gives the same roll as what stands in the tables."""
    today = play.OPENS.date()
    for organisation in identity.organisations():
        then = [row for row in rotation.recorded(frozenset({organisation.id}), today) if row.part.in_force(today)]
        found = {row.part.id: (row.counts.entries, row.standing(today).due) for row in then}
        now = rotation.roll(organisation.id, today.year, today)
        assert {row.subprocess_id: (row.entries, row.due) for row in now} == found


def test_the_certificate_is_what_a_stranger_counts_from_the_audit_workbooks(played: Any) -> None:
    """The totals of each agency and of the ministry, today and at the end of a past year, by a script of its own."""
    karen, books = identity.person("kari"), dict[tuple[str, int], io.BytesIO]()
    assert karen is not None
    by = identity.by_of(karen, play.OPENS, play.OPENS.date())
    places = {code: identity.organisation(code) for code in ("DEP", "STAR", "ALS")}
    for code, year in (("STAR", 2023), ("STAR", 2025), ("STAR", 2026), ("ALS", 2026)):
        workbook.write(by, places[code], year, "en", books.setdefault((code, year), io.BytesIO()))
    star, als = [books["STAR", year] for year in (2023, 2025)], [books["ALS", 2026]]
    today, past = play.OPENS.date(), date(2025, 12, 31)
    whole = recount(today, [*star, books["STAR", 2026]]) + recount(today, als)
    for code, day, counted in (
        ("STAR", past, recount(past, star)), ("STAR", today, recount(today, [*star, books["STAR", 2026]])),
        ("ALS", today, recount(today, als)), ("DEP", today, whole),
    ):  # fmt: skip
        found = certificate.certify(by, places[code], day)
        all_ = found.totals
        said = {str(cover.value): all_.covers[cover] for cover in all_.covers} | {
            "active": all_.active, "overdue": all_.statuses[Status.OVERDUE], "due": all_.statuses[Status.DUE],
            "later": all_.later, "in_block": all_.in_block, "inherited": all_.inherited, "imported": all_.imported,
            "deferred": len(found.deferred),
        }  # fmt: skip
        assert {name: number for name, number in said.items() if number} == dict(+counted), (code, day)
    assert whole["active"] == 155 and whole["deferred"] == 3


def test_each_year_had_its_own_catalogue(played: Any) -> None:
    """The changes of the file happened on their days: what was reviewed is what there was, and past years show it."""
    gone = {code for row in stage.rows("events") if row["to_codes"] != row["from_codes"]
            for code in stage.parts(row["from_codes"])}  # fmt: skip
    days = {"2023-01-01": 110, "2023-01-02": 109, "2024-01-02": 111, "2025-01-02": 110}
    was = {day: {one.code for one in universe.as_of(frozenset({_star()}), date.fromisoformat(day))} for day in days}
    assert {day: len(codes) for day, codes in was.items()} == days
    assert gone == {"REJ-1.4", "REJ-1.5", "DEB-2.4", "STA-1.4", "TIL-2.4"} <= was["2023-01-01"]
    assert not gone & was["2025-01-02"]
    roll = {year: {row.code: row for row in rotation.roll(_star(), year, play.OPENS.date())} for year in (2022, 2024)}
    assert {row["subprocess_code"] for row in stage.rows("reviews") if row["year"] == "2022"} <= roll[2022].keys()
    assert (roll[2022]["STA-1.4"].process_code, roll[2024]["STA-2.1"].process_code) == ("STA-1", "STA-2")
    wanted = {"REJ-1.2": (2026, None), "DEB-2.2": (2027, 2022), "STA-2.1": (2027, 2022), "REF-3.3": (2028, None)}
    found = {code: (roll[2024][code].due, roll[2024][code].covered) for code in wanted}
    assert {code: (due, full and full.covered_on.year) for code, (due, full) in found.items()} == wanted
    part = universe.subprocess_by_code(_star(), "TIL-2.4")
    assert part is not None and part.valid_to == date(2025, 1, 1)


def test_every_operating_test_and_closed_finding_has_evidence(played: Any) -> None:
    """One working sheet a test, one retest a closed finding, one note an action that was reported done."""
    own = list(played.scalars(select(OperatingTest.id).where(OperatingTest.refers_to_id.is_(None))))
    assert all(evidence.of(OperatingTest.__tablename__, own).values())
    closed = list(played.scalars(select(Finding.id).where(Finding.closed_on.is_not(None))))
    assert closed and all(evidence.of(Finding.__tablename__, closed).values())
    done = list(played.scalars(select(Action.id).where(Action.done_on.is_not(None))))
    assert done and all(evidence.of(Action.__tablename__, done).values())
    more = _of("custody", "what")
    assert _count(Evidence) == len(own) + len(closed) + len(done) + more["add"] + more["replace"]


def test_the_evidence_has_a_custody(played: Any) -> None:
    """Each row of custody happened; working sheets have their class; a file replaced after a signature flags it."""
    rows, names = stage.rows("custody"), {person.id: person.username for person in played.scalars(select(Person))}
    asked = list(played.scalars(select(Request).order_by(Request.id)))
    wanted = [row for row in rows if row["what"] == "withdraw"]
    told = [(names[one.asked_by_id], names.get(one.decided_by_id or 0, ""), str(one.state.value)) for one in asked]
    assert told == [(row["person"], row["decided_by"], row["decided"] or "asked") for row in wanted]
    holds = list(played.scalars(select(Hold).order_by(Hold.id)))
    assert [hold.lifted_at is not None for hold in holds] == [
        row["decided"] == "lifted" for row in rows if row["what"] == "hold"
    ]
    classes = dict(played.execute(select(Evidence.data_class, func.count()).group_by(Evidence.data_class)).all())
    assert set(classes) == {DataClass.INTERNAL, DataClass.PERSONAL, DataClass.CONFIDENTIAL}
    newer = {file.replaces_id: file for file in played.scalars(select(Evidence).where(Evidence.replaces_id > 0))}
    assert {file.edition for file in newer.values()} == {2} and len(newer) == 2
    broken = played.scalars(select(Binding.subject_id).where(Binding.broken_at.is_not(None))).all()
    flagged = set(played.scalars(select(Review.number).where(Review.id.in_(broken))))
    assert flagged == {"G-2024-17"}
    (gone,) = played.scalars(select(Evidence).where(Evidence.withdrawn_at.is_not(None)))
    assert gone.data_class is DataClass.PERSONAL and gone.filename == "T-2024-0239-udtraek.csv"


def test_a_working_sheet_tells_what_was_drawn(demo_app: Flask, played: Any) -> None:
    """The stored file is a sheet with a line for each item of the sample."""
    test = played.scalar(select(OperatingTest).where(OperatingTest.number == "T-2022-0002"))
    file = evidence.of(OperatingTest.__tablename__, [test.id])[test.id][0]
    path = demo_app.config["KONTROLRUL"].evidence / file.sha256[:2] / file.sha256
    lines = path.read_bytes().decode("utf-8-sig").splitlines()
    keys = [item.item_key for item in tests_of_operation.items(test.id) if not item.reserve]
    assert [line.split(";")[1] for line in lines[4:]] == keys
    assert any("Udtrækket for tredje kvartal var ikke lavet." in line for line in lines)


def test_the_log_runs_in_time_without_a_gap(played: Any) -> None:
    """Every event has the next number and is no earlier than the one before; all before the demo opens."""
    rows = played.execute(select(EventRow.seq, EventRow.at).order_by(EventRow.seq)).all()
    moments = [at for _, at in rows]
    assert [seq for seq, _ in rows] == list(range(1, len(rows) + 1))
    assert moments == sorted(moments) and moments[-1] < play.OPENS
    hours = {at.astimezone(COPENHAGEN).hour for at in moments}
    assert hours <= set(range(8, 16))
    assert local_day(moments[0]) == date(2022, 1, 3)


def test_the_clock_starts_on_the_monday_before_the_forum(played: Any) -> None:
    """The demo's own clock."""
    assert demo.is_demo()
    assert demo.now().astimezone(COPENHAGEN).date() == date(2026, 6, 8)


def test_building_again_changes_nothing(played: Any) -> None:
    """A complete demo says so."""
    told: list[str] = []
    before = _count(EventRow)
    play.build(told.append)
    assert told == ["The demo is already built."] and _count(EventRow) == before


def test_real_data_is_never_written_over(tmp_path: Path) -> None:
    """A database with organisations and no mark is refused."""
    app = _empty(tmp_path)
    with app.app_context():
        with transaction():
            accounts.add_organisation(stage.Stage().system(play.OPENS), "REAL", "Rigtig", "Real")
        with pytest.raises(RuntimeError, match="holds real data"):
            play.build(lambda line: None)
        assert not demo.is_demo() and _count(EventRow) == 1
        db.engine.dispose()


def test_a_demo_that_stopped_half_way_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A refused step stops the demo with the step's name; building on top of it is refused."""
    app = _empty(tmp_path)

    def refuse(*_: object) -> None:
        raise Refused([])

    monkeypatch.setattr(play.people, "_catalogue", refuse)
    with app.app_context():
        with pytest.raises(RuntimeError, match="catalogue of STAR on 2022-01-03 was refused"):
            play.build(lambda line: None)
        assert _count(EventRow) == 0
        with pytest.raises(RuntimeError, match="not built to its end"):
            play.build(lambda line: None)
        db.engine.dispose()


def test_controls_of_what_was_closed_are_closed(played: Any) -> None:
    """Controls of a sub-process that is gone ended on the day of the change."""
    gone = {row["control_id"]: row["valid_to"] for row in stage.rows("controls") if row["valid_to"]}
    for number, day in gone.items():
        control = played.scalar(select(Control).where(Control.number == number))
        assert control.valid_to == date.fromisoformat(day)
    assert reviews.has_key_control(universe.process_by_code(_star(), "KRE-1").id)  # type: ignore[union-attr]


def test_people_are_lent_between_the_houses(played: Any) -> None:
    """Each visiting grant stands as its row tells on the day the demo opens, and LON-2 of ALS had its visitor."""
    rows = {row["grant_id"]: row for row in stage.rows("visiting")}
    made = list(played.scalars(select(VisitingGrant).order_by(VisitingGrant.id)))
    today = play.OPENS.date()
    names = {person.id: person.username for person in played.scalars(select(Person))}
    told = sorted((row["visitor"], row["task"], row["state"]) for row in rows.values())
    assert told == sorted((names[row.visitor_id], row.task, shown(row.state, row.valid_to, today)) for row in made)
    process = universe.process_by_code(identity.organisation("ALS").id, "LON-2")  # type: ignore[union-attr]
    form = played.scalar(select(Assessment).where(Assessment.process_id == process.id, Assessment.year == 2026))  # type: ignore[union-attr]
    assert names[form.approver_id] == "clen"
