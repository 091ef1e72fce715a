"""The page of scheduled jobs: the last runs, and what the stored evidence was found to be."""

from flask import Blueprint
from flask.typing import ResponseReturnValue

from controls.evidence import queries as evidence
from controls.identity.permissions import Permission
from controls.jobs import queries, rules
from controls.web import answer, guard

bp = Blueprint("jobs", __name__)
SHOWN = 40


@bp.get("/jobs")
@guard.allows(Permission.JOB_READ)
def index() -> ResponseReturnValue:
    """What ran by the clock, when, where and with what result."""
    checks = [(check, evidence.told(check)) for check in evidence.checks(SHOWN)]
    runs = [(run, rules.day(run.key), rules.facts(run.told)) for run in queries.latest(SHOWN)]
    return answer.page("jobs/index.html", runs=runs, checks=checks, jobs=rules.HOURS)
