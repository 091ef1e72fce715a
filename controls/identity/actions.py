"""Writes of accounts: organisations, people, roles, sign-ins."""

import secrets
from collections.abc import Callable, Iterable
from datetime import date, timedelta
from functools import partial
from typing import Any

from controls.base import audit, demo, passwords
from controls.base.by import By
from controls.base.db import AFTER_REFUSAL, CLASHES, db, load, saved
from controls.base.why import CHANGED, FORBIDDEN, N_, NOT_FOUND, Reason, Refused, refuse_if
from controls.identity import queries, rules
from controls.identity.duties import Duty, Side, why_not_same
from controls.identity.permissions import Permission, Role
from controls.identity.tables import Organisation, Part, Person, Reopening, RoleGrant, SignIn
from controls.identity.words import RequestState

ORGANISATION_ADDED = audit.declare("identity.organisation_added", N_("Organisation added"))
PERSON_ADDED = audit.declare("identity.person_added", N_("Person added"))
ROLE_GRANTED = audit.declare("identity.role_granted", N_("Role granted"))
ROLE_ENDED = audit.declare("identity.role_ended", N_("Role ended"))
LANGUAGE_CHOSEN = audit.declare("identity.language_chosen", N_("Language chosen"))
KEYS_CHOSEN = audit.declare("identity.keys_chosen", N_("Keys chosen"))
SIGNED_IN = audit.declare("identity.signed_in", N_("Signed in"), "how")
SIGNED_IN_AGAIN = audit.declare("identity.signed_in_again", N_("Confirmed who is signed in"), "how")
SIGNED_OUT = audit.declare("identity.signed_out", N_("Signed out"))
REFUSED = audit.declare("identity.refused", N_("Access refused"), "page", "because")
IGNORED = audit.declare("identity.fields_ignored", N_("Fields sent that no page asks for"), "page", "names")
SIGN_IN_REFUSED = audit.declare("identity.sign_in_refused", N_("Sign-in refused"))
SAME_PERSON_REFUSED = audit.declare(
    "identity.same_person_refused", N_("Refused: the same person on both sides of a rule"), "duty", "side", "persons"
)

SIGN_INS_ENDED = audit.declare("identity.sign_ins_ended", N_("Sign-ins ended"), "number")
PASSWORD_CHANGED = audit.declare("identity.password_changed", N_("Password changed"))
PASSWORD_RESET = audit.declare("identity.password_reset", N_("Password reset"))
PERSON_DISABLED = audit.declare("identity.person_disabled", N_("Person disabled"))
REOPENING_ASKED = audit.declare("identity.reopening_asked", N_("Reopening asked for"), "number")
REOPENED = audit.declare("identity.reopened", N_("Reopened as a new version"), "number")
REOPENING_REFUSED = audit.declare("identity.reopening_refused", N_("Reopening refused"), "number")
PERSON_ENABLED = audit.declare("identity.person_enabled", N_("Person enabled"))


def add_organisation(by: By, code: str, name_da: str, name_en: str, parent_code: str | None = None) -> Organisation:
    """Add an organisation under its parent."""
    by.must(Permission.ACCOUNT_MANAGE)
    refuse_if(rules.why_not_code(code, queries.organisation(code) is not None))
    parent = queries.organisation(parent_code) if parent_code else None
    row = Organisation(code=code, name_da=name_da, name_en=name_en, parent_id=parent.id if parent else None, path="")
    saved(by, row)
    db.session.add(row)
    db.session.flush()
    row.path = f"{parent.path if parent else '/'}{row.id}/"
    audit.record(by, ORGANISATION_ADDED, row)
    return row


def add_person(
    by: By, username: str, name: str, organisation_id: int, *, password: str | None = None, title: str = "",
    unit: str = "", email: str = "", language: str = "da",
) -> Person:  # fmt: skip
    """Add a person; without a password he cannot sign in by name and password."""
    by.must(Permission.ACCOUNT_MANAGE)
    refuse_if(rules.why_not_username(username, queries.person(username) is not None))
    if password is not None:
        refuse_if(rules.why_not_password(password, username))
    row = Person(
        username=username, name=name, organisation_id=organisation_id, title=title, unit=unit, email=email,
        language=language, valid_from=by.today, password_hash=passwords.digest(password) if password else None,
    )  # fmt: skip
    saved(by, row)
    db.session.add(row)
    audit.record(by, PERSON_ADDED, row)
    return row


def grant_role(by: By, person_id: int, role: Role, organisation_id: int) -> RoleGrant:
    """Give a person a role from the command line, which counts as both persons (S8)."""
    by.must(Permission.ACCOUNT_MANAGE)
    refuse_if([] if by.person_id is None else [FORBIDDEN()])
    return give_role(by, person_id, role, organisation_id)


def give_role(
    by: By, person_id: int, role: Role, organisation_id: int, valid_to: date | None = None
) -> RoleGrant:  # fmt: skip
    """Give a person a role in an organisation from today: on the command line, or when a request was approved."""
    by.must(Permission.ACCOUNT_MANAGE)
    person = db.session.get_one(Person, person_id)
    must_hold(by, person, role)
    row = RoleGrant(
        person_id=person_id, role=role, organisation_id=organisation_id, valid_from=by.today, valid_to=valid_to,
        granted_by=by.name,
    )  # fmt: skip
    saved(by, row)
    db.session.add(row)
    hold(by, person, role)
    audit.record(by, ROLE_GRANTED, row)
    return row


def end_role(by: By, id: int) -> RoleGrant:
    """End a role at once: from now it is not held."""
    row = load(RoleGrant, id)
    by.must(Permission.ACCOUNT_MANAGE, row.organisation_id)
    row.valid_to = by.today - timedelta(days=1)
    saved(by, row)
    audit.record(by, ROLE_ENDED, row)
    return row


def resume_role(by: By, id: int) -> RoleGrant:
    """Let a role that began and ended today go on."""
    row = load(RoleGrant, id)
    by.must(Permission.ACCOUNT_MANAGE, row.organisation_id)
    row.valid_to = None
    saved(by, row)
    audit.record(by, ROLE_GRANTED, row)
    return row


def must_hold(by: By, person: Person, role: Role) -> None:
    """Refuse a role that S9 keeps from a person: who administers the system holds none of the control year, ever."""
    first = queries.person_by_id(person.root_id)
    reasons = rules.why_not_hold(role, [grant.role for grant in queries.grants(person.id)])
    reasons = reasons or queries.why_not_part(by, Duty.S9, first, _side(role), persons=[person.root_id])
    if reasons:
        raise SamePerson(reasons, by, Duty.S9, _side(role), Bound(first, person.organisation_id))


def hold(by: By, person: Person, role: Role) -> None:
    """Enter in the ledger that a person administers the system, or holds a role in the control year (S9)."""
    first = queries.person_by_id(person.root_id)
    take_part(by, Duty.S9, first, _side(role), persons=[person.root_id], organisation_id=person.organisation_id)


def _side(role: Role) -> Side:
    return Side.FIRST if role is Role.ADM else Side.SECOND


def choose_language(by: By, language: str) -> None:
    """Choose the language of one's own pages."""
    person = db.session.get_one(Person, by.person_id)
    person.language = language
    saved(by, person)
    audit.record(by, LANGUAGE_CHOSEN, person)


def choose_keys(by: By, on: bool) -> None:
    """Have single keys act on pages, or not (WCAG 2.1.4)."""
    person = db.session.get_one(Person, by.person_id)
    person.keys_off = not on
    saved(by, person)
    audit.record(by, KEYS_CHOSEN, person)


def check_password(username: str, password: str) -> Person | None:
    """The person with this name and password; takes the same time when there is none. Writes nothing."""
    person = queries.person(username)
    fits = passwords.fits(person.password_hash if person else None, password)
    return person if person and fits and queries.admitted(person, demo.now().date()) else None


def change_password(by: By, hashed: str, keep: int) -> None:
    """Change one's own password; other sign-ins end."""
    person = db.session.get_one(Person, by.person_id)
    person.password_hash, person.must_change = hashed, False
    saved(by, person)
    audit.record(by, PASSWORD_CHANGED, person)
    end_sign_ins(by, person.id, keep)


def reset_password(by: By, person_id: int, hashed: str) -> None:
    """Give a person a password that must be changed at the first sign-in; all his sign-ins end."""
    by.must(Permission.ACCOUNT_MANAGE)
    person = db.session.get_one(Person, person_id)
    person.password_hash, person.must_change = hashed, True
    saved(by, person)
    audit.record(by, PASSWORD_RESET, person)
    end_sign_ins(by, person.id)


def disable_person(by: By, person_id: int) -> None:
    """Let a person in no more, from now on; all his sign-ins end."""
    by.must(Permission.ACCOUNT_MANAGE)
    person = db.session.get_one(Person, person_id)
    refuse_if(rules.why_not_disable(person.valid_to, by.today))
    person.valid_to = by.today - timedelta(days=1)
    saved(by, person)
    audit.record(by, PERSON_DISABLED, person)
    end_sign_ins(by, person.id)


def enable_person(by: By, person_id: int) -> None:
    """Let a person in again."""
    by.must(Permission.ACCOUNT_MANAGE)
    person = db.session.get_one(Person, person_id)
    refuse_if(rules.why_not_enable(person.valid_to))
    person.valid_to = None
    saved(by, person)
    audit.record(by, PERSON_ENABLED, person)


def end_sign_ins(by: By, person_id: int, keep: int | None = None) -> int:
    """End a person's sign-ins (all but the one kept): of oneself, or of others by whoever manages accounts."""
    if person_id != by.person_id:
        by.must(Permission.ACCOUNT_MANAGE, db.session.get_one(Person, person_id).organisation_id)
    rows = [row for row in queries.sign_ins(person_id, by.at) if row.id != keep]
    for row in rows:
        row.ended_at = by.at
    if rows:
        audit.record(by, SIGN_INS_ENDED, db.session.get_one(Person, person_id), number=len(rows))
    return len(rows)


def end_sign_in(by: By, id: int) -> None:
    """End one of one's own sign-ins."""
    row = load(SignIn, id)
    if row.person_id != by.person_id:
        raise Refused([NOT_FOUND()])
    if row.ended_at is None:
        row.ended_at = by.at
        audit.record(by, SIGN_INS_ENDED, db.session.get_one(Person, row.person_id), number=1)


def refuse_sign_in(by: By, username: str) -> None:
    """Leave a line in the log about a refused sign-in, without what was typed."""
    person = queries.person(username) or queries.organisations()[0]
    audit.record(by, SIGN_IN_REFUSED, person)


def refuse(by: By, page: str, because: list[str]) -> None:
    """Leave an event about what somebody asked for that is not his."""
    audit.record(by, REFUSED, db.session.get_one(Person, by.person_id), page=page, because=because)


def ignore(by: By, page: str, names: list[str]) -> None:
    """Leave an event about fields that were sent beside a form, and that nothing was set from."""
    audit.record(by, IGNORED, db.session.get_one(Person, by.person_id), page=page, names=names)


def sign_in(by: By, person: Person, how: str, agent: str = "", address: str = "") -> SignIn:
    """Begin a sign-in; the token goes into the cookie."""
    row = SignIn(
        token=secrets.token_urlsafe(32), person_id=person.id, how=how, agent=agent, address=address,
        started_at=by.at, fresh_at=by.at, seen_at=by.at,
    )  # fmt: skip
    db.session.add(row)
    audit.record(by, SIGNED_IN, person, how=how)
    return row


def sign_in_again(by: By, row: SignIn, how: str) -> None:
    """The person of a sign-in has proven once more who he is."""
    row.fresh_at = by.at
    audit.record(by, SIGNED_IN_AGAIN, db.session.get_one(Person, row.person_id), how=how)


def seen(by: By, row: SignIn) -> None:
    """Move the idle limit; no event, since it changes nothing but the minute."""
    row.seen_at = by.at


def sign_out(by: By, row: SignIn) -> None:
    """End a sign-in."""
    row.ended_at = by.at
    audit.record(by, SIGNED_OUT, db.session.get_one(Person, row.person_id))


class SamePerson(Refused):
    """One person on both sides of a rule: refused, and told in the log."""

    def __init__(self, reasons: list[Reason], by: By, duty: Duty, side: Side, subject: "Bound") -> None:
        super().__init__(reasons)
        self.by, self.duty, self.side, self.subject = by, duty, side, subject


class Bound:
    """The object that a rule binds, as the log names it, when the row itself is rolled back."""

    def __init__(self, row: Any, organisation_id: int | None) -> None:
        self.__tablename__: str = row.__tablename__
        self.id: int = row.id
        self.organisation_id = organisation_id


def take_part(
    by: By, duty: Duty, row: Any, side: Side, *, within: int = 0, permission: Permission | None = None,
    persons: Iterable[int | None] | None = None, organisation_id: int | None = None, besides: Iterable[int] = (),
    parts: queries.Taken | None = None,
) -> None:  # fmt: skip
    """Enter in the ledger that the author (or these `persons`) takes this side of a rule on a row, or refuse.

    Taking it again is nothing new. The act that takes it tells it in its own event. `parts` are those read before.
    """
    if row.id is None:
        db.session.flush()
    acting = set(by.persons if persons is None else queries.roots(persons).values())
    at = organisation_id or getattr(row, "organisation_id", None)
    known = queries.taken((row.__tablename__, row.id)) if parts is None else parts
    key = (duty, row.__tablename__, row.id, within)
    reasons = queries.why_not_part(
        by, duty, row, side, within=within, permission=permission, persons=acting, parts=known, organisation_id=at,
        besides=besides,
    )  # fmt: skip
    if reasons:
        raise SamePerson(reasons, by, duty, side, Bound(row, at))
    others = known.get((*key, side.other), set()) | set(besides)
    exceptions = queries.excepted(duty, acting & others, at, by.today)
    for person_id in sorted(acting - known.get((*key, side), set())):
        db.session.add(
            Part(
                duty=duty, object_type=row.__tablename__, object_id=row.id, within=within, side=side,
                person_id=person_id, exception_id=exceptions.get(person_id), taken_at=by.at,
            )
        )  # fmt: skip
        db.session.flush()


def ask_reopening(by: By, row: Any, reason: str, *, final: bool, others: Iterable[int | None]) -> Reopening:
    """Ask that a final object be reopened as a new version; asker, testers and reviewers do not approve it (S11).

    Saving the object makes two who ask at once meet.
    """
    if by.person_id is None:
        raise Refused([FORBIDDEN()])
    found = queries.reopenings(row)
    waiting = any(one.row.state is RequestState.ASKED for one in found)
    refuse_if(rules.why_not_ask_reopening(final, waiting, reason))
    asked = Reopening(
        organisation_id=row.organisation_id, object_type=row.__tablename__, object_id=row.id,
        number=rules.edition(one.row.state for one in found), reason=reason.strip(), state=RequestState.ASKED,
        asked_by_id=by.person_id, asked_at=by.at,
    )  # fmt: skip
    saved(by, asked)
    saved(by, row)
    db.session.add(asked)
    take_part(by, Duty.S11, asked, Side.FIRST, persons=[*by.persons, *others])
    audit.record(by.because(reason.strip()), REOPENING_ASKED, row, number=asked.number)
    return asked


def approve_reopening(
    by: By, row: Any, version: int | None, answer: str, *, final: bool, snapshot: str
) -> Reopening:  # fmt: skip
    """The second person agrees: the version in force until now is kept whole, and the next one begins."""
    asked = _to_decide(by, row, version)
    refuse_if(rules.why_not_decide_reopening(final, asked.state))
    _decide(by, asked, RequestState.APPROVED, answer)
    asked.snapshot = snapshot
    audit.record(by.because(asked.reason), REOPENED, row, number=asked.number)
    return asked


def refuse_reopening(by: By, row: Any, version: int | None, answer: str, *, final: bool) -> Reopening:
    """The second person does not agree, and says why."""
    asked = _to_decide(by, row, version)
    refuse_if(rules.why_not_decide_reopening(final, asked.state, answer))
    _decide(by, asked, RequestState.REFUSED, answer)
    audit.record(by.because(answer.strip()), REOPENING_REFUSED, row, number=asked.number)
    return asked


def _to_decide(by: By, row: Any, version: int | None) -> Reopening:
    by.must(Permission.REOPENING_APPROVE, row.organisation_id)
    found = queries.reopenings(row)
    refuse_if([] if found and by.person_id is not None else [rules.REOPENING_DECIDED()])
    asked = load(Reopening, found[-1].row.id, version)
    if asked.state is RequestState.ASKED:
        take_part(by, Duty.S11, asked, Side.SECOND, permission=Permission.REOPENING_APPROVE)
    return asked


def _decide(by: By, asked: Reopening, state: RequestState, answer: str) -> None:
    asked.state, asked.answer = state, answer.strip()
    asked.decided_by_id, asked.decided_at = by.person_id, by.at
    saved(by, asked)


def tell_refusal(by: By, error: SamePerson) -> None:
    """Leave a line in the log about an attempt to stand on both sides of a rule."""
    audit.record(
        by, SAME_PERSON_REFUSED, error.subject, organisation_id=error.subject.organisation_id,
        duty=error.duty.value, side=error.side.value, persons=list(by.persons),
    )  # fmt: skip


def _after(error: Refused) -> Callable[[], None] | None:
    return partial(tell_refusal, error.by, error) if isinstance(error, SamePerson) else None


def _clash(values: Any) -> Reason:
    """Two requests at once: the other act came first, or the same act twice."""
    duty, side = Duty(values["duty"]), Side(values["side"])
    key = (values["object_type"], values["object_id"])
    others = queries.taken(key).get((duty, *key, values["within"], side.other), set())
    return next(iter(why_not_same(duty, [values["person_id"]], others)), CHANGED())


AFTER_REFUSAL.append(_after)
CLASHES["identity_part"] = _clash
