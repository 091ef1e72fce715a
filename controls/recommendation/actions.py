"""Writes of the recommendation: begin it, put and take out lines, hand it over."""

from collections.abc import Sequence
from typing import Any

from controls.assessment import queries as assessment
from controls.base import audit, seal
from controls.base.by import By
from controls.base.db import db, load, saved
from controls.base.why import N_, NOT_FOUND, Refused, refuse_if
from controls.identity import actions as accounts
from controls.identity import queries as identity
from controls.identity.duties import Duty, Side
from controls.identity.permissions import Permission
from controls.recommendation import queries, rules, snapshot
from controls.recommendation.rules import LineValues
from controls.recommendation.tables import Line, Recommendation
from controls.recommendation.words import Recommended, State
from controls.rotation import queries as rotation
from controls.rotation.rules import RollRow
from controls.rotation.words import Form
from controls.wheel import actions as wheel
from controls.wheel import queries as cycles

STARTED = audit.declare("recommendation.started", N_("Recommendation begun"))
LINE_PUT = audit.declare("recommendation.line_put", N_("Line of the recommendation saved"))
LINE_TAKEN_OUT = audit.declare("recommendation.line_taken_out", N_("Line taken out of the recommendation"))
INTRODUCED = audit.declare("recommendation.introduced", N_("Introduction of the recommendation saved"))
HANDED_OVER = audit.declare("recommendation.handed_over", N_("Recommendation handed over"), "snapshot_hash", "hours")


def start(by: By, cycle_id: int) -> Recommendation:
    """Begin the draft of a year when every overall risk assessment is approved."""
    cycle = _cycle(cycle_id)
    by.must(Permission.RECOMMENDATION_WRITE, cycle.organisation_id)
    exists = queries.current(cycle.id) is not None
    refuse_if(rules.why_not_start(cycle.state, assessment.unapproved(cycle), exists, cycle.year))
    row = Recommendation(
        organisation_id=cycle.organisation_id, cycle_id=cycle.id, year=cycle.year, number=1, state=State.DRAFT,
        capacity_hours=cycle.capacity_hours, introduction="", prepared_by_id=by.person_id, rule_set=cycle.rule_set,
        snapshot="", snapshot_hash="",
    )  # fmt: skip
    saved(by, row)
    db.session.add(row)
    accounts.take_part(by, Duty.S5, row, Side.FIRST)
    audit.record(by, STARTED, row)
    return row


def put_line(by: By, recommendation_id: int, values: LineValues, version: int | None = None) -> Line:
    """Say what the group recommends for a sub-process: review, defer or not, with its reasons."""
    head = load(Recommendation, recommendation_id)
    by.must(Permission.RECOMMENDATION_WRITE, head.organisation_id)
    place = _place(by, head, values.subprocess_id)
    refuse_if(rules.why_not_change(head.state) + rules.why_not_put(values, place, head.year))
    known = queries.line(head.id, values.subprocess_id)
    row = load(Line, known.id, version) if known else _new(head, values.subprocess_id)
    _put(by, head, row, values, place)
    accounts.take_part(by, Duty.S5, head, Side.FIRST)
    audit.record(by, LINE_PUT, row)
    return row


def take_over(by: By, recommendation_id: int, lines: Sequence[LineValues]) -> list[Line]:
    """Take candidates of the long list over as lines, all or none; what others said of one meanwhile stands."""
    head = load(Recommendation, recommendation_id)
    by.must(Permission.RECOMMENDATION_WRITE, head.organisation_id)
    refuse_if(rules.why_not_change(head.state) + ([] if lines else [rules.NONE_CHOSEN("pick")]))
    places = {row.subprocess_id: row for row in rotation.roll(head.organisation_id, head.year, by.today)}
    known = {line.subprocess_id: line for line in queries.lines(head.id)}
    refuse_if(rules.why_not_take_over(lines, places, known, head.year))
    put = [
        _put(by, head, known.get(values.subprocess_id) or _new(head, values.subprocess_id), values,
             places[values.subprocess_id])
        for values in lines
    ]  # fmt: skip
    accounts.take_part(by, Duty.S5, head, Side.FIRST)
    for row in put:
        audit.record(by, LINE_PUT, row)
    return put


def _put(by: By, head: Recommendation, row: Line, values: LineValues, place: RollRow) -> Line:
    _fill(row, values, head.year)
    _stand(row, place)
    row.author_id = by.person_id
    saved(by, row)
    return row


def _cycle(id: int) -> Any:
    found = cycles.cycle_by_id(id)
    if found is None:
        raise Refused([NOT_FOUND()])
    return found


def _place(by: By, head: Recommendation, subprocess_id: int) -> RollRow:
    for row in rotation.roll(head.organisation_id, head.year, by.today):
        if row.subprocess_id == subprocess_id:
            return row
    raise Refused([NOT_FOUND()])


def _new(head: Recommendation, subprocess_id: int) -> Line:
    row = Line(organisation_id=head.organisation_id, recommendation_id=head.id, subprocess_id=subprocess_id)
    db.session.add(row)
    return row


def _fill(row: Line, values: LineValues, year: int) -> None:
    deferred = values.recommended is Recommended.DEFER
    row.recommended, row.reason_codes = values.recommended, ";".join(code.value for code in values.reason_codes)
    row.text, row.hours, row.form = values.text.strip(), values.hours, values.form
    row.proposed_lead_id, row.dissent = values.proposed_lead_id, values.dissent.strip()
    row.review_year = values.review_year or year
    row.defer_to, row.defer_code = (values.defer_to, values.defer_code) if deferred else (None, None)
    row.compensating_measure = values.compensating_measure.strip() if deferred else ""


def _stand(row: Line, place: RollRow) -> None:
    row.inherent_band, row.inherent_score, row.due_year = place.band, place.score, place.due


def take_out_line(by: By, line_id: int, version: int | None = None) -> Line:
    """Take a sub-process out of the draft: the line stays, without being recommended and without its reasons."""
    row = load(Line, line_id, version)
    head = load(Recommendation, row.recommendation_id)
    by.must(Permission.RECOMMENDATION_WRITE, head.organisation_id)
    refuse_if(rules.why_not_change(head.state))
    _fill(row, LineValues(row.subprocess_id, Recommended.NOT), head.year)
    row.author_id = by.person_id
    saved(by, row)
    accounts.take_part(by, Duty.S5, head, Side.FIRST)
    audit.record(by, LINE_TAKEN_OUT, row)
    return row


def introduce(by: By, id: int, version: int | None, introduction: str) -> Recommendation:
    """Write the text that stands before the lines in the paper."""
    row = load(Recommendation, id, version)
    by.must(Permission.RECOMMENDATION_WRITE, row.organisation_id)
    refuse_if(rules.why_not_change(row.state))
    row.introduction = introduction.strip()
    saved(by, row)
    accounts.take_part(by, Duty.S5, row, Side.FIRST)
    audit.record(by, INTRODUCED, row)
    return row


def hand_over(by: By, id: int, version: int | None = None) -> Recommendation:
    """Hand the recommendation over to the VD-forum: freeze it, bind it to its basis by SHA-256, advance the cycle."""
    row = load(Recommendation, id, version)
    by.must(Permission.RECOMMENDATION_WRITE, row.organisation_id)
    cycle = _cycle(row.cycle_id)
    roll = rotation.roll(row.organisation_id, row.year, by.today)
    places = {place.subprocess_id: place for place in roll}
    lines = [line for line in queries.lines(row.id) if line.subprocess_id in places]
    refuse_if(rules.why_not_hand_over(row.state, queries.puts(lines, places), roll, row.year))
    for line in lines:
        _stand(line, places[line.subprocess_id])
        saved(by, line)
    row.state, row.handed_over_by_id, row.handed_over_at = State.HANDED_OVER, by.person_id, by.at
    row.snapshot, row.snapshot_hash = snapshot.sealed(_whole(row, cycle, lines, roll, places), seal.salt)
    saved(by, row)
    accounts.take_part(by, Duty.S5, row, Side.FIRST)
    asked = rules.hours(((line.recommended, line.review_year, line.hours) for line in lines), roll, row.capacity_hours,
                        row.year)  # fmt: skip
    audit.record(by, HANDED_OVER, row, snapshot_hash=row.snapshot_hash, hours=asked.asked)
    wheel.advance(by, cycle.id, None)
    return row


def _whole(
    row: Recommendation, cycle: Any, lines: list[Line], roll: list[RollRow], places: dict[int, RollRow]
) -> dict[str, Any]:
    organisation = identity.organisation_by_id(row.organisation_id)
    names = identity.names({line.proposed_lead_id for line in lines})
    told = [
        {
            "code": places[line.subprocess_id].code, "subprocess_id": line.subprocess_id,
            "recommended": line.recommended, "reasons": list(rules.codes(line.reason_codes)), "text": line.text,
            "hours": line.hours, "form": line.form or Form.ORDINARY, "lead": names.get(line.proposed_lead_id or 0, ""),
            "dissent": line.dissent, "review_year": line.review_year, "defer_to": line.defer_to,
            "defer_code": line.defer_code, "compensating_measure": line.compensating_measure,
        }
        for line in lines
    ]  # fmt: skip
    return snapshot.build(
        organisation.code if organisation else "", row.year, row.number, row.introduction, row.rule_set,
        assessment.used(row.cycle_id).digest, row.capacity_hours, rotation.intervals(cycle),
        assessment.counts_a(row.organisation_id, row.year), roll, told,
    )  # fmt: skip
