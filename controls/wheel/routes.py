"""Pages of the annual cycle: the years, one year's state and steps, its parameters, the wheel."""

from datetime import date
from typing import Any

from flask import Blueprint, abort, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import format_date
from flask_babel import gettext as _

from controls.base.by import By
from controls.base.db import Stale, transaction
from controls.base.form import day, said
from controls.base.why import N_, Refused
from controls.identity import queries as people
from controls.identity.duties import Duty, Side
from controls.identity.permissions import Permission
from controls.web import answer, guard
from controls.web.words import language, long_date
from controls.wheel import actions, queries, rules
from controls.wheel.dates import FIELDS, default_dates
from controls.wheel.forms import CycleForm, StepForm
from controls.wheel.queries import Cycle
from controls.wheel.rules import Goal, Parameters
from controls.wheel.words import State

bp = Blueprint("wheel", __name__)

IN_SPRING = (State.ASSESSING, State.CALIBRATING)
STEP_WORDS = {
    State.PARAMETERS_LOCKED: N_("Lock parameters"), State.ASSESSING: N_("Send out assessments"),
    State.CALIBRATING: N_("Begin calibration"), State.REVIEWING: N_("Begin reviews"),
    State.REPORTED: N_("Finish annual control report"), State.CLOSED: N_("Close the year"),
}  # fmt: skip


def _found(year: int) -> tuple[Cycle, Any]:
    return queries.with_steps(guard.organisation().id, year) or abort(404)


@bp.get("/cycles")
@guard.allows(Permission.CATALOGUE_READ)
def cycles() -> ResponseReturnValue:
    """The years of the organisation and those below it, and the next one to open."""
    here, own = guard.organisation(), {o.id: o for o in guard.reached_organisations()}
    rows = [(row, own[row.organisation_id]) for row in queries.cycles(guard.organisations())]
    latest = next((row for row, organisation in rows if organisation.id == here.id), None)
    return answer.page(
        "wheel/cycles.html", rows=rows, organisation=here, may_open=guard.by().may(Permission.CYCLE_ADVANCE, here.id),
        next_year=latest.year + 1 if latest else guard.by().today.year,
    )  # fmt: skip


@bp.route("/cycles/new", methods=["GET", "POST"])
@guard.allows(Permission.CYCLE_ADVANCE)
def open_next() -> ResponseReturnValue:
    """Open the next year from last year's parameters, after looking them over."""
    here = guard.organisation()
    latest = queries.latest(here.id)
    year = latest.year + 1 if latest else guard.by().today.year
    if request.method == "GET":
        parameters = queries.parameters(latest) if latest else Parameters(capacity_hours=0)
        values = CycleForm.values(parameters, default_dates(year)) | ({} if latest else {"capacity_hours": None})
        form = CycleForm(year=year, **values)
        return answer.page("wheel/open.html", form, organisation=here, latest=latest, new=True, dates=FIELDS)
    form = CycleForm(request.form)
    context: dict[str, Any] = {"organisation": here, "latest": latest, "new": True, "dates": FIELDS}
    if not form.validate():
        return answer.failed("wheel/open.html", form, **context)
    wanted, org = form.year.data or 0, here.code
    try:
        with transaction():
            actions.open_cycle(guard.by(), here.id, wanted, form.parameters(), form.dates())
            return answer.done(url_for(".cycle", year=wanted, org=org), _("The year %(year)s is open.", year=wanted))
    except Refused as refused:
        context |= {"organisation": guard.organisation(), "latest": queries.latest(here.id)}
        return answer.failed("wheel/open.html", form, refused, **context)


@bp.route("/cycles/<int:year>/parameters", methods=["GET", "POST"])
@guard.allows(Permission.CYCLE_CONFIGURE)
def configure(year: int) -> ResponseReturnValue:
    """Change parameters and dates while the year is only created."""
    cycle, steps = _found(year)
    context: dict[str, Any] = {"organisation": guard.organisation(), "latest": None, "new": False, "dates": FIELDS}
    values = CycleForm.values(queries.parameters(cycle), queries.dates(steps))
    if request.method == "GET":
        if rules.why_not_configure(cycle.state):
            raise Refused(rules.why_not_configure(cycle.state))
        return answer.page("wheel/open.html", CycleForm(year=year, version=cycle.version, **values), **context)
    form, id, org = CycleForm(request.form), cycle.id, guard.organisation().code
    form.year.data = year
    if not form.validate():
        return answer.failed("wheel/open.html", form, **context)
    try:
        with transaction():
            actions.configure(guard.by(), id, form.version.data or 0, form.parameters(), form.dates())
            return answer.done(url_for(".cycle", year=year, org=org), _("Parameters and dates are saved."))
    except Refused as refused:
        cycle, steps = _found(year)
        now = CycleForm.values(queries.parameters(cycle), queries.dates(steps))
        saved = CycleForm(year=year, version=cycle.version, **now) if isinstance(refused, Stale) else None
        context["organisation"] = guard.organisation()
        return answer.failed("wheel/open.html", form, refused, saved=saved, **context)


def _why_not_step(by: By, cycle: Cycle, goals: list[Goal]) -> dict[str, Any]:
    """What stands between the year and its next step, for this reader."""
    after = rules.next_state(cycle.state)
    missing = queries.missing(cycle) if after else []
    reasons = [said(reason) for reason in missing]
    ways = dict.fromkeys(queries.WAYS[reason.code] for reason in missing if reason.code in queries.WAYS)
    may = by.may(Permission.CYCLE_ADVANCE, cycle.organisation_id)
    proposed = cycle.close_proposed_by_id if after is State.CLOSED else None
    return {
        "after": after, "gate_reasons": reasons, "may_step": may,
        "ways": [(_(words), url_for(page, org=guard.organisation().code)) for words, page in ways] if may else [],
        "elsewhere": after in rules.TAKEN_ELSEWHERE if after else False,
        "short": [goal for goal in goals if not goal.met] if after is State.CLOSED and proposed is None else [],
        "proposer": people.names({proposed}).get(proposed, "") if proposed else "",
        "why_not_close": people.why_not_part(by, Duty.S14, cycle, Side.SECOND, permission=Permission.CYCLE_ADVANCE)
        if proposed and may else [],
        "may_go_back": may and (cycle.state, "go_back") in rules.STEPS,
        "may_configure": by.may(Permission.CYCLE_CONFIGURE, cycle.organisation_id) and cycle.state is State.CREATED,
    }  # fmt: skip


def _span(first: date, last: date) -> str:
    """1.–27. marts, or 30. april – 29. maj: the year stands above."""
    dot = "." if language() == "da" else ""
    pattern = f"d{dot} MMMM"
    end = str(format_date(last, pattern, False))
    if first == last:
        return end
    if (first.year, first.month) == (last.year, last.month):
        return f"{first.day}{dot}–{end}"
    return f"{format_date(first, pattern, False)} – {end}"


def _step_items(steps: list[Any], state: State) -> list[dict[str, Any]]:
    """The nine states with their planned days, and when and by whom each was taken."""
    today = guard.by().today
    found: list[dict[str, Any]] = []
    waiting: Any = next((step for step in steps if step.taken_at is None), None)
    for step in steps:
        planned = _span(step.planned_on, step.deadline_on or step.planned_on)
        late = bool(step is waiting and step.planned_on < today)
        end = _("%(date)s, %(who)s", date=long_date(step.taken_at), who=step.saved_by) if step.taken_at else ""
        if late:
            end = _("%(days)s days late", days=(today - step.planned_on).days)
        found.append({
            "title": _(step.state.label), "note": planned + (f" · {step.note}" if step.note else ""), "end": end,
            "late": late, "state": "now" if step.state is state else "done" if step.taken_at else "",
        })  # fmt: skip
    return found


def _context(year: int) -> dict[str, Any]:
    cycle, steps = _found(year)
    by, here = guard.by(), guard.organisation()
    spring = cycle.state in IN_SPRING  # then no reviews are worked on but those chosen ahead
    as_of = day(request.args.get("as_of", "")) if request.method == "GET" else None
    goals = queries.goals(here.id, year, as_of)
    then, goals = goals[len(queries.GOALS) :], goals[: len(queries.GOALS)]
    courses = [course(by, here.id, year) for course in queries.COURSES]
    areas = [area for course in courses for area in course.areas]
    deadlines = [step.deadline_on for step in steps if step.deadline_on and step.deadline_on >= by.today]
    return {
        "cycle": cycle, "steps": steps, "organisation": here, "goals": goals, "areas": areas,
        "total": rules.whole(areas),
        "late": [late for course in courses for late in course.late] if spring else [],
        "as_of": as_of, "then": then, "asked_on": request.args.get("as_of", ""),
        "next_deadline": min(deadlines, default=None), "step": StepForm(version=cycle.version),
        "back": StepForm(version=cycle.version), "parameters": queries.parameters(cycle),
        "hours": [] if spring else [(_(label), number) for label, number in queries.hours(here.id, year)],
        "items": _step_items(steps, cycle.state),
        "step_words": {state.value: _(text) for state, text in STEP_WORDS.items()}, **_why_not_step(by, cycle, goals),
    }  # fmt: skip


@bp.get("/cycles/<int:year>")
@guard.allows(Permission.CATALOGUE_READ)
def cycle(year: int) -> ResponseReturnValue:
    """The state of the year: its goals, its steps, what the next step waits for."""
    return answer.page("wheel/cycle.html", **_context(year))


@bp.post("/cycles/<int:year>/advance")
@guard.allows(Permission.CYCLE_ADVANCE)
def advance(year: int) -> ResponseReturnValue:
    """Take the next step."""
    found, _steps = _found(year)
    id, form, org = found.id, StepForm(request.form), guard.organisation().code
    if rules.next_state(found.state) in rules.TAKEN_ELSEWHERE:
        raise Refused([rules.NO_STEP(state=found.state)])
    if not form.validate():
        return answer.failed("wheel/cycle.html", form, **(_context(year) | {"step": form}))
    try:
        with transaction():
            if rules.next_state(found.state) is State.CLOSED and found.close_proposed_by_id is None:
                actions.propose_close(guard.by(), id, form.version.data, form.reason.data or "")
                return answer.done(_here(year, org), _("The closing was proposed. Another person confirms it."))
            state = actions.advance(guard.by(), id, form.version.data, form.reason.data or "")
            return answer.done(_here(year, org), _("The year is now: %(state)s.", state=_(state.label)))
    except Refused as refused:
        return answer.failed("wheel/cycle.html", form, refused, **(_context(year) | {"step": form}))


def _here(year: int, org: str) -> str:
    return url_for(".cycle", year=year, org=org)


@bp.post("/cycles/<int:year>/go-back")
@guard.allows(Permission.CYCLE_ADVANCE)
def go_back(year: int) -> ResponseReturnValue:
    """Go one step back, with a reason."""
    found, _steps = _found(year)
    id, form, org = found.id, StepForm(request.form), guard.organisation().code
    if not form.validate():
        return answer.failed("wheel/cycle.html", form, **(_context(year) | {"back": form}))
    try:
        with transaction():
            state = actions.go_back(guard.by(), id, form.version.data, form.reason.data or "")
            return answer.done(_here(year, org), _("The year is now: %(state)s.", state=_(state.label)))
    except Refused as refused:
        return answer.failed("wheel/cycle.html", form, refused, **(_context(year) | {"back": form}))


@bp.get("/wheel/<int:year>")
@guard.allows(Permission.CATALOGUE_READ)
def wheel(year: int) -> ResponseReturnValue:
    """The annual wheel with its ten steps, drawn and as a list."""
    cycle, steps = _found(year)
    today, here = guard.by().today, guard.organisation()
    goals = queries.goals(here.id, year)
    turns = rules.turns(cycle.state, queries.dates(steps), today)
    return answer.page(
        "wheel/wheel.html", cycle=cycle, turns=turns, goals=goals, organisation=here, items=_items(turns),
        hand=rules.hand(year, today), drawn=[vars(turn) for turn in turns],
    )  # fmt: skip


def _items(turns: list[rules.Turn]) -> list[dict[str, Any]]:
    by = guard.by()
    year, org = turns[0].first.year, guard.organisation().code
    found = []
    for turn in turns:
        late = turn.state == "now" and turn.last < by.today
        days = (turn.last - by.today).days
        end = _("Done") if turn.state == "done" else _("In progress") if turn.state == "now" else ""
        if late:
            end = _("%(days)s days late", days=-days)
        found.append({
            "title": _(turn.title), "note": f"{_span(turn.first, turn.last)} · {_(turn.role)}",
            "state": turn.state, "end": end, "late": late,
            "act": turn.state == "now" and not late, "href": url_for(".cycle", year=year, org=org),
        })  # fmt: skip
    return found
