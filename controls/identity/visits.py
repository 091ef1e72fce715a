"""Visiting grants: what a person lent to another agency may do there, in one process, review or cycle only."""

from collections.abc import Iterable

from controls.base.by import Place, Reach
from controls.base.why import N_, Labelled
from controls.identity.permissions import ALL, OWN, P, Permission


class VisitTask(Labelled):
    """What a visitor is lent for."""

    APPROVER = "approver", N_("Approver")
    TESTER = "tester", N_("Tester")
    QUALITY_REVIEWER = "quality_reviewer", N_("Quality reviewer")


class Visited(Labelled):
    """The kind of place a visitor is lent to."""

    PROCESS = "process", N_("Process")
    REVIEW = "review", N_("Review")
    CYCLE = "cycle", N_("Control year")


class VisitState(Labelled):
    """How far a visiting grant is; it is shown as expired from the day after its last."""

    AWAITING_LENDER = "awaiting_lender", N_("Waiting for the lender")
    AWAITING_GRANT = "awaiting_grant", N_("Waiting for the grant")
    GRANTED = "granted", N_("Granted")
    EXPIRED = "expired", N_("Expired")
    REFUSED = "refused", N_("Refused")
    ENDED = "ended", N_("Ended")


READS: dict[Permission, Reach] = {P.CATALOGUE_READ: ALL, P.CONTENT_READ: ALL, P.EVIDENCE_READ: ALL}
TASKS: dict[VisitTask, dict[Permission, Reach]] = {
    VisitTask.APPROVER: READS | {P.ASSESSMENT_CALIBRATE: ALL, P.REVIEW_APPROVE: ALL},
    VisitTask.TESTER: READS
    | {
        P.CONTROL_DESCRIBE: OWN,
        P.CONTROL_TEST: OWN,
        P.EVIDENCE_ADD: OWN,
        P.FINDING_MANAGE: OWN,
        P.FINDING_VERIFY: OWN,
        P.REOPENING_ASK: OWN,
    },
    VisitTask.QUALITY_REVIEWER: READS | {P.REVIEW_APPROVE: ALL},
}
"""The matrix of tasks: as of roles, but never outside the place. A tester must be named in the review besides."""


def visits(granted: Iterable[tuple[VisitTask, Visited, int]]) -> dict[str, dict[Place, Reach]]:
    """Permissions by place from the grants that hold."""
    found: dict[str, dict[Place, Reach]] = {}
    for task, kind, id in granted:
        for permission, far in TASKS[task].items():
            at = found.setdefault(permission.value, {})
            if at.get((kind.value, id)) is not Reach.ALL:
                at[(kind.value, id)] = far
    return found
