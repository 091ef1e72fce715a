"""The year's risk forms as a workbook to fill in, and what a workbook that came back would change in them."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from sqlalchemy import and_, select

from controls.assessment import queries as assessments
from controls.assessment import rules as assessing
from controls.assessment.queries import Last, LastLine, LineRow, Owner
from controls.assessment.rules import Answers, LineAnswers, Scores, followed, line_field
from controls.assessment.scales import LABELS, NAMES
from controls.assessment.tables import Assessment, Draft, Line
from controls.assessment.words import Certainty, Change, Copied, Direction, Proposal
from controls.base.by import By
from controls.base.db import db, inside, scope
from controls.base.why import N_, Reason
from controls.identity.permissions import Permission
from controls.papers.changing import MEANWHILE, Altered, Preview, Row, State
from controls.papers.filling import MOVED, Back, Column, Form, Holds, Written, listed, settled
from controls.universe.tables import Process, Subprocess
from controls.wheel.tables import Cycle

KINDS = "change_kinds"
CHANGED = N_("Changed")
FRAUD = (("yes", N_("Yes")), ("no", N_("No")))
TOP = ("change_direction", "reason_unchanged", "fraud", "fraud_reason", "certainty", "propose_review",
       "reason_no_key_control", *(f"{KINDS}:{kind.value}" for kind in Change))  # fmt: skip
"""What is asked of the process only; its sub-processes have steps and reasons of their own."""

COLUMNS = (
    Column("code", N_("Code"), Holds.CODE, 11),
    Column("name", N_("Name"), Holds.SHOWN, 34),
    Column("owner", N_("Owner"), Holds.SHOWN, 20),
    Column("state", N_("State"), Holds.SHOWN, 16),
    Column("last", N_("Steps last year"), Holds.SHOWN, 16),
    *(Column(name, LABELS[name], Holds.STEP, 18) for name in NAMES),
    Column("change_direction", N_("Change since last year"), Holds.WORD, 14, words=listed(Direction)),
    *(Column(f"{KINDS}:{kind.value}", CHANGED, Holds.TICK, 16, of=kind.label) for kind in Change),
    Column("reason_unchanged", N_("Why is the risk unchanged?"), width=30),
    Column("fraud", N_("Special risk of fraud?"), Holds.WORD, 14, words=FRAUD),
    Column("fraud_reason", N_("Why is there a special risk of fraud?"), width=30),
    Column("certainty", N_("How certain are you?"), Holds.WORD, 14, words=listed(Certainty)),
    Column("propose_review", N_("Should it be reviewed this year?"), Holds.WORD, 14, words=listed(Proposal)),
    Column("reason", N_("Reason"), width=60),
    Column("reason_step", N_("Why has it changed since last year?"), width=30),
    Column("reason_no_key_control", N_("Which control makes the risk lower?"), width=30),
)
FORM = Form("risk_forms", N_("Risk forms"), COLUMNS)
BY_FIELD = {column.field: column for column in COLUMNS}
ANSWERS = tuple(c.field for c in COLUMNS if c.holds not in (Holds.SHOWN, Holds.CODE))
BELOW = tuple(field for field in ANSWERS if field not in TOP)
"""What is asked of a sub-process that has its own scores."""

GONE = N_("The form is not yours to fill in.")
NO_SCORES = N_("Write the five steps as well, or leave the reason empty: the sub-process follows its process.")

Typed = dict[str, list[str]]


@dataclass(frozen=True)
class OneForm:
    """A form with all that its rows in the workbook are made of."""

    row: Assessment
    process: Process
    cycle: Cycle
    owner: str
    draft: Draft | None
    last: Assessment | None
    lines: list[LineRow]

    @property
    def version(self) -> str:
        """The versions of the form and of its draft."""
        return f"{self.row.version}.{self.draft.version if self.draft else 0}"

    @property
    def open(self) -> bool:
        """Whether it may be filled in now."""
        return not self.why_shut

    @property
    def why_shut(self) -> list[Reason]:
        """Why it may not be filled in now."""
        phase = assessments.phase_of(self.row, self.cycle.state)
        return assessing.why_not_fill(self.row.state, phase, self.row.year)

    @property
    def saved_by(self) -> str:
        """Who saved it last."""
        newest = max((one for one in (self.draft, self.row) if one is not None), key=lambda one: one.saved_at)
        return newest.saved_by


def forms(by: By, organisation_id: int, year: int) -> list[OneForm]:
    """The forms of a year that the reader may fill in, all or own ones, in the catalogue's order; two queries."""
    reach = scope(by, Permission.ASSESSMENT_FILL)
    mine = inside(reach, Assessment.organisation_id, Process.owner_id, Process.deputy_id)
    found = db.session.execute(
        select(Assessment, Process, Cycle, Owner.name, Draft, Last)
        .join(Process, Process.id == Assessment.process_id).join(Cycle, Cycle.id == Assessment.cycle_id)
        .outerjoin(Owner, Owner.id == Process.owner_id).outerjoin(Draft, Draft.assessment_id == Assessment.id)
        .outerjoin(Last, and_(Last.process_id == Assessment.process_id, Last.year == Assessment.year - 1))
        .where(Assessment.organisation_id == organisation_id, Assessment.year == year, mine)
        .order_by(Process.sort_key, Process.code)
    ).all()  # fmt: skip
    lines: dict[int, list[LineRow]] = {}
    for line, part, last in db.session.execute(
        select(Line, Subprocess, LastLine).join(Subprocess, Subprocess.id == Line.subprocess_id)
        .join(Assessment, Assessment.id == Line.assessment_id)
        .outerjoin(Last, and_(Last.process_id == Assessment.process_id, Last.year == Assessment.year - 1))
        .outerjoin(LastLine, and_(LastLine.assessment_id == Last.id, LastLine.subprocess_id == Line.subprocess_id))
        .where(Assessment.organisation_id == organisation_id, Assessment.year == year)
        .order_by(Subprocess.sort_key, Subprocess.code)
    ):  # fmt: skip
        lines.setdefault(line.assessment_id, []).append(LineRow(line, part, last))
    return [
        OneForm(row, process, cycle, owner or "", draft, last, lines.get(row.id, []))
        for row, process, cycle, owner, draft, last in found
    ]


def typed(form: OneForm) -> Typed:
    """What is answered on a form now: its draft, else what was submitted before, else nothing."""
    if form.draft is not None:
        return assessments.typed(form.draft)
    return assessments.answered(form.row, [line.row for line in form.lines])


def of_process(answers: Typed) -> dict[str, str]:
    """The answers of the process's row in the workbook."""
    kinds = {f"{KINDS}:{kind}": "yes" for kind in answers.get(KINDS, []) if kind}
    return kinds | _texts(answers, "", [field for field in ANSWERS if not field.startswith(KINDS)])


def of_line(answers: Typed, subprocess_id: int) -> dict[str, str]:
    """The answers of a sub-process's row: none while it follows its process."""
    own = answers.get(line_field(subprocess_id, "own"), [""])[0]
    return _texts(answers, line_field(subprocess_id, ""), BELOW) if own else {}


def _texts(answers: Typed, prefix: str, fields: Iterable[str]) -> dict[str, str]:
    found = {field: settled((answers.get(prefix + field) or [""])[0]) for field in fields}
    return {field: text for field, text in found.items() if text}


def written(found: Sequence[OneForm], name: Any, say: Any) -> list[Written]:
    """The rows of the workbook: each process with its sub-processes below it."""
    rows = []
    for form in found:
        answers, may = typed(form), form.open
        shown = {"owner": form.owner, "state": say(form.row.state.label)}
        rows.append(Written(
            f"A{form.row.id}", form.version,
            {"code": form.process.code, "name": name(form.process), "last": _steps(form.last), **shown,
             **of_process(answers)},
            frozenset(ANSWERS if may else ()), top=True,
        ))  # fmt: skip
        for line in form.lines:
            rows.append(Written(
                f"L{form.row.id}.{line.subprocess.id}", form.version,
                {"code": line.subprocess.code, "name": name(line.subprocess), "last": _steps(line.last),
                 **of_line(answers, line.subprocess.id)},
                frozenset(BELOW if may else ()),
            ))  # fmt: skip
    return rows


def _steps(last: Any) -> str:
    """Last year's five steps, as they stand in the columns beside."""
    if last is None or last.inherent_likelihood is None:
        return ""
    return " · ".join(str(getattr(last, name) or "–") for name in NAMES)


class Target(NamedTuple):
    """What a row of the workbook is about: its form, and its sub-process when it is a line's row."""

    form: OneForm
    line: LineRow | None

    @property
    def code(self) -> str:
        """The code of the process or sub-process."""
        return self.line.subprocess.code if self.line else self.form.process.code

    @property
    def about(self) -> Any:
        """The process or sub-process."""
        return self.line.subprocess if self.line else self.form.process

    def now(self, answers: Typed) -> dict[str, str]:
        """What is answered in this row."""
        return of_line(answers, self.line.subprocess.id) if self.line else of_process(answers)

    def put(self, answers: Typed, values: Mapping[str, str], fields: Iterable[str]) -> None:
        """Put some of the workbook's answers over those that are there."""
        for field in fields:
            if field.startswith(f"{KINDS}:"):
                kind, kinds = field.partition(":")[2], {k for k in answers.get(KINDS, []) if k}
                kinds = kinds | {kind} if values.get(field) else kinds - {kind}
                answers[KINDS] = [k.value for k in Change if k.value in kinds]
            else:
                answers[self.field(field)] = [values.get(field, "")]
        if self.line is not None:
            answers[line_field(self.line.subprocess.id, "own")] = ["y"] if values else []

    def field(self, field: str) -> str:
        """The form's own name of a column's field in this row."""
        return line_field(self.line.subprocess.id, field) if self.line else field


def targets(found: Iterable[OneForm]) -> dict[str, Target]:
    """What each key of a workbook is about."""
    there = {f"A{form.row.id}": Target(form, None) for form in found}
    for form in [target.form for target in there.values()]:
        there |= {f"L{form.row.id}.{line.subprocess.id}": Target(form, line) for line in form.lines}
    return there


def preview(back: Back, found: Iterable[OneForm]) -> Preview:
    """What a workbook would change, row by row, beside what stands there now."""
    there, rows = targets(found), []
    now = {target.form.row.id: typed(target.form) for target in there.values() if target.line is None}
    for read in back.rows:
        target = there.get(read.key)
        if back.untouched(read):
            rows.append(Row(read.number, read.key, read.values.get("code", ""), target and target.about, State.SAME))
        elif target is None:
            reason = back.fault(read.number, "code", GONE, read.values.get("code", ""))
            rows.append(Row(read.number, read.key, read.values.get("code", ""), None, State.ERROR, reasons=(reason,)))
        else:
            rows.append(_row(back, read, target, target.now(now[target.form.row.id])))
    return Preview(tuple(rows))


def _row(back: Back, read: Any, target: Target, now: Mapping[str, str]) -> Row:
    values = {field: text for field, text in read.values.items() if field in ANSWERS}
    changes = tuple(
        Altered(field, now.get(field, ""), values.get(field, ""), back.cell(read.number, field))
        for field in ANSWERS
        if now.get(field, "") != values.get(field, "")
    )
    faults = list(read.faults)
    broken = {back.cell(read.number, one.field) for one in BY_FIELD.values() if _at(read, back, one.field)}
    changes = tuple(change for change in changes if change.cell not in broken)

    def row(state: State, reasons: Iterable[Reason] = (), shown: tuple[Altered, ...] = changes) -> Row:
        return Row(read.number, read.key, target.code, target.about, state, shown, tuple(reasons), values)

    if read.values.get("code", "") != target.code:
        faults.insert(0, back.fault(read.number, "code", MOVED, read.values.get("code", "")))
    if target.line is not None:
        faults += [back.fault(read.number, change.field, SHUT_BELOW) for change in changes if change.field not in BELOW]
        if any(values.get(name) for name in BELOW) and not any(values.get(name) for name in NAMES):
            faults.append(back.fault(read.number, NAMES[0], NO_SCORES))
    if faults:
        return row(State.ERROR, faults)
    if not changes:
        return row(State.SAME)
    if back.known[read.key].version != target.form.version:
        return row(State.MEANWHILE, [MEANWHILE(code=target.code, who=target.form.saved_by)])
    if not target.form.open:
        reasons = target.form.why_shut
        return row(State.ERROR, [back.fault(read.number, change.field, reason) for change in changes[:1]
                                 for reason in reasons])  # fmt: skip
    return row(State.NEW)


SHUT_BELOW = N_("This is asked of the process only. Leave the cell empty.")


def _at(read: Any, back: Back, field: str) -> bool:
    name = back.cell(read.number, field)
    return any(fault.params.get("cell") == name for fault in read.faults)


def merged(target_rows: Iterable[tuple[Target, Row]]) -> dict[int, tuple[OneForm, Typed]]:
    """The whole answers of each form that chosen rows belong to: what is there, with the chosen changes over it."""
    found: dict[int, tuple[OneForm, Typed]] = {}
    for target, row in target_rows:
        form = target.form
        answers = found.setdefault(form.row.id, (form, {name: list(v) for name, v in typed(form).items()}))[1]
        target.put(answers, row.values, [change.field for change in row.changes])
    return found


def answers(form: OneForm, typed: Typed) -> Answers:
    """A form's answers, as the rules want them."""

    def text(name: str) -> str:
        return (typed.get(name) or [""])[0]

    def scores(prefix: str = "") -> Scores:
        return Scores(*(int(step) if (step := text(prefix + name)) in STEPS else None for name in NAMES))

    def word(words: Any, name: str) -> Any:
        return next((member for member in words if member.value == text(name)), None)

    own = [line.subprocess.id for line in form.lines if text(line_field(line.subprocess.id, "own"))]
    return Answers(
        followed(scores(), bool(own)), {"yes": True, "no": False}.get(text("fraud")),
        change_direction=word(Direction, "change_direction"),
        change_kinds=tuple(kind for kind in Change if kind.value in typed.get(KINDS, ())),
        certainty=word(Certainty, "certainty"), propose_review=word(Proposal, "propose_review"),
        copied=tuple(answer for answer in Copied if answer.value in text("copied").split(";")),
        **{name: text(name) for name in assessments.TEXTS},
        lines={
            id: LineAnswers(scores(line_field(id, "")), *(text(line_field(id, n)) for n in assessments.LINE_TEXTS))
            for id in own
        },
    )  # fmt: skip


STEPS = ("1", "2", "3", "4", "5")
