"""Home, tasks, one process, one sub-process, one control, search."""

from datetime import timedelta
from typing import Any, NoReturn

from flask import Blueprint, abort, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext

from controls.base.clock import COPENHAGEN
from controls.base.task import KINDS
from controls.identity import queries as identity
from controls.identity.permissions import Permission, Role
from controls.overview import queries, rules
from controls.overview.rules import Task
from controls.reminder import queries as reminders
from controls.rotation import queries as rotation
from controls.staffing import queries as staffing
from controls.staffing.rules import FirstDay, Step
from controls.staffing.words import Asked
from controls.universe import queries as catalogue
from controls.universe.rules import parts
from controls.universe.words import Level
from controls.web import guard, navigation
from controls.web.words import long_date, name
from controls.web.words import number as figure
from controls.wheel import queries as wheel
from controls.wheel import rules as wheel_rules
from controls.wheel.words import State

bp = Blueprint("overview", __name__)

IN_SPRING = (State.ASSESSING, State.CALIBRATING)
LATELY = timedelta(days=14)


def _shown(task: Task) -> dict[str, Any]:
    """A task as the to-do list shows it."""
    kind, today = KINDS[task.kind], guard.by().today
    late, when = task.late(today), ""
    if task.due is not None:
        number = abs(rules.days(task.due, today))
        when = (
            ngettext("%(n)s day over the deadline", "%(n)s days over the deadline", number, n=figure(number)) if late
            else _("today") if number == 0
            else _("deadline %(date)s", date=long_date(task.due))
        )  # fmt: skip
    return {
        "title": _(kind.text).format(code=task.code, name=name(task)), "note": "", "when": when, "late": late,
        "href": url_for(kind.endpoint, org=task.code) if kind.of_organisation else url_for(kind.endpoint, id=task.id),
        "label": _(kind.button),
    }  # fmt: skip


@bp.get("/")
@guard.signed_in
def home() -> ResponseReturnValue:
    """The role's home: what to do now, then the figures the role needs."""
    by = guard.by()
    found = navigation.told(queries.tasks(by))[: rules.FIRST]
    content = by.may(Permission.CATALOGUE_READ)
    here, cycle, first_year = _year_shown() if content else (guard.organisation(), None, False)
    if content and cycle is None and by.may(Permission.CATALOGUE_EDIT, here.id):
        return _first_day(here, [_shown(task) for task in found])
    counted = _counted(here.id, cycle.year) if cycle and by.everywhere(Permission.CONTENT_READ) else []
    goals = counted[:-1]
    hour = by.at.astimezone(COPENHAGEN).hour
    return render_template(
        "overview/home.html", greeting=_(rules.greeting(hour), name=by.name.split()[0]),
        items=[_shown(task) for task in found], cycle=cycle, goals=goals, here=here,
        organisations=guard.reached_organisations() if content and guard.reaches_several() else [],
        own=queries.own_processes(by) if Role.OWN.value in by.role else [],
        **_spring(here.id, cycle if goals else None), messages=_messages(),
        meeting=queries.next_meeting(by) if by.everywhere(Permission.CONTENT_READ) else None,
        findings=counted[-1] if counted else None,
        without_role=queries.people_without_role() if by.may(Permission.ACCOUNT_MANAGE) else None,
        preparing=content and cycle is None, first_year=first_year, january=_january(here, cycle),
    )  # fmt: skip


def _spring(organisation_id: int, cycle: wheel.Cycle | None) -> dict[str, Any]:
    """How far the year's assessments are, and who is late, while that is what the year is about."""
    if cycle is None or cycle.state not in IN_SPRING:
        return {"funnel": None, "late": []}
    by = guard.by()
    areas, late = reminders.course(by, organisation_id, cycle.year)
    funnel = wheel_rules.whole(areas)
    reminds = organisation_id in reminders.reminds(by)
    return {"funnel": funnel if funnel.issued else None, "reminds": reminds, "late": late if reminds else []}


def _counted(organisation_id: int, year: int) -> list[wheel_rules.Goal]:
    """The year's goals, and last the findings: how many are open and how many of them late, in one query."""
    goals = (goal(organisation_id, year) for goal in wheel.GOALS)
    return wheel.counted(*goals, queries.open_findings(guard.organisations(), guard.by().today))


def _messages() -> list[Any]:
    """What the reader was told lately."""
    by = guard.by()
    return list(reminders.messages(by, by.at - LATELY, rules.MESSAGES))


def _january(here: identity.Organisation, cycle: wheel.Cycle | None) -> dict[str, Any] | None:
    """In January the group sees whether there are people enough for the year: what was answered, or that nobody did."""
    by = guard.by()
    if by.today.month != 1 or cycle is None or not by.may(Permission.CATALOGUE_EDIT, here.id):
        return None
    return {"answer": staffing.answer(here.id, Asked.STAFFING, by.today.year)}


def _first_day(here: identity.Organisation, tasks: list[dict[str, Any]]) -> ResponseReturnValue:
    """The coordinator's home before the first year: five steps with their state."""
    facts = staffing.first_day(here.id, guard.by().today)
    return render_template(
        "overview/first_day.html", here=here, facts=facts, steps=_steps(here.code, facts), items=tasks,
        organisations=guard.reached_organisations() if guard.reaches_several() else [],
        done=sum(1 for step in Step if facts.done(step)),
    )  # fmt: skip


def _steps(org: str, facts: FirstDay) -> list[dict[str, Any]]:
    """The five steps as the list shows them."""
    left = [str(step.value) for step in facts.left]
    told = {
        Step.CATALOGUE: (
            _("Fit the catalogue"), _catalogue_note(facts),
            *((_("See the catalogue"), url_for("universe.list", org=org)) if facts.done(Step.CATALOGUE)
              else (_("See the file that waits"), url_for("papers.catalogue_file", id=facts.waiting)) if facts.waiting
              else (_("Fit the catalogue"), url_for("staffing.proposed", org=org))),
        ),
        Step.OWNERS: (
            _("Name process owners and deputies"),
            _("%(n)s of %(total)s processes have an owner, %(deputies)s have a deputy.", n=facts.owned,
              total=facts.processes, deputies=facts.deputies) if facts.processes else _("Comes after the catalogue."),
            _("Name owners"), url_for("staffing.owners", org=org),
        ),
        Step.HISTORY: (
            _("Take in earlier reviews"), _history_note(facts),
            *((_("Take in reviews"), url_for("papers.history", org=org)) if facts.processes else ("", "")),
        ),
        Step.STAFFING: (
            _("See whether you are enough people"),
            _("Who may fill in, approve, test and quality-review each process.") if facts.staffing is None
            else ngettext("Somebody is missing in %(num)d process.", "Somebody is missing in %(num)d processes.",
                          facts.staffing.missing) if facts.staffing.missing else _("There is somebody for each task."),
            _("See staffing"), url_for("staffing.staffing", org=org),
        ),
        Step.OPEN: (
            _("Set the dates and open the year"),
            _("Waits for step %(steps)s.", steps=", ".join(left)) if left
            else _("The dates are proposed. Look them over and open the year."),
            *((_("Open the year"), url_for("wheel.open_next", org=org)) if not facts.left else ("", "")),
        ),
    }  # fmt: skip
    return [
        {"number": step.value, "title": title, "note": note, "label": label, "href": href, "done": facts.done(step),
         "now": step is facts.now, "history": step is Step.HISTORY}
        for step, (title, note, label, href) in told.items()
    ]  # fmt: skip


def _catalogue_note(facts: FirstDay) -> Any:
    if facts.done(Step.CATALOGUE) and facts.kept:
        return _("%(n)s of %(total)s proposed sub-processes are kept.", n=facts.kept, total=facts.proposed)
    if facts.done(Step.CATALOGUE):
        return ngettext("%(num)d sub-process is taken in.", "%(num)d sub-processes are taken in.", facts.subprocesses)
    if facts.waiting:
        return _("A file waits. Another person in the group confirms it.")
    return _("%(total)s sub-processes are proposed. Take away what you do not have.", total=facts.proposed)


def _history_note(facts: FirstDay) -> Any:
    if facts.reviews:
        return ngettext("%(num)d earlier review is taken in.", "%(num)d earlier reviews are taken in.", facts.reviews)
    if facts.history:
        return _("You have answered that you have none (%(date)s).", date=long_date(facts.history.on))
    return _("Then the roll knows what is covered already. Otherwise say that you have none.")


def _year_shown() -> tuple[identity.Organisation, wheel.Cycle | None, bool]:
    """The organisation asked for, its newest cycle, and whether that is its first.

    A reader whose own has none sees one of those below.
    """
    here = guard.organisation()
    newest, number = wheel.newest(frozenset({here.id}))
    if newest is None and "org" not in request.args:
        newest, number = wheel.newest(guard.organisations())
        here = next((o for o in guard.reached_organisations() if newest and o.id == newest.organisation_id), here)
    return here, newest, number == 1


@bp.get("/tasks")
@guard.signed_in
def tasks() -> ResponseReturnValue:
    """All of the person's tasks, late first."""
    return render_template(
        "overview/tasks.html", items=[_shown(task) for task in navigation.told(queries.tasks(guard.by()))]
    )


def _moved(here: Any, level: Level, code: str) -> NoReturn:
    """An earlier code leads to the page of today's; any other is no page."""
    row = catalogue.by_old_code(here.id, level, code) or abort(404)
    abort(redirect(url_for(f"overview.{level}", code=row.code, org=here.code), 301))


@bp.get("/processes/<code>")
@guard.allows(Permission.CATALOGUE_READ)
def process(code: str) -> ResponseReturnValue:
    """One process: facts, sub-processes, risk by year, findings."""
    here = guard.organisation(visiting=True)
    head = queries.head(here.id, code) or _moved(here, Level.PROCESS, code)
    found = head.process
    if not queries.may_see(guard.by(), found):
        abort(404)
    beneath = queries.beneath(found.id)
    content = queries.may_see_content(guard.by(), found)
    return render_template(
        "overview/process.html", process=found, here=here, head=head, beneath=beneath, years=queries.years(found.id),
        systems=parts(found.systems), laws=parts(found.legal_basis), content=content,
        findings=queries.findings_of(guard.by(), *(sub.id for sub in beneath)) if content else [],
    )  # fmt: skip


@bp.get("/subprocesses/<code>")
@guard.allows(Permission.CATALOGUE_READ)
def subprocess(code: str) -> ResponseReturnValue:
    """One sub-process: coverage, risks, controls, reviews, findings."""
    here, by = guard.organisation(visiting=True), guard.by()
    found, above = queries.subprocess_by_code(here.id, code) or _moved(here, Level.SUBPROCESS, code)
    if not queries.may_see(by, above):
        abort(404)
    content = queries.content_of(by, found.id) if queries.may_see_content(by, above) else None
    return render_template(
        "overview/subprocess.html", subprocess=found, process=above, here=here, content=content,
        row=rotation.standing_of(found, by.today),
    )  # fmt: skip


@bp.get("/controls/<code>")
@guard.allows(Permission.CONTENT_READ)
def control(code: str) -> ResponseReturnValue:
    """One control: its design and its tests by year."""
    here = guard.organisation(visiting=True)
    found, subprocess, process = queries.control_by_code(here.id, code) or abort(404)
    if not queries.may_see_content(guard.by(), process):
        abort(404)
    return render_template(
        "overview/control.html", control=found, subprocess=subprocess, process=process, here=here,
        tests=queries.tests_of(found.id),
    )  # fmt: skip


@bp.get("/search")
@guard.allows(Permission.CATALOGUE_READ)
def search() -> ResponseReturnValue:
    """Processes, sub-processes, controls and findings by code or word."""
    words = request.args.get("q", "").strip()[:100]
    codes = {organisation.id: organisation.code for organisation in guard.reached_organisations()}
    hits = queries.search(guard.by(), words) if len(words) >= 2 else []
    return render_template("overview/search.html", words=words, hits=hits, codes=codes)
