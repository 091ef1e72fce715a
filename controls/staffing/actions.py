"""Writes of staffing: objects given over, owners and deputies named, the first day's catalogue and answers."""

from collections.abc import Callable, Collection, Sequence
from typing import Any, NamedTuple

from controls.base import audit
from controls.base.by import By
from controls.base.db import db, saved
from controls.base.why import FORBIDDEN, N_, Reason, Refused, refuse_if
from controls.identity import queries as people
from controls.identity.actions import SamePerson
from controls.identity.permissions import Permission
from controls.staffing import check, queries, rules
from controls.staffing.rules import Key
from controls.staffing.tables import Answer
from controls.staffing.words import Asked
from controls.universe import actions as universe
from controls.universe import queries as catalogue

HANDED_OVER = audit.declare("staffing.handed_over", N_("Objects given over"), "objects", "proposed", "to")
OWNERS_NAMED = audit.declare("staffing.owners_named", N_("Owners and deputies named"), "processes")
ANSWERED = audit.declare("staffing.answered", N_("Step of the first day answered"))

GIVE: dict[str, Callable[[By, int, int, str], Any]] = {}
"""Filled by wiring: by kind, the action by which its slice gives an object over to another owner, with the reason."""


KEEP: list[Callable[[By, int, bytes, str], int]] = []
"""Filled by wiring: keeps a catalogue file until another confirms it; the id it waits under."""


def give_over(by: By, organisation_id: int, keys: Sequence[Key], to: int | None, proposed: bool, reason: str) -> int:
    """Give objects over to one person, or each to whom the system proposes: all or none; how many there were."""
    by.must(Permission.CATALOGUE_EDIT, organisation_id)
    here = {id: name for id, name, _username in queries.staff(organisation_id, by.today)}
    reason = reason.strip()
    refuse_if(rules.why_not_give(len(keys), proposed or to is not None, proposed or to in here, reason))
    standing = {(one.kind, one.id): one for one in _held(by, organisation_id, keys)}
    refused: list[Refused] = []
    for key in keys:
        one = standing.get((key.kind, key.id))
        receiver = to if not proposed else one.proposed_id if one and one.proposed else None
        still = one is not None and (one.owner_id or 0) == key.owner_id
        try:
            refuse_if(rules.why_not_take_over(still, receiver, key.owner_id, here.get(receiver or 0, "")))
            assert receiver is not None
            refuse_if([] if receiver in here else [rules.NOT_HERE()])
            GIVE[key.kind](by, key.id, receiver, reason)
        except Refused as error:
            refused.append(_at(error, key))
    if refused:
        raise _together(refused)
    audit.record(
        by.because(reason), HANDED_OVER, people.organisation_by_id(organisation_id), organisation_id=organisation_id,
        objects=[[key.kind, key.id] for key in keys], proposed=proposed, to=to,
    )  # fmt: skip
    return len(keys)


def _held(by: By, organisation_id: int, keys: Sequence[Key]) -> list[queries.Held]:
    """The objects in question as they stand now: in the queue, or owned by somebody who is to be relieved."""
    found = queries.queue(organisation_id, by.today, limit=queries.EVERYTHING)
    for owner_id in {key.owner_id for key in keys if key.owner_id}:
        found += queries.queue(organisation_id, by.today, owner_id, limit=queries.EVERYTHING)
    return found


def _at(error: Refused, key: Key) -> Refused:
    error.reasons = [reason.at(key.value) for reason in error.reasons]
    return error


def _together(refused: Sequence[Refused]) -> Refused:
    """One refusal with the reasons of all; an attempt to stand on both sides of a rule is told in the log."""
    reasons: list[Reason] = [reason for error in refused for reason in error.reasons]
    first = next((error for error in refused if isinstance(error, SamePerson)), None)
    if first is None:
        return Refused(reasons)
    return SamePerson(reasons, first.by, first.duty, first.side, first.subject)


class Named(NamedTuple):
    """A process with the version that was read, and who is to own it and be deputy."""

    id: int
    version: int
    owner_id: int | None
    deputy_id: int | None


def name_owners(by: By, organisation_id: int, rows: Sequence[Named]) -> int:
    """Name owners and deputies of many processes at once, those that differ from now: all or none."""
    by.must(Permission.CATALOGUE_EDIT, organisation_id)
    standing = {one.id: one for one in queries.owners(organisation_id, by.today)}
    refused: list[Refused] = []
    changed = 0
    for row in rows:
        now = standing.get(row.id)
        try:
            refuse_if([] if now else [rules.MOVED()])
            assert now is not None
            if (now.owner_id, now.deputy_id) != (row.owner_id, row.deputy_id):
                universe.name_owner(by, row.id, row.version, row.owner_id, row.deputy_id)
                changed += 1
        except Refused as error:
            error.reasons = [reason.at(f"r{row.id}-{reason.field}") for reason in error.reasons]
            refused.append(error)
    if refused:
        raise _together(refused)
    if changed:
        organisation = people.organisation_by_id(organisation_id)
        audit.record(by, OWNERS_NAMED, organisation, organisation_id=organisation_id, processes=changed)
    return changed


def keep_draft(by: By, organisation_id: int, kept: Collection[str]) -> int:
    """Let the proposed catalogue, without what was struck out, wait for another to confirm it (S15)."""
    by.must(Permission.CATALOGUE_EDIT, organisation_id)
    refuse_if([rules.TAKEN_IN()] if catalogue.has_processes(organisation_id) else [])
    refuse_if([] if kept else [rules.KEEP_SOME("keep")])
    return KEEP[0](by, organisation_id, catalogue.proposed(kept), catalogue.PROPOSED)


def answer_none(by: By, organisation_id: int) -> Answer:
    """Say that the organisation has no earlier reviews: the roll begins in the first year."""
    return _answer(by, organisation_id, Asked.HISTORY, 0)


def look_at_staffing(by: By, organisation_id: int) -> Answer:
    """Say that the staffing of the year was looked at; in how many processes somebody is missing is told with it."""
    by.must(Permission.CATALOGUE_EDIT, organisation_id)
    found = queries.check(organisation_id, by.today)
    return _answer(by, organisation_id, Asked.STAFFING, check.short(row.able for row in found.rows))


def _answer(by: By, organisation_id: int, asked: Asked, missing: int) -> Answer:
    by.must(Permission.CATALOGUE_EDIT, organisation_id)
    if by.person_id is None:
        raise Refused([FORBIDDEN()])
    row = queries.answer(organisation_id, asked, by.today.year)
    if row is None:
        row = Answer(organisation_id=organisation_id, asked=asked, year=by.today.year)
        db.session.add(row)
    row.missing, row.answered_by_id, row.answered_on = missing, by.person_id, by.today
    saved(by, row)
    audit.record(by, ANSWERED, row)
    return row
