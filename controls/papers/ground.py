"""Sheets 01 to 05: the processes, how they were assessed, their risks and controls."""

from controls.assessment.words import Band, Certainty, Change, Direction, Proposal, State
from controls.base.why import N_
from controls.papers.columns import SUBPROCESS, Column, Kind, sheet
from controls.review.words import Assertion, Category, Cover, Execution, Frequency
from controls.review.words import Kind as ControlKind

PROCESSES = sheet(
    "01", N_("Processes"),
    *SUBPROCESS, Column(N_("area_code"), width=11), Column(N_("area_da"), width=40), Column(N_("area_en"), width=40),
    Column(N_("process_code"), width=13), Column(N_("process_da"), width=36), Column(N_("process_en"), width=36),
    Column(N_("subprocess_da"), width=56), Column(N_("subprocess_en"), width=56), Column(N_("unit"), width=26),
    Column(N_("process_owner"), width=24), Column(N_("deputy"), width=24), Column(N_("performing_unit"), width=26),
    Column(N_("systems"), width=32), Column(N_("yearly_amount_dkk"), Kind.ORE, 20),
    Column(N_("transactions"), Kind.NUMBER, 13), Column(N_("legal_basis"), Kind.LONG),
    Column(N_("provider_share_percent"), Kind.NUMBER, 13), Column(N_("valid_from"), Kind.DATE),
    Column(N_("valid_to"), Kind.DATE),
    total="subprocess_id",
)  # fmt: skip

ASSESSMENTS = sheet(
    "02", N_("Assessments"),
    Column(N_("assessment_id"), Kind.NUMBER, 13), Column(N_("version"), Kind.NUMBER, 9), *SUBPROCESS,
    Column(N_("process_code"), width=13), Column(N_("inherited_from_process"), Kind.YES_NO, 13),
    Column(N_("state"), Kind.WORD, words=State), Column(N_("assessed_by"), width=24),
    Column(N_("submitted_at"), Kind.MOMENT), Column(N_("approved_by"), width=24),
    Column(N_("approved_at"), Kind.MOMENT), Column(N_("likelihood_inherent"), Kind.NUMBER, 14),
    Column(N_("impact_inherent"), Kind.NUMBER, 14), Column(N_("score_inherent"), Kind.NUMBER, 14),
    Column(N_("band_inherent"), Kind.WORD, 14, Band), Column(N_("likelihood_residual"), Kind.NUMBER, 14),
    Column(N_("impact_residual"), Kind.NUMBER, 14), Column(N_("score_residual"), Kind.NUMBER, 14),
    Column(N_("band_residual"), Kind.WORD, 14, Band), Column(N_("control_coverage"), Kind.NUMBER, 14),
    Column(N_("fraud_risk"), Kind.YES_NO), Column(N_("fraud_reason"), Kind.LONG),
    Column(N_("change_direction"), Kind.WORD, 14, Direction), Column(N_("change_kinds"), Kind.WORDS, words=Change),
    Column(N_("reason"), Kind.LONG), Column(N_("reason_step"), Kind.LONG),
    Column(N_("reason_no_key_control"), Kind.LONG), Column(N_("score_last_year"), Kind.NUMBER, 14),
    Column(N_("score_change"), Kind.NUMBER, 14), Column(N_("certainty"), Kind.WORD, 14, Certainty),
    Column(N_("review_proposed"), Kind.WORD, 14, Proposal), Column(N_("scores_submitted"), width=16),
    Column(N_("calibration_changed"), Kind.YES_NO, 14), Column(N_("calibrated_by"), width=24),
    Column(N_("calibrated_at"), Kind.MOMENT), Column(N_("calibration_reason"), Kind.LONG),
    Column(N_("owner_objection"), Kind.LONG), Column(N_("copied"), Kind.YES_NO),
    Column(N_("reason_unchanged"), Kind.LONG), Column(N_("locked_at"), Kind.MOMENT),
    total="score_inherent",
)  # fmt: skip

RISKS = sheet(
    "03", N_("Risks"),
    Column(N_("risk_id")), *SUBPROCESS, Column(N_("cause"), Kind.LONG), Column(N_("event"), Kind.LONG),
    Column(N_("consequence"), Kind.LONG), Column(N_("category"), Kind.WORD, words=Category),
    Column(N_("assertions"), Kind.WORDS, 30, Assertion), Column(N_("owner"), width=24),
    Column(N_("valid_to"), Kind.DATE),
    total="subprocess_id",
)  # fmt: skip

CONTROLS = sheet(
    "04", N_("Controls"),
    Column(N_("control_id")), Column(N_("version"), Kind.NUMBER, 9), *SUBPROCESS,
    Column(N_("description"), Kind.LONG, 70), Column(N_("key_control"), Kind.YES_NO),
    Column(N_("key_reason"), Kind.LONG), Column(N_("type"), Kind.WORD, words=ControlKind),
    Column(N_("execution"), Kind.WORD, 28, Execution), Column(N_("frequency"), Kind.WORD, 26, Frequency),
    Column(N_("occurrences_a_year"), Kind.NUMBER, 13), Column(N_("owner"), width=26),
    Column(N_("performer"), width=30), Column(N_("system"), width=24), Column(N_("valid_from"), Kind.DATE),
    Column(N_("valid_to"), Kind.DATE), Column(N_("changed_by"), width=24), Column(N_("changed_at"), Kind.MOMENT),
    total="subprocess_id",
)  # fmt: skip

MATRIX = sheet(
    "05", N_("Matrix"),
    Column(N_("matrix_id"), Kind.NUMBER, 11), Column(N_("risk_id")), Column(N_("control_id")),
    Column(N_("cover"), Kind.WORD, 14, Cover), Column(N_("assertions"), Kind.WORDS, 30, Assertion),
    Column(N_("comment"), Kind.LONG), Column(N_("risk_without_control"), Kind.YES_NO, 14),
    Column(N_("control_without_risk"), Kind.YES_NO, 14),
    total="matrix_id",
)  # fmt: skip
