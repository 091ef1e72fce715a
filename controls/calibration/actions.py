"""The steps of the meeting, each of them the assessment's own: agree, change, return, ask, undo, approve."""

from controls.assessment import actions as assessing
from controls.assessment.rules import CHANGED_NOT_AGREED, COMMENT_SHORT, SHORT_LEAST, Scores
from controls.base.by import By
from controls.base.why import refuse_if
from controls.calibration import queries


def agree(by: By, id: int, version: int | None, scores: Scores) -> None:
    """The group agrees with the form as it stands; a score that was changed on the way is not lost in silence."""
    refuse_if([CHANGED_NOT_AGREED("reason")] if scores != queries.scores(id, version) else [])
    assessing.calibrate(by, id, version, None)


def change(by: By, id: int, version: int | None, scores: Scores, reason: str) -> None:
    """The group's scores instead of the author's, with a reason."""
    assessing.calibrate(by, id, version, scores, reason)


def send_back(by: By, id: int, version: int | None, comment: str) -> None:
    """Back to the author with a comment."""
    assessing.return_to_author(by, id, version, comment)


def ask(by: By, id: int, question: str) -> None:
    """A question to the author; the form stays in the queue."""
    refuse_if([COMMENT_SHORT("comment", min=SHORT_LEAST)] if len(question.strip()) < SHORT_LEAST else [])
    assessing.ask(by, id, question)


def undo(by: By, id: int, version: int | None) -> None:
    """What was agreed on stands in the queue again."""
    assessing.undo_calibration(by, id, version)


def approve(by: By, id: int, version: int | None) -> None:
    """Another member approves what was calibrated."""
    assessing.approve(by, id, version)
