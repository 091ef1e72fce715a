"""The kinds of records whose history has a page: the word in the address, the table, and the rows that belong to it."""

from dataclasses import dataclass

from controls.history.texts import REDACTABLE
from controls.identity.permissions import Permission


@dataclass(frozen=True)
class Kind:
    """A kind of record: its word in the address, its table, what it takes to read it, and its own rows elsewhere."""

    slug: str
    table: str
    permission: Permission
    parts: tuple[tuple[str, str], ...] = ()


P = Permission
KINDS = (
    Kind("area", "universe_area", P.CATALOGUE_READ),
    Kind("process", "universe_process", P.CATALOGUE_READ, (("universe_line_duty", "process_id"),)),
    Kind("subprocess", "universe_subprocess", P.CATALOGUE_READ,
         (("rotation_coverage", "subprocess_id"), ("planning_line", "subprocess_id"))),
    Kind("cycle", "wheel_cycle", P.CATALOGUE_READ,
         (("wheel_step", "cycle_id"), ("assessment_scale_set", "cycle_id"))),
    Kind("assessment", "assessment_assessment", P.CONTENT_READ,
         (("assessment_line", "assessment_id"), ("assessment_challenge", "assessment_id"))),
    Kind("plan", "planning_plan", P.CATALOGUE_READ,
         (("planning_line", "plan_id"), ("planning_capacity", "plan_id"))),
    Kind("recommendation", "recommendation_recommendation", P.CONTENT_READ,
         (("recommendation_line", "recommendation_id"),)),
    Kind("meeting", "forum_meeting", P.CONTENT_READ,
         (("forum_decision", "meeting_id"), ("forum_presence", "meeting_id"), ("forum_impartiality", "meeting_id"))),
    Kind("decision", "forum_decision", P.CONTENT_READ),
    Kind("review", "review_review", P.CONTENT_READ),
    Kind("risk", "review_risk", P.CONTENT_READ, (("review_risk_control", "risk_id"),)),
    Kind("control", "review_control", P.CONTENT_READ, (("review_risk_control", "control_id"),)),
    Kind("design-test", "review_design_test", P.CONTENT_READ),
    Kind("test", "effectiveness_test", P.CONTENT_READ, (("effectiveness_item", "test_id"),)),
    Kind("finding", "finding_finding", P.CONTENT_READ,
         (("finding_action", "finding_id"), ("finding_extension", "finding_id"))),
    Kind("action", "finding_action", P.CONTENT_READ),
    Kind("evidence", "evidence_evidence", P.EVIDENCE_READ,
         (("evidence_request", "evidence_id"), ("evidence_hold", "evidence_id"))),
    Kind("organisation", "identity_organisation", P.LOG_READ),
    Kind("person", "identity_person", P.LOG_READ,
         (("identity_role_grant", "person_id"), ("identity_role_request", "person_id"),
          ("identity_stand_in", "person_id"), ("credential_passkey", "person_id"),
          ("credential_totp", "person_id"), ("credential_recovery_code", "person_id"),
          ("signin_account", "person_id"), ("signin_emergency", "person_id"))),
    Kind("redaction", "history_redaction", P.LOG_READ),
)  # fmt: skip
BY_SLUG = {kind.slug: kind for kind in KINDS}
BY_TABLE = {kind.table: kind for kind in KINDS}


def to_redact(slug: str) -> Kind | None:
    """The kind of record that a removal is about: one with a page, or a row that is known by its table's own name."""
    if slug in BY_SLUG:
        return BY_SLUG[slug] if BY_SLUG[slug].table in REDACTABLE else None
    return Kind(slug, slug, P.LOG_READ) if slug in REDACTABLE and slug not in BY_TABLE else None
