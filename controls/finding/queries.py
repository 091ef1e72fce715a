"""Reads of findings and actions: list, one finding, what a review still lacks, tasks, exports."""

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, case, func, or_, select
from sqlalchemy.orm import aliased

from controls.base import audit, held, task
from controls.base.audit import EventRow
from controls.base.by import By, Place
from controls.base.db import db, within
from controls.base.merkle import canonical
from controls.base.why import N_, Reason
from controls.effectiveness.rules import NEEDS_FINDING
from controls.effectiveness.tables import OperatingTest
from controls.evidence import queries as evidence
from controls.evidence.tables import Evidence
from controls.finding import rules
from controls.finding.tables import Action, Extension, Finding
from controls.finding.words import ActionState, Severity, State
from controls.identity import queries as people
from controls.identity.duties import Duty
from controls.identity.permissions import Permission
from controls.identity.tables import Person
from controls.review import queries as reviews
from controls.review.rules import FindingRow
from controls.review.tables import Control, DesignTest, Review
from controls.review.words import DesignOutcome
from controls.universe.tables import Process, Subprocess

ANSWER = task.declare("finding.answer", N_("Answer finding {code}: {name}"), N_("Answer finding"), "finding.show")
CONFIRM = task.declare("finding.confirm", N_("Confirm finding {code}: {name}"), N_("Confirm finding"), "finding.show")
REPORT = task.declare("finding.report", N_("Report action {code} done: {name}"), N_("Report done"), "finding.by_action")
VERIFY = task.declare("finding.verify", N_("Verify action {code}: {name}"), N_("Verify action"), "finding.by_action")
CLOSE = task.declare("finding.close", N_("Close finding {code}: {name}"), N_("Close finding"), "finding.show")
REOPEN = task.declare(
    "finding.reopen", N_("Decide whether finding {code} is reopened: {name}"), N_("Open finding"), "finding.show"
)  # fmt: skip
HELD = held.declare("finding_finding", N_("Finding"), N_("Findings"), "finding.show")
HELD_ACTION = held.declare("finding_action", N_("Action"), N_("Actions"), "finding.show")
Earlier = aliased(Finding)
SORTS = ("deadline", "number", "severity", "state", "subprocess")
FILTERS = ("state", "severity", "owner", "overdue", "year")


@dataclass(frozen=True)
class Row:
    """One finding in the list."""

    finding: Finding
    subprocess: Subprocess
    owner: str | None
    late: bool


@dataclass(frozen=True)
class Page:
    """One finding with what it stands on."""

    finding: Finding
    subprocess: Subprocess
    control: Control | None
    review: Review | None
    earlier: Finding | None
    asked: bool


@dataclass(frozen=True)
class Step:
    """One line of a finding's history, from the log."""

    at: datetime
    who: str
    label: str
    what: str
    reason: str


def _readable(by: By) -> ColumnElement[bool]:
    """Findings in reach: all of the organisation, or own (owner, author, follow-up, action, process, review)."""
    mine = select(Action.finding_id).where(or_(Action.owner_id == by.own_id, Action.verifier_id == by.own_id))
    own = within(
        by, Permission.CONTENT_READ, Finding.organisation_id, Finding.owner_id, Finding.author_id, Finding.verifier_id,
        Process.owner_id, Process.deputy_id, **_visited(),
    )  # fmt: skip
    some = by.anywhere(Permission.CONTENT_READ)
    return or_(own, and_(Finding.organisation_id.in_(some), Finding.id.in_(mine)))


def _visited() -> dict[str, Any]:
    return reviews.visited() | {"review": Finding.review_id}


def places(subprocess_id: int, review_id: int | None) -> Iterator[Place]:
    """Where a visitor must be lent to for a finding: its review (with process and cycle), or the process."""
    review = db.session.get(Review, review_id) if review_id else None
    if review is not None:
        yield from reviews.places(review)
    process = db.session.scalar(select(Subprocess.process_id).where(Subprocess.id == subprocess_id))
    yield "process", process or 0


def _listed(columns: Any) -> Any:
    return (
        columns.select_from(Finding).join(Subprocess, Subprocess.id == Finding.subprocess_id)
        .join(Process, Process.id == Subprocess.process_id).outerjoin(Person, Person.id == Finding.owner_id)
        .outerjoin(Review, Review.id == Finding.review_id)
    )  # fmt: skip


def _matching(filters: dict[str, str], today: date) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    if (state := filters.get("state")) == "open":
        found.append(Finding.state.in_(rules.OPEN))
    elif state in {word.value for word in State}:
        found.append(Finding.state == state)
    if filters.get("severity") in {word.value for word in Severity}:
        found.append(Finding.severity == filters["severity"])
    if (owner := filters.get("owner", "")).isascii() and owner.isdigit():
        found.append(Finding.owner_id == int(owner[:9]))
    if filters.get("overdue"):
        found += [Finding.deadline_current < today, Finding.state.in_(rules.LATE)]
    if (year := filters.get("year", "")).isascii() and year.isdigit():
        found.append(Review.year == int(year[:4]))
    return found


def listing(
    by: By, organisation_ids: frozenset[int], filters: dict[str, str], sort: str, descending: bool, limit: int,
    offset: int,
) -> tuple[list[Row], int, int]:  # fmt: skip
    """Rows of the list, how many match the filters, and how many there are."""
    reach = [Finding.organisation_id.in_(organisation_ids), _readable(by)]
    match = _matching(filters, by.today)
    hit = and_(*match) if match else Finding.id.is_not(None)
    total, matching = db.session.execute(
        _listed(select(func.count(Finding.id), func.coalesce(func.sum(case((hit, 1), else_=0)), 0))).where(*reach)
    ).one()
    state, severity = (
        case({word.value: place for place, word in enumerate(words)}, value=column, else_=99)
        for words, column in ((State, Finding.state), (Severity, Finding.severity))
    )
    keys: dict[str, list[Any]] = {
        "deadline": [
            Finding.state.in_((State.CLOSED, State.RISK_ACCEPTED)), Finding.deadline_current.is_(None),
            Finding.deadline_current,
        ], "number": [Finding.number],
        "severity": [severity], "state": [state], "subprocess": [Subprocess.sort_key],
    }  # fmt: skip
    order = [key.desc() if descending and place == len(keys[sort]) - 1 else key for place, key in enumerate(keys[sort])]
    rows = db.session.execute(
        _listed(select(Finding, Subprocess, Person.name)).where(*reach, *match)
        .order_by(*order, Finding.number, Finding.id).limit(limit).offset(offset)
    )  # fmt: skip
    listed = [Row(f, s, owner, rules.overdue(f.state, f.deadline_current, by.today)) for f, s, owner in rows]
    return listed, int(matching), int(total)


def choices(by: By, organisation_ids: frozenset[int]) -> tuple[list[tuple[str, str]], list[str]]:
    """Owners and review years that occur among the findings, for the filters."""
    rows = db.session.execute(
        _listed(select(Finding.owner_id, Person.name, Review.year).distinct())
        .where(Finding.organisation_id.in_(organisation_ids), _readable(by))
    ).all()  # fmt: skip
    owners = sorted({(name, str(id)) for id, name, _ in rows if id is not None})
    years = sorted({str(year) for *_, year in rows if year is not None}, reverse=True)
    return [(id, name) for name, id in owners], years


def show(by: By, id: int) -> Page | None:
    """One finding, when the reader may see it."""
    row = db.session.execute(
        _listed(select(Finding, Subprocess, Control, Review, Earlier, people.asked_to_reopen(Finding)))
        .outerjoin(Control, Control.id == Finding.control_id).outerjoin(Earlier, Earlier.id == Finding.repeat_of_id)
        .where(Finding.id == id, _readable(by))
    ).first()  # fmt: skip
    return None if row is None else Page(*row)


def workers(finding: Finding) -> list[int]:
    """Who raised, owned, followed up, verified or closed a finding: none of them lets it be reopened (S11)."""
    listed = actions_of(finding.id)
    known = people.taken(
        (Finding.__tablename__, finding.id), *((Action.__tablename__, action.id) for action in listed)
    )  # fmt: skip
    found = {id for (duty, *_rest), ids in known.items() if duty is Duty.S12 for id in ids}
    named = {finding.author_id, finding.owner_id, finding.verifier_id, finding.closed_by_id}
    named |= {finding.risk_accepted_by_id, *(action.verified_by_id for action in listed)}
    return sorted(found | {id for id in named if id is not None})


def snapshot(finding: Finding) -> str:
    """A finding as it was closed, with its actions: canonical JSON (RFC 8785) by table."""
    listed = [audit.state(action) for action in actions_of(finding.id)]
    return canonical({Finding.__tablename__: [audit.state(finding)], Action.__tablename__: listed})


def earlier_versions(asked: Iterable[people.Reopened]) -> list[tuple[people.Reopened, dict[str, Any]]]:
    """The versions that were kept, oldest first, with the finding as it was then."""
    return [(one, json.loads(one.row.snapshot)[Finding.__tablename__][0]) for one in asked if one.row.snapshot]


def finding_of(action_id: int) -> int | None:
    """The finding of an action."""
    return db.session.scalar(select(Action.finding_id).where(Action.id == action_id))


def review_facts(review_id: int) -> Review | None:
    """The review a finding is raised in."""
    return db.session.get(Review, review_id)


def raised_in(by: By, review_id: int, control_id: int | None) -> tuple[Review, Subprocess, Control | None] | None:
    """Review, sub-process and perhaps control that a new finding is about, when the reader may see the review."""
    row = db.session.execute(
        select(Review, Subprocess, Control).join(Subprocess, Subprocess.id == Review.subprocess_id)
        .join(Process, Process.id == Subprocess.process_id)
        .outerjoin(Control, and_(Control.id == (control_id or 0), Control.organisation_id == Review.organisation_id))
        .where(Review.id == review_id)
        .where(within(by, Permission.CONTENT_READ, Review.organisation_id, Process.owner_id, Review.lead_id,
                      Review.tester_id, Review.quality_reviewer_id, **reviews.visited()))
    ).first()  # fmt: skip
    return None if row is None else (row[0], row[1], row[2])


def people_of(finding: Finding, permission: Permission) -> frozenset[int | None]:
    """Whose own object a finding is: to work on (owner, author, team), or to judge (follow-up, author, team)."""
    review = db.session.get(Review, finding.review_id) if finding.review_id else None
    team = {review.lead_id, review.tester_id, review.quality_reviewer_id} if review else set()
    mine = finding.owner_id if permission is Permission.FINDING_MANAGE else finding.verifier_id
    return frozenset({mine, finding.author_id, *team} - {None})


def may(by: By, finding: Finding, permission: Permission, action: Action | None = None) -> bool:
    """Whether a finding, or an action of it, is the reader's to work on or to judge."""
    if action is None:
        own = by.own_id in people_of(finding, permission)
    elif permission is Permission.FINDING_MANAGE:
        own = by.own_id == action.owner_id
    else:
        own = by.own_id == action.verifier_id or by.own_id in people_of(finding, permission)
    places_of = places(finding.subprocess_id, finding.review_id)
    return by.may(permission, finding.organisation_id, own=own, places=places_of)


def may_raise(by: By, review: Review) -> bool:
    """Whether the reader may raise a finding in a review: its team, or the group."""
    own = by.own_id in (review.lead_id, review.tester_id, review.quality_reviewer_id)
    return by.may(Permission.FINDING_MANAGE, review.organisation_id, own=own, places=reviews.places(review))


def action_by_id(id: int) -> Action | None:
    """An action by id."""
    return db.session.get(Action, id) if 0 < id < 2**31 else None


def actions_of(finding_id: int) -> list[Action]:
    """The actions of a finding, by number."""
    query = select(Action).where(Action.finding_id == finding_id).order_by(Action.number, Action.id)
    return list(db.session.scalars(query))


def numbers_used(table: type[Finding] | type[Action], organisation_id: int, prefix: str) -> Sequence[str]:
    """Numbers that begin so."""
    query = select(table.number).where(table.organisation_id == organisation_id, table.number.startswith(prefix))
    return db.session.scalars(query).all()


def has_evidence(finding_id: int, action_ids: Sequence[int]) -> bool:
    """Whether there is evidence on the finding or one of these actions."""
    return evidence.exists("finding_finding", [finding_id]) or evidence.exists("finding_action", action_ids)


def files(finding_id: int, action_ids: Sequence[int]) -> dict[tuple[str, int], list[evidence.File]]:
    """Evidence of a finding and of its actions, by subject, oldest first."""
    return evidence.of_all({"finding_finding": [finding_id], "finding_action": action_ids})


def kept_while_open() -> ColumnElement[bool]:
    """Files of a finding, or of an action on one, that is not closed."""
    open_ = Finding.state.not_in([State.CLOSED, State.RISK_ACCEPTED])
    on_finding = select(Finding.id).where(Finding.id == Evidence.subject_id, open_)
    on_action = select(Action.id).join(Finding, Finding.id == Action.finding_id).where(
        Action.id == Evidence.subject_id, open_
    )  # fmt: skip
    return or_(
        and_(Evidence.subject_type == Finding.__tablename__, on_finding.correlate(Evidence).exists()),
        and_(Evidence.subject_type == Action.__tablename__, on_action.correlate(Evidence).exists()),
    )


def by_number(organisation_id: int, number: str) -> Finding | None:
    """A finding by its number."""
    query = select(Finding).where(Finding.organisation_id == organisation_id, Finding.number == number)
    return db.session.scalar(query)


def earlier_findings(organisation_id: int, subprocess_id: int, but: int = 0) -> list[Finding]:
    """Findings that a new one may repeat: in the same sub-process, newest first."""
    query = (
        select(Finding).where(Finding.organisation_id == organisation_id, Finding.subprocess_id == subprocess_id)
        .where(Finding.id != but).order_by(Finding.number.desc()).limit(50)
    )  # fmt: skip
    return list(db.session.scalars(query))


def of_review(review_id: int) -> list[Finding]:
    """The findings of a review."""
    return list(db.session.scalars(select(Finding).where(Finding.review_id == review_id).order_by(Finding.number)))


def final_of_review(review_id: int) -> dict[str, list[Any]]:
    """The findings that a version of a review is kept with."""
    return {Finding.__tablename__: list(of_review(review_id))}


def rows_of_review(by: By, review_id: int) -> list[FindingRow]:
    """The findings of a review as its page lists them."""
    heard = (State.DRAFT, State.IN_HEARING)
    return [
        FindingRow(
            row.number, row.condition, row.state, row.severity, "finding.show", {"id": row.id}, row.control_id,
            row.state not in heard,
        ) for row in of_review(review_id)
    ]  # fmt: skip


def of_subprocess(by: By, subprocess_id: int) -> list[Finding]:
    """The findings of a sub-process that the reader may see, newest first."""
    query = _listed(select(Finding)).where(Finding.subprocess_id == subprocess_id, _readable(by))
    return list(db.session.scalars(query.order_by(Finding.number.desc())))


def serious(organisation_id: int) -> Select[Any]:
    """The sub-processes with an open serious finding, for the plan: they get no light review."""
    return (
        select(Finding.subprocess_id)
        .distinct()
        .where(
            Finding.organisation_id == organisation_id,
            Finding.state.in_(rules.LIVE),
            Finding.severity.in_(rules.SERIOUS),
        )
    )


def open_counts(organisation_id: int, subprocess_ids: Sequence[int] | None = None) -> dict[int, tuple[int, int]]:
    """Open findings and serious ones among them, per sub-process."""
    serious = func.sum(case((Finding.severity.in_(rules.SERIOUS), 1), else_=0))
    query = (
        select(Finding.subprocess_id, func.count(Finding.id), serious)
        .where(Finding.organisation_id == organisation_id, Finding.state.in_(rules.LIVE))
        .group_by(Finding.subprocess_id)
    )
    if subprocess_ids is not None:
        query = query.where(Finding.subprocess_id.in_(subprocess_ids))
    return {id: (number, int(grave)) for id, number, grave in db.session.execute(query)}


def history(finding_id: int, action_ids: Sequence[int]) -> list[Step]:
    """What happened to a finding and its actions, newest first, from the log."""
    query = (
        select(EventRow.at, EventRow.person_name, EventRow.action, EventRow.reason, EventRow.payload)
        .where(or_(
            and_(EventRow.object_type == "finding_finding", EventRow.object_id == finding_id),
            and_(EventRow.object_type == "finding_action", EventRow.object_id.in_(action_ids)),
        )).order_by(EventRow.seq.desc())
    )  # fmt: skip
    return [_told(*row) for row in db.session.execute(query)]


def _told(at: datetime, who: str, name: str, reason: str, payload: str | None) -> Step:
    fields = json.loads(payload)["fields"] if payload else {}
    event = audit.EVENTS.get(name)
    days = [_day(fields[key]) for key in ("old_deadline", "new_deadline", "until") if fields.get(key)]
    return Step(at, who, event.label if event else name, fields.get("action") or " → ".join(days), reason)


def _day(text: str) -> str:
    day = date.fromisoformat(text)
    return f"{day.day}.{day.month}.{day.year}"


def unfinished(review: Review) -> list[Reason]:
    """Gate for approval: no finding is a draft, and every control that failed has a finding."""
    listed = of_review(review.id)
    reasons = [rules.NOT_READY(number=row.number) for row in listed if row.state is State.DRAFT]
    covered = {row.control_id for row in listed}
    rows = db.session.execute(
        select(Control.id, Control.number, DesignTest.outcome, OperatingTest.outcome)
        .outerjoin(DesignTest, and_(DesignTest.control_id == Control.id, DesignTest.review_id == review.id))
        .outerjoin(OperatingTest, and_(OperatingTest.control_id == Control.id, OperatingTest.review_id == review.id,
                                       OperatingTest.refers_to_id.is_(None)))
        .where(or_(DesignTest.id.is_not(None), OperatingTest.id.is_not(None))).order_by(Control.number)
    )  # fmt: skip
    for id, number, design, operating in rows:
        weak = design in (DesignOutcome.PARTLY, DesignOutcome.NOT)
        failed = design if weak else operating if operating in NEEDS_FINDING else None
        if failed and id not in covered:
            reasons.append(rules.NO_FINDING(control=number, outcome=failed))
    return reasons


def subject_of_finding(id: int) -> evidence.Subject | None:
    """A finding as what evidence proves; it belongs to those who work on it or judge it."""
    query = select(Finding, Review).outerjoin(Review, Review.id == Finding.review_id)
    found = db.session.execute(query.where(Finding.id == id)).first()
    return None if found is None else _subject(found[0], found[0].number, f"/findings/{id}")


def subject_of_action(id: int) -> evidence.Subject | None:
    """An action; it belongs to its own people and those of its finding."""
    found = db.session.execute(
        select(Action, Finding, Review).join(Finding, Finding.id == Action.finding_id)
        .outerjoin(Review, Review.id == Finding.review_id).where(Action.id == id)
    ).first()  # fmt: skip
    if found is None:
        return None
    action, finding, _review = found
    link = f"/findings/{finding.id}#action-{id}"
    return _subject(finding, action.number, link, action.owner_id, action.verifier_id)


def _subject(finding: Finding, words: str, link: str, *more: int | None) -> evidence.Subject:
    known = {*people_of(finding, Permission.FINDING_MANAGE), finding.verifier_id, *more}
    people = frozenset(person for person in known if person is not None)
    return evidence.Subject(finding.organisation_id, people, words, link)


def places_of_finding(id: int) -> Iterator[Place]:
    """Where a visitor must be lent to for the evidence of a finding."""
    finding = db.session.get(Finding, id)
    yield from places(finding.subprocess_id, finding.review_id) if finding else ()


def places_of_action(id: int) -> Iterator[Place]:
    """The same for an action."""
    action = db.session.get(Action, id)
    yield from places_of_finding(action.finding_id) if action else ()


def held_findings(on: date) -> Select[*tuple[Any, ...]]:
    """The findings that are not over, with who owns each; the process owner takes over unless somebody is chosen."""
    return (
        held.rows(
            HELD, id=Finding.id, organisation_id=Finding.organisation_id, code=Finding.number,
            name_da=Finding.condition, name_en=Finding.condition, owner_id=Finding.owner_id,
            above_id=Process.owner_id, deputy_id=Process.deputy_id,
        )
        .join(Subprocess, Subprocess.id == Finding.subprocess_id).join(Process, Process.id == Subprocess.process_id)
        .where(Finding.state.not_in(rules.FINAL))
    )  # fmt: skip


def held_actions(on: date) -> Select[*tuple[Any, ...]]:
    """The actions that are worked on, with who owns each; the finding's owner takes over unless somebody is chosen."""
    return (
        held.rows(
            HELD_ACTION, id=Action.id, organisation_id=Action.organisation_id, code=Action.number, name_da=Action.text,
            name_en=Action.text, owner_id=Action.owner_id, above_id=Finding.owner_id, deputy_id=Process.deputy_id,
            page=Finding.id,
        )
        .join(Finding, Finding.id == Action.finding_id).join(Subprocess, Subprocess.id == Finding.subprocess_id)
        .join(Process, Process.id == Subprocess.process_id).where(Action.state.in_(rules.OWNED))
    )  # fmt: skip


def tasks(by: By) -> list[Select[Any]]:
    """Hearings to answer, findings to confirm, actions to report and to verify, findings to close."""
    judged = by.everywhere(Permission.FINDING_VERIFY)
    follow = or_(Finding.verifier_id == by.own_id, Finding.organisation_id.in_(judged))
    verifier = or_(Action.verifier_id == by.own_id, Action.organisation_id.in_(judged))

    def findings(kind: task.TaskKind, *where: Any) -> Select[Any]:
        made = task.rows(
            kind, id=Finding.id, code=Finding.number, name_da=Finding.condition, name_en=Finding.condition,
            due=Finding.deadline_current,
        )  # fmt: skip
        return made.select_from(Finding).where(*where)

    def actions(kind: task.TaskKind, *where: Any) -> Select[Any]:
        made = task.rows(
            kind, id=Action.id, code=Action.number, name_da=Action.text, name_en=Action.text,
            due=Action.deadline_current,
        )  # fmt: skip
        return made.select_from(Action).where(*where)

    heard = Finding.state == State.IN_HEARING
    author = or_(Finding.author_id == by.own_id, Finding.organisation_id.in_(judged))
    return [
        findings(ANSWER, heard, Finding.owner_id == by.own_id, Finding.management_response == ""),
        findings(CONFIRM, heard, author, Finding.owner_id != by.own_id, Finding.management_response != ""),
        actions(REPORT, Action.owner_id == by.own_id, Action.state.in_(rules.WORKING)),
        actions(VERIFY, verifier, Action.owner_id != by.own_id, Action.state == ActionState.REPORTED_DONE),
        findings(REOPEN, people.to_reopen(by, Finding)),
        findings(CLOSE, follow, Finding.owner_id != by.own_id, Finding.state == State.RETESTED),
    ]


def findings_for_export(organisation_ids: Sequence[int] | frozenset[int]) -> Iterator[tuple[Any, ...]]:
    """(Finding, review number, control number, sub-process code, number of the earlier finding)."""
    query = (
        select(Finding, Review.number, Control.number, Subprocess.code, Earlier.number)
        .join(Subprocess, Subprocess.id == Finding.subprocess_id).outerjoin(Review, Review.id == Finding.review_id)
        .outerjoin(Control, Control.id == Finding.control_id).outerjoin(Earlier, Earlier.id == Finding.repeat_of_id)
        .where(Finding.organisation_id.in_(organisation_ids)).order_by(Finding.number, Finding.id)
    )  # fmt: skip
    yield from db.session.execute(query.execution_options(yield_per=500)).tuples()


def actions_for_export(organisation_ids: Sequence[int] | frozenset[int]) -> Iterator[tuple[Action, str]]:
    """Actions with their finding's number."""
    query = (
        select(Action, Finding.number).join(Finding, Finding.id == Action.finding_id)
        .where(Action.organisation_id.in_(organisation_ids)).order_by(Action.number, Action.id)
    )  # fmt: skip
    yield from db.session.execute(query.execution_options(yield_per=500)).tuples()


def extensions_for_export(organisation_ids: Sequence[int] | frozenset[int]) -> Iterator[tuple[Extension, str]]:
    """Extensions with their finding's number."""
    query = (
        select(Extension, Finding.number).join(Finding, Finding.id == Extension.finding_id)
        .where(Extension.organisation_id.in_(organisation_ids)).order_by(Finding.number, Extension.number)
    )  # fmt: skip
    yield from db.session.execute(query.execution_options(yield_per=500)).tuples()
