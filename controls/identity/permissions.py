"""One enum of permissions and the one map from role to permissions (the matrix of roles and actions)."""

from enum import StrEnum

from controls.base.by import Reach
from controls.base.why import N_, Labelled


class Permission(StrEnum):
    """What a person may do, `slice:verb`, in alphabetical order."""

    ACCOUNT_MANAGE = "account:manage"
    ACCOUNT_READ = "account:read"
    ASSESSMENT_CALIBRATE = "assessment:calibrate"
    ASSESSMENT_FILL = "assessment:fill"
    CATALOGUE_EDIT = "catalogue:edit"
    CATALOGUE_READ = "catalogue:read"
    CONTENT_READ = "content:read"
    CONTROL_DESCRIBE = "control:describe"
    CONTROL_TEST = "control:test"
    CYCLE_ADVANCE = "cycle:advance"
    CYCLE_CONFIGURE = "cycle:configure"
    EVIDENCE_ADD = "evidence:add"
    EVIDENCE_DISPOSE = "evidence:dispose"
    EVIDENCE_JUDGE = "evidence:judge"
    EVIDENCE_READ = "evidence:read"
    EVIDENCE_WITHDRAW = "evidence:withdraw"
    EXCEPTION_GRANT = "exception:grant"
    FINDING_MANAGE = "finding:manage"
    FINDING_VERIFY = "finding:verify"
    FORUM_CONFIRM = "forum:confirm"
    FORUM_DECLARE = "forum:declare"
    FORUM_RECORD = "forum:record"
    JOB_READ = "job:read"
    LOG_READ = "log:read"
    LOG_VERIFY = "log:verify"
    PACKAGE_EXPORT = "package:export"
    RECOMMENDATION_WRITE = "recommendation:write"
    REDACTION_APPROVE = "redaction:approve"
    REDACTION_ASK = "redaction:ask"
    REDACTION_READ = "redaction:read"
    REOPENING_APPROVE = "reopening:approve"
    REOPENING_ASK = "reopening:ask"
    REVIEW_APPROVE = "review:approve"
    REVIEW_PLAN = "review:plan"
    ROLE_ASK = "role:ask"
    VISITING_ASK = "visiting:ask"
    WORKBOOK_EXPORT = "workbook:export"


class Role(Labelled):
    """The eight roles of people, and the scheduled job and command line (SYS)."""

    ADM = "ADM", N_("Administrator")
    OWN = "OWN", N_("Process owner")
    CTL = "CTL", N_("Controller")
    GRP = "GRP", N_("Working and coordination group")
    VDM = "VDM", N_("Forum member")
    VDC = "VDC", N_("Forum chair")
    SEC = "SEC", N_("Forum secretary")
    AUD = "AUD", N_("Auditor")
    SYS = "SYS", N_("System")


BUSINESS_ROLES = frozenset(Role) - {Role.ADM, Role.SYS}

P, ALL, OWN, UNIT = Permission, Reach.ALL, Reach.OWN, Reach.UNIT

ROLES: dict[Role, dict[Permission, Reach]] = {
    Role.ADM: {
        P.ACCOUNT_MANAGE: ALL, P.ACCOUNT_READ: ALL, P.EVIDENCE_DISPOSE: ALL, P.JOB_READ: ALL, P.LOG_READ: ALL,
        P.LOG_VERIFY: ALL, P.REDACTION_ASK: ALL, P.REDACTION_READ: ALL, P.ROLE_ASK: ALL,
    },
    Role.OWN: {
        P.ASSESSMENT_FILL: OWN, P.CATALOGUE_READ: ALL, P.CONTENT_READ: OWN, P.CONTROL_DESCRIBE: OWN,
        P.EVIDENCE_ADD: OWN, P.EVIDENCE_READ: OWN, P.FINDING_MANAGE: OWN,
    },
    Role.CTL: {
        P.ASSESSMENT_FILL: ALL, P.CATALOGUE_READ: ALL, P.CONTENT_READ: ALL, P.CONTROL_DESCRIBE: OWN,
        P.CONTROL_TEST: OWN, P.EVIDENCE_ADD: OWN, P.EVIDENCE_READ: OWN, P.EVIDENCE_WITHDRAW: OWN,
        P.FINDING_MANAGE: OWN, P.FINDING_VERIFY: OWN, P.LOG_VERIFY: ALL, P.REOPENING_ASK: OWN,
        P.REVIEW_APPROVE: OWN,
    },
    Role.GRP: {
        P.ASSESSMENT_CALIBRATE: ALL, P.CATALOGUE_EDIT: ALL, P.CATALOGUE_READ: ALL, P.CONTENT_READ: ALL,
        P.CYCLE_ADVANCE: ALL, P.CYCLE_CONFIGURE: ALL, P.EVIDENCE_JUDGE: ALL, P.EVIDENCE_READ: ALL,
        P.FINDING_MANAGE: ALL, P.FINDING_VERIFY: ALL, P.LOG_VERIFY: ALL, P.PACKAGE_EXPORT: ALL,
        P.RECOMMENDATION_WRITE: ALL, P.REDACTION_APPROVE: ALL, P.REDACTION_READ: ALL, P.REOPENING_APPROVE: ALL,
        P.REVIEW_APPROVE: ALL, P.ACCOUNT_READ: ALL, P.REVIEW_PLAN: ALL, P.ROLE_ASK: ALL, P.VISITING_ASK: ALL,
        P.WORKBOOK_EXPORT: ALL,
    },
    Role.VDM: {
        P.CATALOGUE_READ: ALL, P.CONTENT_READ: ALL, P.EVIDENCE_READ: UNIT, P.FORUM_DECLARE: OWN, P.WORKBOOK_EXPORT: ALL,
    },
    Role.VDC: {
        P.CATALOGUE_READ: ALL, P.CONTENT_READ: ALL, P.EVIDENCE_READ: ALL, P.FORUM_CONFIRM: ALL, P.FORUM_DECLARE: OWN,
        P.LOG_VERIFY: ALL, P.EXCEPTION_GRANT: ALL, P.PACKAGE_EXPORT: ALL, P.REOPENING_APPROVE: ALL,
        P.WORKBOOK_EXPORT: ALL,
    },
    Role.SEC: {
        P.CATALOGUE_READ: ALL, P.CONTENT_READ: ALL, P.EVIDENCE_ADD: ALL, P.EVIDENCE_READ: ALL, P.FORUM_RECORD: ALL,
        P.LOG_VERIFY: ALL, P.PACKAGE_EXPORT: ALL, P.WORKBOOK_EXPORT: ALL,
    },
    Role.AUD: {
        P.ACCOUNT_READ: ALL, P.CATALOGUE_READ: ALL, P.CONTENT_READ: ALL, P.EVIDENCE_READ: ALL, P.LOG_READ: ALL,
        P.LOG_VERIFY: ALL, P.PACKAGE_EXPORT: ALL, P.REDACTION_READ: ALL, P.WORKBOOK_EXPORT: ALL,
    },
    Role.SYS: {
        P.ACCOUNT_MANAGE: ALL, P.CATALOGUE_EDIT: ALL, P.LOG_VERIFY: ALL, P.PACKAGE_EXPORT: ALL, P.WORKBOOK_EXPORT: ALL,
    },
}  # fmt: skip


def reach(held: list[tuple[Role, int]]) -> dict[str, dict[int, Reach]]:
    """Permissions by organisation from the roles held there (organisations below already unfolded)."""
    found: dict[str, dict[int, Reach]] = {}
    order = {OWN: 0, UNIT: 1, ALL: 2}
    held_in: dict[Role, list[int]] = {}
    for role, organisation in held:
        held_in.setdefault(role, []).append(organisation)
    for role, organisations in held_in.items():
        for permission, far in ROLES[role].items():
            at = found.setdefault(permission.value, {})
            new = organisations if not at else [o for o in organisations if o not in at or order[far] > order[at[o]]]
            at.update(dict.fromkeys(new, far))
    return found
