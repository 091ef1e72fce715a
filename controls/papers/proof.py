"""Sheets 10 to 15: reviews, tests with their samples, the evidence, and what was found and done about it."""

from controls.base.why import N_, Labelled
from controls.effectiveness.words import Method, Nature, Result, SampleRisk
from controls.effectiveness.words import State as TestState
from controls.evidence.words import DataClass
from controls.finding.words import ActionState, Severity
from controls.finding.words import State as FindingState
from controls.identity.words import RequestState
from controls.papers.columns import SUBPROCESS, Column, Kind, sheet
from controls.review.words import DesignOutcome, Outcome, OverallClass, State
from controls.rotation.words import Degree, Form


class TestType(Labelled):
    """Whether a test asks if the control would work, or if it did."""

    __test__ = False
    DESIGN = "design", N_("Design")
    OPERATING = "operating", N_("Operation")


class Drawn(Labelled):
    """How an item came into the sample."""

    CHOSEN = "chosen", N_("Drawn")
    RESERVE = "reserve", N_("Reserve")


REVIEWS = sheet(
    "10", N_("Reviews"),
    Column(N_("review_id")), Column(N_("review_year"), Kind.NUMBER, 13), *SUBPROCESS, Column(N_("decision_no")),
    Column(N_("state"), Kind.WORD, words=State), Column(N_("state_reason"), Kind.LONG, 30),
    Column(N_("form"), Kind.WORD, 14, Form), Column(N_("scope"), Kind.LONG), Column(N_("period_from"), Kind.DATE),
    Column(N_("period_to"), Kind.DATE), Column(N_("responsible"), width=24), Column(N_("tester"), width=24),
    Column(N_("quality_reviewer"), width=24), Column(N_("independence_declared_on"), Kind.DATE, 15),
    Column(N_("walkthrough_on"), Kind.DATE, 15), Column(N_("hours_planned"), Kind.NUMBER),
    Column(N_("hours_used"), Kind.NUMBER), Column(N_("draft_on"), Kind.DATE), Column(N_("hearing_from"), Kind.DATE),
    Column(N_("hearing_to"), Kind.DATE), Column(N_("owner_reply"), Kind.LONG),
    Column(N_("quality_reviewed_at"), Kind.MOMENT), Column(N_("approved_by"), width=24),
    Column(N_("approved_at"), Kind.MOMENT), Column(N_("conclusion_design"), Kind.WORD, 22, DesignOutcome),
    Column(N_("conclusion_operation"), Kind.WORD, 26, Outcome),
    Column(N_("overall_class"), Kind.WORD, 22, OverallClass), Column(N_("conclusion"), Kind.LONG, 60),
    Column(N_("coverage"), Kind.WORD, 14, Degree), Column(N_("version"), Kind.NUMBER, 9),
    total="hours_planned",
)  # fmt: skip

REOPENINGS = sheet(
    "10b", N_("Reopenings"),
    Column(N_("reopening_no"), Kind.NUMBER, 12), Column(N_("object_type"), width=20), Column(N_("object_no")),
    Column(N_("version"), Kind.NUMBER, 9), Column(N_("state"), Kind.WORD, 22, RequestState),
    Column(N_("asked_by"), width=24), Column(N_("asked_at"), Kind.MOMENT), Column(N_("reason"), Kind.LONG),
    Column(N_("decided_by"), width=24), Column(N_("decided_at"), Kind.MOMENT), Column(N_("answer"), Kind.LONG),
    Column(N_("earlier_version"), Kind.LONG, 60),
    total="reopening_no",
)  # fmt: skip
"""What was asked to be reopened; `earlier_version` is the version until then, as JSON by table."""

TESTS = sheet(
    "11", N_("Tests"),
    Column(N_("test_id")), Column(N_("review_id")), Column(N_("control_id")),
    Column(N_("control_version"), Kind.NUMBER, 10), Column(N_("test_type"), Kind.WORD, 14, TestType),
    Column(N_("state"), Kind.WORD, 22, TestState), Column(N_("sample_method"), Kind.WORD, 34, Method),
    Column(N_("period_from"), Kind.DATE), Column(N_("period_to"), Kind.DATE),
    Column(N_("population"), Kind.LONG), Column(N_("population_size"), Kind.NUMBER, 12),
    Column(N_("population_source"), Kind.LONG, 30), Column(N_("extracted_by"), width=24),
    Column(N_("extracted_on"), Kind.DATE), Column(N_("completeness_tested"), Kind.LONG, 30),
    Column(N_("population_hash"), width=24), Column(N_("sample_risk"), Kind.WORD, 14, SampleRisk),
    Column(N_("confidence"), Kind.SHARE), Column(N_("tolerable_deviation"), Kind.SHARE),
    Column(N_("sample_size"), Kind.NUMBER), Column(N_("achieved_confidence"), Kind.SHARE),
    Column(N_("seed"), width=24), Column(N_("drawn_at"), Kind.MOMENT), Column(N_("tester"), width=24),
    Column(N_("tested_on"), Kind.DATE), Column(N_("exceptions"), Kind.NUMBER),
    Column(N_("exception_rate"), Kind.SHARE), Column(N_("upper_limit"), Kind.SHARE),
    Column(N_("outcome_design"), Kind.WORD, 22, DesignOutcome), Column(N_("outcome_operation"), Kind.WORD, 26, Outcome),
    Column(N_("outcome_reason"), Kind.LONG), Column(N_("conclusion"), Kind.LONG, 60),
    Column(N_("quality_reviewed_by"), width=24), Column(N_("quality_reviewed_on"), Kind.DATE, 15),
    Column(N_("hours"), Kind.NUMBER, 9),
    total="sample_size",
)  # fmt: skip

SAMPLES = sheet(
    "12", N_("Samples"),
    Column(N_("test_id")), Column(N_("rank"), Kind.NUMBER, 8), Column(N_("item_id"), width=24),
    Column(N_("chosen_as"), Kind.WORD, 14, Drawn), Column(N_("result"), Kind.WORD, words=Result),
    Column(N_("exception_nature"), Kind.WORD, words=Nature), Column(N_("error_amount_dkk"), Kind.ORE),
    Column(N_("tested_on"), Kind.DATE), Column(N_("note"), Kind.LONG), Column(N_("replaces_rank"), Kind.NUMBER),
    total="rank",
)  # fmt: skip

EVIDENCE = sheet(
    "13", N_("Evidence"),
    Column(N_("evidence_id"), Kind.NUMBER, 15), Column(N_("belongs_to_type"), width=24),
    Column(N_("belongs_to_id"), Kind.NUMBER, 14), Column(N_("what_it_shows"), Kind.LONG),
    Column(N_("covers_from"), Kind.DATE), Column(N_("covers_to"), Kind.DATE), Column(N_("filename"), width=40),
    Column(N_("media_type"), width=28), Column(N_("size_bytes"), Kind.NUMBER, 14), Column(N_("sha256"), width=66),
    Column(N_("uploaded_by"), width=24), Column(N_("uploaded_at"), Kind.MOMENT),
    Column(N_("version"), Kind.NUMBER, 9), Column(N_("locked_at"), Kind.MOMENT),
    Column(N_("replaced_by"), Kind.NUMBER), Column(N_("kept_until"), Kind.DATE),
    Column(N_("external_reference"), width=24), Column(N_("data_class"), Kind.WORD, 22, DataClass),
    Column(N_("scanned_at"), Kind.MOMENT), Column(N_("replaces"), Kind.NUMBER),
    Column(N_("replacement_reason"), Kind.LONG, 30), Column(N_("replaced_at"), Kind.MOMENT),
    Column(N_("withdrawn_at"), Kind.MOMENT), Column(N_("withdrawal_asked_by"), width=24),
    Column(N_("withdrawal_approved_by"), width=24), Column(N_("withdrawal_reason"), Kind.LONG, 30),
    Column(N_("legal_hold"), Kind.YES_NO), Column(N_("hold_set_by"), width=24),
    Column(N_("hold_reason"), Kind.LONG, 30), Column(N_("disposed_at"), Kind.MOMENT),
    Column(N_("disposal_asked_by"), width=24), Column(N_("disposal_approved_by"), width=24),
    Column(N_("disposal_reason"), Kind.LONG, 30),
    total="size_bytes",
)  # fmt: skip
"""Files and their custody: `locked_at` is the first signature on the file, `legal_hold` whether it is held now."""

FINDINGS = sheet(
    "14", N_("Findings"),
    Column(N_("finding_id")), Column(N_("review_id")), *SUBPROCESS, Column(N_("control_id")),
    Column(N_("condition_found"), Kind.LONG), Column(N_("criterion"), Kind.LONG), Column(N_("cause"), Kind.LONG),
    Column(N_("consequence"), Kind.LONG), Column(N_("severity"), Kind.WORD, 22, Severity),
    Column(N_("compensating_control"), Kind.LONG), Column(N_("repeated"), Kind.YES_NO), Column(N_("repeat_of")),
    Column(N_("advice"), Kind.LONG), Column(N_("management_response"), Kind.LONG),
    Column(N_("responsible"), width=24), Column(N_("confirmed_on"), Kind.DATE),
    Column(N_("deadline_original"), Kind.DATE, 15), Column(N_("deadline_current"), Kind.DATE, 15),
    Column(N_("extensions"), Kind.NUMBER), Column(N_("state"), Kind.WORD, words=FindingState),
    Column(N_("age_days"), Kind.NUMBER), Column(N_("closed_by"), width=24), Column(N_("closed_on"), Kind.DATE),
    Column(N_("closing_note"), Kind.LONG), Column(N_("risk_accepted_by"), width=24),
    Column(N_("risk_accepted_until"), Kind.DATE, 15), Column(N_("risk_acceptance_reason"), Kind.LONG),
    total="subprocess_id",
)  # fmt: skip

ACTIONS = sheet(
    "15", N_("Actions"),
    Column(N_("action_id")), Column(N_("finding_id")), Column(N_("text"), Kind.LONG, 60),
    Column(N_("owner"), width=24), Column(N_("deadline_original"), Kind.DATE, 15),
    Column(N_("deadline_current"), Kind.DATE, 15), Column(N_("state"), Kind.WORD, words=ActionState),
    Column(N_("done_on"), Kind.DATE), Column(N_("done_note"), Kind.LONG), Column(N_("verified_by"), width=24),
    Column(N_("verified_on"), Kind.DATE), Column(N_("note"), Kind.LONG), Column(N_("record_id"), Kind.NUMBER),
    total="record_id",
)  # fmt: skip
