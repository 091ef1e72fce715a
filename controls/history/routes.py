"""The log page, one event, one record's history, the verification, redactions, and one's own data."""

import hashlib
from typing import Any

from flask import Blueprint, Response, abort, make_response, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from controls.base.db import transaction
from controls.base.form import BaseForm, day, said
from controls.base.why import Refused
from controls.history import actions, forms, labels, queries, rules
from controls.history.kinds import BY_SLUG, BY_TABLE, KINDS, Kind, to_redact
from controls.history.texts import REDACTABLE
from controls.history.words import LegalBasis
from controls.identity import queries as identity
from controls.identity.permissions import Permission, Role
from controls.signin import queries as door
from controls.web import answer, guard
from controls.web.words import language

bp = Blueprint("history", __name__)
FILTERS = ("person", "kind", "number", "action", "from", "to")


@bp.app_template_global()
def named(row: rules.Named | None) -> str:
    """Code and title of a row in the reader's language."""
    if row is None:
        return ""
    title = row.en if language() == "en" and row.en else row.da or row.en
    return row.code if title in ("", row.code) else f"{row.code} {title}"


@bp.app_template_global()
def history_of(table: str, id: int | None) -> str:
    """The address of a record's history; empty for what has no page of its own."""
    kind = BY_TABLE.get(table)
    return url_for("history.show", kind=kind.slug, id=id) if kind and id else ""


@bp.app_template_global()
def roles(codes: str) -> str:
    """The roles in which somebody acted, in words."""
    return ", ".join(_(Role(code).label) for code in codes.split("+") if code in {role.value for role in Role})


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else 0


def _asked() -> tuple[dict[str, str], rules.Asked]:
    """What the address asks for; what is not known is ignored, never an error."""
    given = {key: request.args[key].strip()[:200] for key in FILTERS if request.args.get(key, "").strip()}
    kind = BY_SLUG.get(given.get("kind", ""))
    return given, rules.Asked(
        person=_number(given.get("person", "")), table=kind.table if kind else "", number=given.get("number", ""),
        action=given.get("action", "") if given.get("action", "") in queries.EVENTS else "",
        first=day(given.get("from", "")), last=day(given.get("to", "")),
        before=_number(request.args.get("before", "")) or None,
    )  # fmt: skip


def _scope() -> frozenset[int | None]:
    """Where the reader reads the log; whoever reads from the top also reads what concerns no organisation."""
    there = guard.by().everywhere(Permission.LOG_READ) & guard.organisations()
    top = queries.tops(o for o in guard.reached_organisations() if o.id in there)
    return there | {None} if top else there


@bp.get("/log")
@guard.allows(Permission.LOG_READ)
def log() -> ResponseReturnValue:
    """The log, newest first, filtered by the address."""
    given, asked = _asked()
    scope = _scope()
    page = queries.page(asked, scope)
    taken = queries.redactions_by_event(set(page.removed.values())) if page.removed else {}
    org = guard.organisation().code
    kept = dict(given, org=org)
    return answer.page(
        "history/log.html", page=page, given=given, kept=kept, org=org, cap=rules.CAP, taken=taken,
        tables=labels.TABLES,
        people=queries.people(frozenset(id for id in scope if id is not None)), deep=asked.before is not None,
        kinds=sorted(((kind.slug, _(labels.TABLES[kind.table])) for kind in KINDS), key=lambda pair: pair[1]),
        events=sorted(((event.name, _(event.label)) for event in queries.EVENTS.values()), key=lambda pair: pair[1]),
        event_labels={event.name: event.label for event in queries.EVENTS.values()},
        content=guard.by().everywhere(Permission.CONTENT_READ),
    )  # fmt: skip


@bp.get("/log/<int:seq>")
@guard.allows(Permission.LOG_READ)
def event(seq: int) -> ResponseReturnValue:
    """One event with all it changed; an administrator sees no content."""
    told = queries.one(guard.by(), seq) or abort(404)
    entry = told.entries[0]
    values = guard.by().may(Permission.CONTENT_READ, told.organisation_id)
    return answer.page("history/event.html", entry=entry, values=values, proof=told.proof, **_words(told))


def _words(told: queries.Told) -> dict[str, Any]:
    events = [entry.event for entry in told.entries]
    taken = {event.removed_by or event.seq for event in events if event.removed_by or event.action == queries.ACTION}
    return {
        "names": told.names, "tables": labels.TABLES, "label": labels.label, "typed": rules.typed,
        "marked": rules.marked, "table_of": rules.table_of, "next": told.next,
        "event_labels": {event.name: event.label for event in queries.EVENTS.values()},
        "taken": queries.redactions_by_event(taken) if taken else {},
    }  # fmt: skip


@bp.get("/history/<kind>/<int:id>")
@guard.signed_in
def show(kind: str, id: int) -> ResponseReturnValue:
    """What happened to a record: for whoever may read the record itself."""
    of = BY_SLUG.get(kind) or abort(404)
    row = queries.readable(guard.by(), of, id) or abort(404)
    before = _number(request.args.get("before", "")) or None
    told = queries.history(of, id, before)
    return answer.page(
        "history/show.html", told=told, kind=of, row=row, values=True, title=_heading(of, row, told),
        back=_page(of, row), deep=before is not None, **_words(told),
    )  # fmt: skip


@bp.get("/assessments/<int:id>/history")
@guard.allows(Permission.CONTENT_READ)
def assessment(id: int) -> ResponseReturnValue:
    """The versions of an assessment side by side, and while it is a draft what was replaced in it."""
    of = BY_SLUG["assessment"]
    row = queries.readable(guard.by(), of, id) or abort(404)
    told, draft = queries.history(of, id), queries.draft_of(id)
    names = told.names | queries.names({("universe_subprocess", one.subprocess) for one in draft if one.subprocess})
    found = rules.versions(told.entries, of.table, of.parts[0][0])
    return answer.page(
        "history/assessment.html", row=row, versions=found, draft=draft, title=_heading(of, row, told),
        back=_page(of, row), cell=queries.cell,
        columns=[name for name in rules.ANSWERS if any(one.answers.get(name) not in (None, "") for one in found)],
        parts=sorted({id for one in found for id in one.lines}),
        own=rules.OWN_LINE[1:6], table=of.table, part=of.parts[0][0], **_words(told) | {"names": names},
    )  # fmt: skip


def _heading(kind: Kind, row: Any, told: queries.Told) -> str:
    """What the record is called; an event about it tells its name, else its own columns do."""
    known = told.names.get((kind.table, row.id))
    word = _(labels.TABLES[kind.table])
    return f"{word} {named(known)}".strip() if known else f"{word} {getattr(row, 'code', row.id)}"


def _page(kind: Kind, row: Any) -> str:
    """The address of the record's own page; empty when it has none."""
    if kind.slug in ("process", "subprocess"):
        return url_for(f"overview.{kind.slug}", code=row.code, org=_code(row.organisation_id))
    if kind.slug == "control":
        return url_for("overview.control", code=row.number, org=_code(row.organisation_id))
    if kind.slug == "cycle":
        return url_for("wheel.cycle", year=row.year, org=_code(row.organisation_id))
    if kind.slug == "recommendation":
        return url_for("recommendation.show", year=row.year, org=_code(row.organisation_id))
    if kind.slug == "design-test":
        return url_for("review.design_test", id=row.review_id, control_id=row.control_id)
    if kind.slug == "decision":
        return url_for("forum.show", id=row.meeting_id)
    if kind.slug == "person" and not guard.by().may(Permission.ACCOUNT_READ):
        return ""
    ends = {
        "assessment": "assessment.show", "meeting": "forum.show", "review": "review.show",
        "test": "effectiveness.by_test", "finding": "finding.show", "action": "finding.by_action",
        "evidence": "evidence.show", "person": "accounts.user", "redaction": "history.redaction",
    }  # fmt: skip
    return url_for(ends[kind.slug], id=row.id) if kind.slug in ends else ""


def _code(organisation_id: int) -> str:
    found = identity.organisation_by_id(organisation_id)
    return found.code if found else ""


@bp.get("/verification")
@guard.allows(Permission.LOG_VERIFY)
def verification() -> ResponseReturnValue:
    """Whether the log is sound: the last run, a button for the next, the newest checkpoint and the key."""
    size = queries.size()
    why = [said(reason) for reason in rules.why_not_verify_here(size)]
    last, begun = queries.latest_check(), queries.startup_fault()
    who = queries.names({("identity_person", last.person_id or 0)} if last else ())
    return answer.page(
        "history/verification.html", last=last, size=size, why=why, faults=queries.faults_of(last),
        newest=queries.newest_checkpoint(), key=queries.public_key(), tables=labels.TABLES, label=labels.label,
        startup=said(begun.reason) if begun else "", who=who,
        emergencies=door.emergencies() if guard.by().may(Permission.LOG_READ) else [],
    )  # fmt: skip


@bp.post("/verification")
@guard.allows(Permission.LOG_VERIFY)
def verify_now() -> ResponseReturnValue:
    """Verify now; the run is written in the log with its result."""
    why = rules.why_not_verify_here(queries.size())
    if why:
        raise Refused(why)
    found = queries.verified(guard.by().at)
    with transaction():
        actions.record_check(guard.by(), found)
        sound = "" if found.faults else _("The log was verified and is sound.")  # faults are told by the page itself
        return answer.done(url_for("history.verification"), sound)


@bp.get("/verification/checkpoint")
@guard.allows(Permission.LOG_VERIFY)
def checkpoint() -> ResponseReturnValue:
    """The newest checkpoint as a file, to be kept outside the house."""
    newest = queries.newest_checkpoint() or abort(404)
    return _file(newest.text, "text/plain; charset=utf-8", f"kontrolrul-{newest.size}.txt")


def _file(text: str, kind: str, filename: str) -> Response:
    response = make_response(text)
    response.headers["Content-Type"] = kind
    response.headers["Content-Disposition"] = f'attachment; filename="{filename}"'
    return response


@bp.get("/redactions")
@guard.allows(Permission.REDACTION_READ)
def redactions() -> ResponseReturnValue:
    """Removals of personal texts: those that wait first."""
    rows = queries.redactions(guard.by().everywhere(Permission.REDACTION_READ) & guard.organisations())
    wanted = {(row.object_type, row.object_id) for row in rows}
    wanted |= {("identity_person", id) for row in rows for id in (row.asked_by_id, row.decided_by_id) if id}
    return answer.page(
        "history/redactions.html", rows=rows, names=queries.names(wanted), tables=labels.TABLES, label=labels.label
    )


@bp.get("/redactions/new")
@guard.allows(Permission.REDACTION_ASK)
def find() -> ResponseReturnValue:
    """Find the record by its number; then say what is to be removed."""
    kind, number = to_redact(request.args.get("kind", "")), request.args.get("number", "").strip()[:200]
    id = _number(request.args.get("id", ""))
    if kind and id:
        return _asking(kind, id, _form(kind, id))
    reach = guard.by().everywhere(Permission.REDACTION_ASK)
    hits = queries.to_redact(number, kind, reach) if kind and number else []
    return answer.page(
        "history/find.html", kind=kind, number=number, hits=hits, names=queries.names(hits),
        kinds=sorted(((_slug(table), _(labels.TABLES[table])) for table in REDACTABLE), key=lambda pair: pair[1]),
    )  # fmt: skip


def _slug(table: str) -> str:
    return BY_TABLE[table].slug if table in BY_TABLE else table


@bp.app_template_global()
def field_name(table: str, field: str) -> str:
    """What a field is called in the reader's language; a copy in a column tells whose text it is."""
    return ", ".join(_(word) for word in queries.field_name(table, field))


def _form(kind: Kind, id: int, sent: Any = None) -> forms.Ask:
    form = forms.Ask(sent)
    free = queries.free_texts(kind.table, id)
    form.column.choices = [("", _("Choose")), *((one, field_name(kind.table, one)) for one in free)]
    form.legal_basis.choices = [("", _("Choose")), *((one.value, _(one.label)) for one in LegalBasis)]
    return form


def _asking(kind: Kind, id: int, form: BaseForm, refused: Refused | None = None) -> ResponseReturnValue:
    organisation = queries.organisation_of(kind.table, id)
    if organisation is None or not guard.by().may(Permission.REDACTION_ASK, organisation):
        abort(404)
    context: dict[str, Any] = {
        "kind": kind,
        "id": id,
        "about": queries.names([(kind.table, id)]),
        "tables": labels.TABLES,
    }
    if request.method == "GET":
        return answer.page("history/ask.html", form, **context)
    return answer.failed("history/ask.html", form, refused, **context)


@bp.post("/redactions/new/<kind>/<int:id>")
@guard.allows(Permission.REDACTION_ASK)
def ask(kind: str, id: int) -> ResponseReturnValue:
    """Ask for the removal of a text."""
    of = to_redact(kind) or abort(404)
    form, refused = _form(of, id, request.form), None
    if form.validate():
        try:
            with transaction():
                row = actions.ask_redaction(
                    guard.by(), of, id, form.column.data or "", form.basis(), form.explanation.data or ""
                )
                text = _("The removal is asked. Another person decides.")
                return answer.done(url_for("history.redaction", id=row.id), text)
        except Refused as error:
            refused = error
    return _asking(of, id, form, refused)


@bp.get("/redactions/<int:id>")
@guard.allows(Permission.REDACTION_READ)
def redaction(id: int) -> ResponseReturnValue:
    """One removal: what, why, who, and the decision."""
    return _shown(id, forms.Reject())


def _shown(id: int, form: BaseForm, refused: Refused | None = None) -> ResponseReturnValue:
    by = guard.by()
    row = queries.readable(by, BY_SLUG["redaction"], id) or abort(404)
    may = by.may(Permission.REDACTION_APPROVE, row.organisation_id)
    content = by.may(Permission.CONTENT_READ, row.organisation_id)
    text, events = queries.texts(row.object_type, row.object_id, row.column_name) if content else ("", 0)
    people = {("identity_person", one) for one in (row.asked_by_id, row.decided_by_id) if one}
    context: dict[str, Any] = {
        "row": row, "text": text, "events": events, "content": content, "may_decide": may, "tables": labels.TABLES,
        "why": [said(one) for one in queries.why_not_decide(by, row)] if may else [],
        "names": queries.names({(row.object_type, row.object_id), *people}), "label": labels.label,
    }  # fmt: skip
    if refused is None and not form.errors:
        return answer.page("history/redaction.html", form, **context)
    return answer.failed("history/redaction.html", form, refused, **context)


@bp.post("/redactions/<int:id>/approve")
@guard.allows(Permission.REDACTION_APPROVE)
@guard.fresh
def approve(id: int) -> ResponseReturnValue:
    """Remove the text; it cannot be brought back."""
    if queries.readable(guard.by(), BY_SLUG["redaction"], id) is None:
        abort(404)
    with transaction():
        row = actions.approve_redaction(guard.by(), id, _number(request.form.get("version", "")))
        return answer.done(url_for("history.redaction", id=row.id), _("The text is removed."))


@bp.post("/redactions/<int:id>/reject")
@guard.allows(Permission.REDACTION_APPROVE)
def reject(id: int) -> ResponseReturnValue:
    """Leave the text, with a reason."""
    form, refused = forms.Reject(request.form), None
    if form.validate():
        try:
            with transaction():
                row = actions.reject_redaction(guard.by(), id, _number(form.version.data or ""), form.note.data or "")
                return answer.done(url_for("history.redaction", id=row.id), _("The removal is rejected."))
        except Refused as error:
            refused = error
    return _shown(id, form, refused)


@bp.get("/me/data")
@guard.signed_in
def own_data() -> ResponseReturnValue:
    """All that is stored about the reader, as one page to keep (GDPR art. 15(3)); the taking is written in the log."""
    by = guard.by()
    found = queries.own_data(by)
    text = render_template(
        "history/own_data.html", found=found, names=found.names, tables=labels.TABLES, label=labels.label,
        typed=rules.typed, cell=queries.cell, at=by.at,
        event_labels={event.name: event.label for event in queries.EVENTS.values()},
    )  # fmt: skip
    with guard.recorded():
        actions.record_own_data(by, language(), hashlib.sha256(text.encode()).hexdigest())
    return _file(text, "text/html; charset=utf-8", f"{_('own-data')}-{by.today}.html")
