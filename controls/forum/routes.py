"""The forum's pages: meetings, the paper, the minutes with a page per decision, presence."""

from collections.abc import Callable
from datetime import date
from typing import Any

from flask import Blueprint, abort, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from werkzeug.datastructures import MultiDict

from controls.base.db import Stale, transaction
from controls.base.form import BaseForm, Day, Pick, said
from controls.base.why import Refused
from controls.forum import actions, forms, impartiality, queries, rules
from controls.forum.queries import Shown
from controls.forum.words import Declared, Function, MeetingForm, Ruling, State
from controls.identity import queries as identity
from controls.identity.permissions import Permission
from controls.recommendation import snapshot
from controls.universe import queries as universe
from controls.web import answer, guard, lists
from controls.wheel import queries as wheel

bp = Blueprint("forum", __name__)
RECORD, CONFIRM, DECLARE = Permission.FORUM_RECORD, Permission.FORUM_CONFIRM, Permission.FORUM_DECLARE
READ = Permission.CONTENT_READ


def _found(id: int) -> Shown:
    shown = queries.by_id(guard.by(), id)
    if shown is None:
        abort(404)
    return shown


def _day(field: Day) -> date:
    """The day of a required field that has been validated."""
    if field.data is None:
        abort(422)
    return field.data


def _minutes(id: int) -> str:
    return url_for("forum.minutes", id=id)


@bp.get("/forum")
@guard.allows(READ)
def index() -> ResponseReturnValue:
    """Meetings that the reader may read, newest first."""
    found = lists.cut(queries.meetings(guard.by()), lists.asked(("held_on",), default="-held_on"))
    return answer.page("forum/index.html", page=found)


@bp.get("/forum/new")
@guard.allows(RECORD)
def new() -> ResponseReturnValue:
    """The form to announce a meeting."""
    form = forms.Announce(MultiDict({"form": MeetingForm.MEETING.value, "about": request.args.get("about", "")}))
    return answer.page("forum/new.html", _about(form))


def _worded(form: BaseForm) -> None:
    """The labels of choices in the reader's language."""
    for field in form:
        if isinstance(field, Pick) and field.choices:
            field.choices = forms.choices((one.value, _(one.label) if one.label else "") for one in field.choices)


def _about(form: forms.Announce) -> forms.Announce:
    """The years a meeting can be about: handed over, or already decided."""
    reach = guard.by().everywhere(RECORD)
    names = {o.id: f"{o.code} {o.name_da}" for o in guard.reached_organisations()}
    known = [cycle for cycle in wheel.cycles(reach) if cycle.state in rules.ANNOUNCED_IN]
    pairs = ((cycle.id, f"{names[cycle.organisation_id]}, {cycle.year}") for cycle in known)
    _worded(form)
    form.about.choices = forms.choices(pairs, empty=True)
    return form


@bp.post("/forum/new")
@guard.allows(RECORD)
def announce() -> ResponseReturnValue:
    """Announce a meeting."""
    form = _about(forms.Announce(request.form))

    def act() -> int:
        cycle = wheel.cycle_by_id(int(form.about.data))
        at = (cycle.organisation_id, cycle.year) if cycle else (0, 0)
        return actions.announce(guard.by(), *at, _day(form.held_on), MeetingForm(form.form.data)).id

    return answer.sent(
        form, act, lambda id: url_for("forum.show", id=id), _("The meeting has been announced."),
        lambda refused: answer.failed("forum/new.html", form, refused),
    )  # fmt: skip


@bp.get("/forum/<int:id>")
@guard.allows(READ)
def show(id: int) -> ResponseReturnValue:
    """The paper: what was handed over, frozen."""
    shown = _found(id)
    kept = snapshot.read(shown.recommendation.snapshot) if shown.recommendation else None
    texts = [line.text + line.compensating_measure + line.dissent for line, _row in kept.lines] if kept else []
    return answer.page(
        "forum/show.html", shown=shown, meeting=shown.meeting, about=shown.about, kept=kept,
        minutes=rules.reading_minutes(texts), move=forms.Move(obj=shown.meeting),
        records=guard.by().may(RECORD, shown.meeting.organisation_id), may_read_minutes=_may_read(shown),
        **_own_matters(shown),
    )  # fmt: skip


def _own_matters(shown: Shown) -> dict[str, Any]:
    """What a member of the meeting told of himself, by code, and the lines on which he can tell more."""
    by, meeting = guard.by(), shown.meeting
    if not by.may(DECLARE) or not queries.is_seated(meeting.id, by.own_id):
        return {"seated": False, "mine": {}, "parts": []}
    mine = {one.code: one for one in queries.declarations(meeting.id) if one.row.person_id == by.own_id}
    still = meeting.state is not State.LOCKED
    return {"seated": still, "mine": mine,
            "parts": universe.active_subprocesses(meeting.about_id, meeting.held_on) if still else []}  # fmt: skip


@bp.get("/forum/<int:id>/impartiality")
@guard.allows(DECLARE)
def choose(id: int) -> ResponseReturnValue:
    """From the list of sub-processes to the page where a member tells of a matter of his own."""
    return own_matter(id, request.args.get("code", ""))


@bp.get("/forum/<int:id>/lines/<code>/impartiality")
@guard.allows(DECLARE)
def own_matter(id: int, code: str) -> ResponseReturnValue:
    """What a member tells of himself and a line; his own area is suggested where it is known."""
    shown, part, known = _matter(id, code)
    by, meeting = guard.by(), shown.meeting
    people = queries.attendances(queries.presence(meeting.id))
    blank = "-" * impartiality.CIRCUMSTANCE_LENGTH
    ruled = known is not None and known.ruling is not None
    reasons = impartiality.why_not_declare(meeting.state, people, by.own_id, blank, ruled)
    if reasons:
        raise Refused(reasons)
    if known is not None:
        form = forms.Declare(obj=known)
    elif universe.is_own_area(part.process_id, by.own_id, by.today):
        area = {"declaration": Declared.DISCLOSED_OWN_AREA.value, "circumstance": _("The area is my responsibility.")}
        form = forms.Declare(MultiDict(area))
    else:
        form = forms.Declare(MultiDict({"declaration": Declared.DISCLOSED.value}))
    _worded(form)
    return answer.page("forum/own_matter.html", form, shown=shown, part=part)


def _matter(id: int, code: str) -> tuple[Shown, Any, Any]:
    """The meeting, the sub-process, and what the reader told of himself there."""
    shown = _found(id)
    part = universe.subprocess_by_code(shown.meeting.about_id, code)
    if part is None:
        abort(404)
    return shown, part, queries.declared(id, part.id, guard.by().own_id)


@bp.post("/forum/<int:id>/lines/<code>/impartiality")
@guard.allows(DECLARE)
def declare(id: int, code: str) -> ResponseReturnValue:
    """A member tells of a matter of his own."""
    shown, part, known = _matter(id, code)
    form = forms.Declare(request.form)
    _worded(form)
    part_id = part.id
    return answer.sent(
        form, lambda: actions.declare(
            guard.by(), id, part_id, forms.number(form.version.data) or 0, Declared(form.declaration.data),
            form.circumstance.data or ""),
        url_for("forum.show", id=id), _("What you told about %(code)s is saved.", code=code),
        lambda refused: answer.failed("forum/own_matter.html", form, refused, shown=shown, part=part),
    )  # fmt: skip


def _may_read(shown: Shown) -> bool:
    """Minutes are read by all when locked, before that by secretary and chair."""
    by, forum = guard.by(), shown.meeting.organisation_id
    return shown.meeting.state is State.LOCKED or by.may(RECORD, forum) or by.may(CONFIRM, forum)


@bp.post("/forum/<int:id>/move")
@guard.allows(RECORD)
def move(id: int) -> ResponseReturnValue:
    """Move the meeting to another day."""
    _found(id)
    form, page = forms.Move(request.form), url_for("forum.show", id=id)
    return answer.sent(
        form, lambda: actions.move(guard.by(), id, forms.number(form.version.data), _day(form.held_on)),
        page, _("The meeting has been moved."),
        _one_field(id, form, _("Move the meeting"), _("Save the new date"), page),
    )  # fmt: skip


def _one_field(
    id: int, form: BaseForm, title: str, button: str, back: str
) -> Callable[[Refused | None], ResponseReturnValue]:  # fmt: skip
    """The page of a form of one field, which otherwise stands on the meeting's own pages."""
    return lambda refused: answer.failed(
        "forum/one_field.html", form, refused, shown=_found(id), title=title, button=button, back=back
    )


@bp.get("/forum/<int:id>/minutes")
@guard.allows(READ)
def minutes(id: int) -> ResponseReturnValue:
    """The minutes: being written, with the chair, or locked."""
    shown = _found(id)
    if not _may_read(shown):
        raise Refused([rules.NOT_LOCKED()])
    return _page(shown, forms.Note(obj=shown.meeting), forms.Return())


def _page(
    shown: Shown, note: forms.Note, back: forms.Return, refused: Refused | None = None
) -> ResponseReturnValue:  # fmt: skip
    meeting, by = shown.meeting, guard.by()
    rows, seats = queries.decision_rows(meeting.id), queries.presence_rows(meeting.id)
    kept = snapshot.read(shown.recommendation.snapshot) if shown.recommendation else None
    people = queries.attendances(seat for seat, *_rest in seats)
    context: dict[str, Any] = {
        "shown": shown, "meeting": meeting, "about": shown.about, "rows": rows, "seats": seats, "kept": kept,
        "quorum": rules.quorum(people), "names": {seat.person_id: name for seat, name, _title in seats},
        "summary": rules.summary([rules.Made(r.decision.recommended, r.decision.decided, r.decision.review_year,
                                             r.decision.hours) for r in rows], meeting.year),
        "deviates": rules.deviates, "note": note, "back": back,
    }  # fmt: skip
    declared = queries.declarations(meeting.id)
    context["told"] = _told(declared, people, context["names"])
    if meeting.state is State.LOCKED:
        return answer.page("forum/locked.html", note, all_lines=request.args.get("lines") == "all", **context)
    if meeting.state is State.WITH_CHAIR:
        why = queries.why_not_lock(by, meeting)
        return answer.page("forum/approve.html", back, why=[said(reason) for reason in why], **context)
    return answer.page("forum/minutes.html", note, **context, **_recording(shown, people, rows, declared))


def _told(
    declared: list[queries.Declaration], people: list[rules.Attendance], names: dict[int, str]
) -> list[tuple[queries.Declaration, str, rules.Quorum | None]]:  # fmt: skip
    """Each matter told of, who ruled on it, and the quorum of its line where somebody is not counted there."""
    told = [one.told for one in declared]
    without = {one.subprocess_id: impartiality.disqualified(told, one.subprocess_id) for one in told}
    return [
        (one, ", ".join(sorted(names.get(id, "") for id in one.told.ruled_by)),
         rules.quorum(people, gone) if (gone := without[one.row.subprocess_id]) else None)
        for one in declared
    ]  # fmt: skip


def _recording(
    shown: Shown, people: list[rules.Attendance], rows: list[queries.DecisionRow],
    declared: list[queries.Declaration],
) -> dict[str, Any]:  # fmt: skip
    meeting, by = shown.meeting, guard.by()
    known = {row.decision.subprocess_id: row for row in rows}
    lines = queries.lines(meeting.recommendation_id) if shown.recommendation else []
    listed = {line.subprocess_id for line, _part in lines}
    supplementary = shown.recommendation is None
    replaceable = queries.replaceable(meeting.about_id, meeting.year) if supplementary else []
    others = [] if supplementary else universe.active_subprocesses(meeting.about_id, meeting.held_on)
    return {
        "lines": lines, "known": known, "supplementary": supplementary, "replaceable": replaceable,
        "added": [row for row in rows if row.decision.subprocess_id not in listed],
        "open": sum(line.subprocess_id not in known for line, _part in lines),
        "others": [part for part in others if part.id not in listed and part.id not in known],
        "may_record": by.may(RECORD, meeting.organisation_id),
        "why": [
            said(reason) for reason in _why_not_send(shown, people, lines, known)
            + queries.why_not_counted(people, declared, (row.decision for row in rows))
        ],
    }  # fmt: skip


def _why_not_send(
    shown: Shown, people: list[rules.Attendance], lines: list[Any], known: dict[int, Any]
) -> list[Any]:  # fmt: skip
    meeting = shown.meeting
    undecided = [part.code for line, part in lines if line.subprocess_id not in known]
    today = guard.by().today
    return rules.why_not_send(meeting.state, meeting.form, meeting.held_on, today, people, undecided, len(known))


@bp.post("/forum/<int:id>/minutes/agree")
@guard.allows(RECORD)
def agree(id: int) -> ResponseReturnValue:
    """Agree with the rest of the recommendation."""
    _found(id)
    with transaction():
        made = actions.agree_with_rest(guard.by(), id)
        count = len(made)
        return answer.done(_minutes(id), _("%(count)s lines follow the recommendation.", count=count))


@bp.post("/forum/<int:id>/minutes/note")
@guard.allows(RECORD)
def write_note(id: int) -> ResponseReturnValue:
    """Save the text of the minutes."""
    _found(id)
    form = forms.Note(request.form)
    return answer.sent(
        form, lambda: actions.write_note(guard.by(), id, forms.number(form.version.data), form.note.data or ""),
        _minutes(id), _("The text has been saved."),
        _one_field(id, form, _("Text of the minutes"), _("Save the text"), _minutes(id)),
    )  # fmt: skip


@bp.post("/forum/<int:id>/minutes/send")
@guard.allows(RECORD)
def send(id: int) -> ResponseReturnValue:
    """Send the minutes to the chair."""
    _found(id)
    with transaction():
        actions.send_to_chair(guard.by(), id, forms.number(request.form.get("version")))
        return answer.done(_minutes(id), _("The minutes have been sent to the chair."))


@bp.post("/forum/<int:id>/minutes/return")
@guard.allows(CONFIRM)
def send_back(id: int) -> ResponseReturnValue:
    """Return the minutes to the secretary."""
    _found(id)
    form = forms.Return(request.form)
    return answer.sent(
        form, lambda: actions.return_to_secretary(
            guard.by(), id, forms.number(form.version.data), form.comment.data),
        _minutes(id), _("The minutes have been returned to the secretary."),
        _one_field(id, form, _("Return the minutes"), _("Return to the secretary"), _minutes(id)),
    )  # fmt: skip


@bp.post("/forum/<int:id>/minutes/lock")
@guard.allows(CONFIRM)
@guard.fresh
def lock(id: int) -> ResponseReturnValue:
    """Approve and lock."""
    _found(id)
    with transaction():
        actions.lock(guard.by(), id, forms.number(request.form.get("version")))
        return answer.done(_minutes(id), _("The minutes have been approved and locked. The reviews have been created."))


@bp.get("/forum/<int:id>/minutes/presence")
@guard.allows(RECORD)
def presence(id: int) -> ResponseReturnValue:
    """Who was there."""
    shown = _found(id)
    seats = queries.presence_rows(id)
    rows = [(seat.person_id, name, seat.function.value, seat.present, seat.stand_in_for_id) for seat, name, _t in seats]
    return answer.page("forum/presence.html", forms.Presence(obj=shown.meeting), shown=shown, rows=rows,
                       functions=list(Function), others=_others(shown, {row[0] for row in rows}))  # fmt: skip


def _others(shown: Shown, listed: set[int]) -> list[Any]:
    everyone = identity.people(frozenset({shown.meeting.organisation_id, shown.meeting.about_id}))
    return [person for person in everyone if person.id not in listed]


@bp.post("/forum/<int:id>/minutes/presence")
@guard.allows(RECORD)
def set_presence(id: int) -> ResponseReturnValue:
    """Save presence; a person chosen under “Add” joins the list."""
    shown = _found(id)
    form = forms.Presence(request.form)
    seats = queries.presence_rows(id)
    names = {seat.person_id: name for seat, name, _title in seats}
    added = next((person for person in _others(shown, set(names)) if person.id == forms.number(form.person.data)), None)
    people = forms.attendances(request.form, names)
    refused = None
    if added is not None:
        people.append(rules.Attendance(added.id, Function.MEMBER, True))
    if form.validate():
        try:
            with transaction():
                actions.set_presence(guard.by(), id, forms.number(form.version.data), people)
                again = url_for("forum.presence", id=id) if added is not None else _minutes(id)
                return answer.done(again, _("Presence has been saved."))
        except Refused as error:
            refused = error
    rows = [(one.person_id, names.get(one.person_id, ""), one.function.value, one.present, one.stand_in_for_id)
            for one in people if one.person_id in names]  # fmt: skip
    return answer.failed(
        "forum/presence.html", form, refused, saved=form if isinstance(refused, Stale) else None, shown=_found(id),
        rows=rows, functions=list(Function), others=_others(shown, set(names)),
    )  # fmt: skip


@bp.get("/forum/<int:id>/minutes/impartiality/<int:declaration_id>")
@guard.allows(RECORD)
def ruling(id: int, declaration_id: int) -> ResponseReturnValue:
    """How the other members rule on what a member told."""
    shown, told, judges = _ruling(id, declaration_id)
    row = told.row
    chosen = impartiality.ids(row.ruled_by) or {person for person, _name in judges}
    given = [("ruled_by", str(person)) for person in sorted(chosen)]
    given += [("version", str(row.version)), ("ruling", row.ruling.value if row.ruling else "")]
    form = _judged(forms.Rule(MultiDict(given)), judges)
    return answer.page("forum/ruling.html", form, shown=shown, told=told, judges=judges)


def _ruling(id: int, declaration_id: int) -> tuple[Shown, queries.Declaration, list[tuple[int, str]]]:
    """The meeting, what was told, and who may rule on it."""
    shown = _found(id)
    told = next((one for one in queries.declarations(id) if one.row.id == declaration_id), None)
    if told is None:
        abort(404)
    seats = queries.presence_rows(id)
    names = {seat.person_id: name for seat, name, _title in seats}
    found = impartiality.judges(queries.attendances(seat for seat, *_rest in seats), told.row.person_id)
    return shown, told, [(person, names[person]) for person in found]


def _judged(form: forms.Rule, judges: list[tuple[int, str]]) -> forms.Rule:
    _worded(form)
    form.ruled_by.choices = forms.choices(judges)
    return form


@bp.post("/forum/<int:id>/minutes/impartiality/<int:declaration_id>")
@guard.allows(RECORD)
def rule(id: int, declaration_id: int) -> ResponseReturnValue:
    """Record the ruling of the others."""
    shown, told, judges = _ruling(id, declaration_id)
    form = _judged(forms.Rule(request.form), judges)

    def act() -> object:
        by = {int(person) for person in form.ruled_by.data or []}
        version = forms.number(form.version.data)
        return actions.rule(guard.by(), declaration_id, version, Ruling(form.ruling.data), by)

    return answer.sent(
        form, act, _minutes(id), _("The ruling on %(code)s has been saved.", code=told.code),
        lambda refused: answer.failed("forum/ruling.html", form, refused, shown=shown, told=told, judges=judges),
    )  # fmt: skip


@bp.get("/forum/<int:id>/minutes/lines")
@guard.allows(RECORD)
def add(id: int) -> ResponseReturnValue:
    """From the list of sub-processes to the decision's page."""
    return line(id, request.args.get("code", ""))


@bp.get("/forum/<int:id>/minutes/lines/<code>")
@guard.allows(RECORD)
def line(id: int, code: str) -> ResponseReturnValue:
    """The decision on one sub-process."""
    shown, part, basis, known = _line(id, code)
    form = _choices(forms.DecisionForm(_typed(shown, known, basis)), shown, basis)
    return answer.page("forum/line.html", form, **_around(shown, part, basis, known))


def _line(id: int, code: str) -> tuple[Shown, Any, Any, Any]:
    """The meeting, the sub-process, what it builds on (line or earlier decision), and the decision so far."""
    shown = _found(id)
    found = queries.place(shown, code)
    if found is None:
        abort(404)
    part, basis, known = found
    if shown.recommendation is not None:
        return shown, part, basis, known
    earlier = queries.replaceable(shown.meeting.about_id, shown.meeting.year)
    changed = next((row.decision for row in earlier if row.decision.subprocess_id == part.id), None)
    if changed is None:
        abort(404)
    return shown, part, changed, known


def _typed(shown: Shown, known: Any, basis: Any) -> MultiDict[str, str]:
    """A saved decision as form fields; a new one carries what was recommended, but no decision."""
    row = known or basis
    earlier = basis.id if shown.recommendation is None and basis is not None else ""
    pairs: dict[str, Any] = {
        "review_year": row.review_year if row else shown.meeting.year, "hours": row.hours if row else "",
        "form": row.form.value if row else "ordinary", "replaces": earlier,
    }  # fmt: skip
    if row is not None:
        code = row.defer_code.value if row.defer_code else ""
        to = row.deferred_to if hasattr(row, "deferred_to") else row.defer_to
        pairs |= {"defer_code": code, "deferred_to": to or "", "compensating_measure": row.compensating_measure}
    if known is not None:
        pairs |= {
            "decided": known.decided.value, "reason": known.reason, "condition": known.condition,
            "version": known.version, "condition_owner": known.condition_owner_id or "",
            "added_by": known.added_by_id or "",
            "condition_due": known.condition_due.isoformat() if known.condition_due else "",
            **{key: "" if getattr(known, key) is None else getattr(known, key)
               for key in ("votes_for", "votes_against", "votes_abstain")},
        }  # fmt: skip
    return MultiDict([(key, str(value)) for key, value in pairs.items()])


def _choices(form: forms.DecisionForm, shown: Shown, basis: Any) -> forms.DecisionForm:
    meeting = shown.meeting
    people = identity.people(frozenset({meeting.organisation_id, meeting.about_id}))
    seats = [] if basis else queries.presence_rows(meeting.id)
    members = [(seat.person_id, name) for seat, name, _t in seats if seat.function in (Function.CHAIR, Function.MEMBER)]
    _worded(form)
    form.review_year.choices = forms.choices((year, str(year)) for year in (meeting.year, meeting.year + 1))
    form.condition_owner.choices = forms.choices(((person.id, person.name) for person in people), empty=True)
    form.added_by.choices = forms.choices(members, empty=True)
    return form


def _around(shown: Shown, part: Any, basis: Any, known: Any) -> dict[str, Any]:
    place = None
    if shown.recommendation is not None:
        roll = snapshot.read(shown.recommendation.snapshot).whole.roll
        place = next((row for row in roll if row.code == part.code), None)
    return {"shown": shown, "part": part, "basis": basis, "decision": known, "place": place,
            "supplementary": shown.recommendation is None}  # fmt: skip


@bp.post("/forum/<int:id>/minutes/lines/<code>/decide")
@guard.allows(RECORD)
def decide(id: int, code: str) -> ResponseReturnValue:
    """Save the decision on one sub-process."""
    shown, part, basis, known = _line(id, code)
    form = _choices(forms.DecisionForm(request.form), shown, basis)
    refused = None
    if form.validate():
        try:
            with transaction():
                actions.decide(guard.by(), id, form.values(part.id), forms.number(form.version.data) or 0)
                return answer.done(_minutes(id), _("The decision on %(code)s has been saved.", code=code))
        except Refused as error:
            refused = error
    shown, part, basis, known = _line(id, code)
    saved = _choices(forms.DecisionForm(_typed(shown, known, basis)), shown, basis) if known else None
    return answer.failed("forum/line.html", form, refused, saved=saved, **_around(shown, part, basis, known))


@bp.post("/forum/<int:id>/minutes/conditions/<int:decision_id>/met")
@guard.allows(RECORD)
def condition_met(id: int, decision_id: int) -> ResponseReturnValue:
    """Record that a condition has been met."""
    _found(id)
    row = next((row for row in queries.decision_rows(id) if row.decision.id == decision_id), None)
    if row is None:
        abort(404)
    form = forms.Met(request.form)
    return answer.sent(
        form, lambda: actions.meet_condition(
            guard.by(), decision_id, forms.number(form.version.data), _day(form.on)),
        _minutes(id), _("The condition on %(code)s has been met.", code=row.code),
        _one_field(id, form, _("Condition met"), _("Save the date"), _minutes(id)),
    )  # fmt: skip
