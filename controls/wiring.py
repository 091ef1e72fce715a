"""What earlier slices must hear from later ones: every published list is filled here."""

from typing import TypeVar

from controls.accounts import queries as accounts
from controls.assessment import actions as assessing
from controls.assessment import queries as assessments
from controls.base import verify
from controls.base.why import N_
from controls.effectiveness import actions as testing
from controls.effectiveness import queries as operating
from controls.evidence import custody
from controls.evidence import queries as evidence
from controls.finding import actions as following
from controls.finding import queries as findings
from controls.forum import actions as deciding
from controls.forum import queries as forum
from controls.history import queries as history
from controls.identity import queries as identity
from controls.overview import queries as overview
from controls.papers import actions as papers
from controls.papers import coming_back
from controls.papers.tables import Intake
from controls.planning import queries as planning
from controls.recommendation import queries as recommendations
from controls.reminder import queries as reminders
from controls.review import actions as reviewing
from controls.review import queries as reviews
from controls.rotation import queries as rotation
from controls.signin import routes as door
from controls.staffing import actions as giving
from controls.staffing import queries as staffing
from controls.universe import actions as catalogue
from controls.universe import queries as universe
from controls.visiting import queries as visiting
from controls.web import guard, navigation
from controls.wheel import actions as wheeling
from controls.wheel import queries as wheel
from controls.wheel.words import State

T = TypeVar("T")


def connect() -> None:
    """Fill the published lists (safe to call again)."""
    _put(guard.PROOF, door.prove)
    _put(guard.SIGNED_OUT, door.signed_out)
    _put(wheel.GATES[State.ASSESSING], staffing.unowned)
    wheel.WAYS["staffing.in_queue"] = (N_("Go to the hand-over queue"), "staffing.handover")
    _put(wheel.GATES[State.CALIBRATING], assessments.unfinished)
    _put(wheel.GATES[State.RECOMMENDED], assessments.unapproved)
    _put(wheel.GATES[State.RECOMMENDED], recommendations.missing)
    _put(wheel.GATES[State.DECIDED], forum.undecided)
    _put(wheeling.ON_ENTER[State.CREATED], assessing.take_over_scales)
    _put(wheeling.ON_ENTER[State.ASSESSING], assessing.start)
    _put(wheeling.ON_ENTER[State.RECOMMENDED], assessing.lock_all)
    _put(wheel.GOALS, assessments.goal_a)
    _put(wheel.AS_OF, assessments.goal_a_on)
    _put(wheel.GOALS, reviews.goal_b)
    _put(wheel.HOURS, reviews.hours)
    _put(wheel.COURSES, reminders.course)
    _put(assessments.KEY_CONTROLS, reviews.has_key_control)
    _put(assessments.FACTS, overview.facts_beside)
    _put(universe.UNDER_WAY, reviews.under_way)
    _put(universe.CONTROLS, reviews.control_ids)
    _put(universe.BESIDE, overview.risk_beside())
    _put(universe.BESIDE, overview.coverage_beside())
    _put(rotation.PLANNED, forum.planned)
    _put(rotation.PLANNED, reviews.progress)
    _put(planning.SERIOUS, findings.serious)
    _put(planning.ENDED, reviews.of_ended)
    _put(deciding.ON_LOCK, reviewing.create_chosen)
    _put(reviews.GATES_TO_APPROVE, operating.untested)
    _put(reviews.GATES_TO_APPROVE, findings.unfinished)
    _put(reviews.OPERATED, operating.outcome)
    _put(reviews.FINDINGS, findings.rows_of_review)
    _put(reviews.FINAL, operating.final_of_review)
    _put(reviews.FINAL, findings.final_of_review)
    _put(reviewing.ON_REOPEN, testing.put_back)
    evidence.SUBJECTS.update(
        {
            "review_review": reviews.subject_of_review,
            "review_control": reviews.subject_of_control,
            "review_design_test": reviews.subject_of_design_test,
            "effectiveness_test": operating.subject_of_test,
            "effectiveness_item": operating.subject_of_item,
            "finding_finding": findings.subject_of_finding,
            "finding_action": findings.subject_of_action,
        }
    )
    _put(reviews.EVIDENCE, operating.evidence_of_review)
    for why, predicate in (
        (custody.WORKING, operating.kept_while_working), (custody.UNCOVERED, operating.kept_until_covered),
        (custody.OPEN_FINDING, findings.kept_while_open),
    ):  # fmt: skip
        _put(evidence.KEPT, (why, predicate))
    evidence.PLACES.update(
        {
            "review_review": reviews.places_of_review,
            "review_control": reviews.places_of_control,
            "review_design_test": reviews.places_of_design_test,
            "effectiveness_test": operating.places_of_test,
            "effectiveness_item": operating.places_of_item,
            "finding_finding": findings.places_of_finding,
            "finding_action": findings.places_of_action,
        }
    )
    for held in (
        universe.held_processes, reviews.held_controls, findings.held_findings, findings.held_actions,
        forum.held_conditions,
    ):  # fmt: skip
        _put(staffing.HELD, held)
    giving.GIVE.update(
        {
            "universe_process": catalogue.hand_over,
            "review_control": reviewing.hand_over,
            "finding_finding": following.hand_over,
            "finding_action": following.hand_over_action,
            "forum_decision": deciding.hand_over_condition,
        }
    )
    _put(accounts.OWNED, staffing.owned_by)
    _put(giving.KEEP, papers.save_draft)
    _put(staffing.WAITING, coming_back.newest_waiting)
    _put(staffing.KEPT, coming_back.waiting_codes)
    _put(verify.CHECKS, evidence.damaged)
    _put(verify.CHECKS, identity.both_sides)
    _put(verify.CHECKS, recommendations.unsealed)
    for slice_ in (evidence, assessments, recommendations, forum, reviews, operating, findings, visiting, staffing):
        _put(overview.SOURCES, slice_.tasks)
    history.publish(Intake, Intake.filename)
    _put(navigation.TASK_COUNT, overview.task_count)


def _put(published: list[T], item: T) -> None:
    if item not in published:
        published.append(item)
