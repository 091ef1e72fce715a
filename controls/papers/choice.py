"""Sheets 06 to 09: what was recommended and decided, who was impartial and there, and the five-year roll."""

from controls.assessment.words import Band
from controls.base.why import N_
from controls.forum.words import Decided, Declared, Function, MeetingForm, Ruling, State
from controls.papers.columns import SUBPROCESS, Column, Kind, sheet
from controls.recommendation.words import DeferCode, ReasonCode, Recommended
from controls.rotation.words import Degree, Form, Source, Status
from controls.universe.words import Kind as Change

RECOMMENDATION = sheet(
    "06", N_("Recommendation"),
    Column(N_("recommendation_id"), Kind.NUMBER, 13), Column(N_("version"), Kind.NUMBER, 9),
    Column(N_("line"), Kind.NUMBER, 8), *SUBPROCESS, Column(N_("band"), Kind.WORD, 14, Band),
    Column(N_("score"), Kind.NUMBER, 9), Column(N_("due_year"), Kind.NUMBER, 11),
    Column(N_("recommendation"), Kind.WORD, words=Recommended), Column(N_("reason_codes"), Kind.WORDS, 30, ReasonCode),
    Column(N_("reason"), Kind.LONG, 60), Column(N_("dissent"), Kind.LONG), Column(N_("hours"), Kind.NUMBER, 9),
    Column(N_("form"), Kind.WORD, 14, Form), Column(N_("review_year"), Kind.NUMBER, 13),
    Column(N_("proposed_lead"), width=24), Column(N_("deferred_to"), Kind.NUMBER, 11),
    Column(N_("defer_code"), Kind.WORD, 24, DeferCode), Column(N_("compensating_measure"), Kind.LONG),
    Column(N_("snapshot_hash"), width=24), Column(N_("prepared_by"), width=24),
    Column(N_("handed_over_by"), width=24), Column(N_("handed_over_at"), Kind.MOMENT),
    total="hours",
)  # fmt: skip

DECISIONS = sheet(
    "07", N_("Decisions"),
    Column(N_("decision_no")), Column(N_("meeting_no")), Column(N_("date"), Kind.DATE),
    Column(N_("meeting_form"), Kind.WORD, words=MeetingForm), *SUBPROCESS,
    Column(N_("recommendation"), Kind.WORD, words=Recommended), Column(N_("decision"), Kind.WORD, 22, Decided),
    Column(N_("deviation"), Kind.YES_NO), Column(N_("deviation_reason"), Kind.LONG),
    Column(N_("condition"), Kind.LONG), Column(N_("condition_owner"), width=24),
    Column(N_("condition_due"), Kind.DATE), Column(N_("condition_met_on"), Kind.DATE),
    Column(N_("deferred_to"), Kind.NUMBER, 11), Column(N_("defer_code"), Kind.WORD, 24, DeferCode),
    Column(N_("compensating_measure"), Kind.LONG), Column(N_("review_year"), Kind.NUMBER, 13),
    Column(N_("hours"), Kind.NUMBER, 9), Column(N_("form"), Kind.WORD, 14, Form), Column(N_("lead"), width=24),
    Column(N_("added_by_forum"), Kind.YES_NO, 13), Column(N_("added_by"), width=24),
    Column(N_("votes_for"), Kind.NUMBER), Column(N_("votes_against"), Kind.NUMBER),
    Column(N_("votes_abstain"), Kind.NUMBER), Column(N_("minutes_state"), Kind.WORD, words=State),
    Column(N_("confirmed_by"), width=24), Column(N_("confirmed_at"), Kind.MOMENT), Column(N_("hash"), width=24),
    Column(N_("replaces_decision")),
    total="hours",
)  # fmt: skip

IMPARTIALITY = sheet(
    "08", N_("Impartiality"),
    Column(N_("decision_no")), Column(N_("meeting_no")), Column(N_("date"), Kind.DATE), *SUBPROCESS,
    Column(N_("member"), width=26), Column(N_("declaration"), Kind.WORD, 22, Declared),
    Column(N_("circumstance"), Kind.LONG), Column(N_("ruled_by"), width=40),
    Column(N_("ruling"), Kind.WORD, 22, Ruling), Column(N_("took_part"), Kind.YES_NO),
    Column(N_("declared_at"), Kind.MOMENT), Column(N_("ruled_at"), Kind.MOMENT),
    total="subprocess_id",
)  # fmt: skip

ATTENDANCE = sheet(
    "08b", N_("Attendance"),
    Column(N_("meeting_no")), Column(N_("date"), Kind.DATE), Column(N_("person_id"), Kind.NUMBER),
    Column(N_("member"), width=26), Column(N_("function"), Kind.WORD, words=Function),
    Column(N_("present"), Kind.YES_NO), Column(N_("stand_in_for"), width=26),
    total="person_id",
)  # fmt: skip

ROLL = sheet(
    "09", N_("Roll"),
    *SUBPROCESS, Column(N_("band"), Kind.WORD, 14, Band), Column(N_("interval_years"), Kind.NUMBER, 13),
    Column(N_("last_covered"), Kind.DATE, 14), Column(N_("coverage"), Kind.WORD, 14, Degree),
    Column(N_("due_year"), Kind.NUMBER, 11), Column(N_("roll_state"), Kind.WORD, words=Status),
    Column(N_("overdue"), Kind.YES_NO),
    total="subprocess_id",
)  # fmt: skip

LEDGER = sheet(
    "09b", N_("Coverage ledger"),
    Column(N_("line_id"), Kind.NUMBER, 11), *SUBPROCESS, Column(N_("covered_on"), Kind.DATE, 14),
    Column(N_("coverage"), Kind.WORD, 14, Degree), Column(N_("form"), Kind.WORD, 14, Form),
    Column(N_("source"), Kind.WORD, 24, Source), Column(N_("review_id")), Column(N_("recorded_at"), Kind.MOMENT),
    Column(N_("reverses_line"), Kind.NUMBER, 13),
    total="line_id",
)  # fmt: skip

STRUCTURE = sheet(
    "09c", N_("Changes of structure"),
    Column(N_("change_id"), Kind.NUMBER, 13), Column(N_("effective_on"), Kind.DATE),
    Column(N_("recorded_at"), Kind.MOMENT), Column(N_("change"), Kind.WORD, 34, Change),
    Column(N_("before_id"), Kind.NUMBER, 13), Column(N_("code_before"), width=16),
    Column(N_("after_id"), Kind.NUMBER, 13), Column(N_("code_after"), width=16),
    Column(N_("coverage_kept"), Kind.YES_NO, 14), Column(N_("reason"), Kind.LONG, 60),
    total="change_id",
)  # fmt: skip
