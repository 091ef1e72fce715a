"""The matrix of roles and actions (security specification, section 2) as data, and what it makes of a request.

`x` all of the organisation and those below, `u` own unit, `o` own objects (owner or assigned), `-` never. A route's
permission says its row here; the kind of object in its path says whose it can be.
"""

from dataclasses import dataclass, field

from controls.identity.permissions import Role

PEOPLE = (Role.ADM, Role.OWN, Role.CTL, Role.GRP, Role.VDM, Role.VDC, Role.SEC, Role.AUD)

ROWS = """
account:manage         x - - - - - - -
account:read           x - - x - - - x
assessment:calibrate   - - - x - - - -
assessment:fill        - o x - - - - -
catalogue:edit         - - - x - - - -
catalogue:read         - x x x x x x x
content:read           - o x x x x x x
control:describe       - o o - - - - -
control:test           - - o - - - - -
cycle:advance          - - - x - - - -
cycle:configure        - - - x - - - -
evidence:add           - o o - - - m -
evidence:dispose       x - - - - - - -
evidence:judge         - - - x - - - -
evidence:read          - o o x u x x x
evidence:withdraw      - - o - - - - -
exception:grant        - - - - - x - -
finding:manage         - o o x - - - -
finding:verify         - - o x - - - -
forum:confirm          - - - - - x - -
forum:declare          - - - - o o - -
forum:record           - - - - - - x -
job:read               x - - - - - - -
log:read               x - - - - - - x
log:verify             x - x x - x x x
package:export         - - - x - x x x
recommendation:write   - - - x - - - -
redaction:approve      - - - x - - - -
redaction:ask          x - - - - - - -
redaction:read         x - - x - - - x
reopening:approve      - - - x - x - -
reopening:ask          - - o - - - - -
review:approve         - - o x - - - -
review:plan            - - - x - - - -
role:ask               x - - x - - - -
visiting:ask           - - - x - - - -
workbook:export        - - - x x x x x
signed in              x x x x x x x x
"""
"""Permission, then ADM OWN CTL GRP VDM VDC SEC AUD; `m` is evidence of meetings only."""

MATRIX: dict[str, dict[Role, str]] = {}
for _line in ROWS.strip().splitlines():
    _name, *_cells = _line.replace("signed in", "signed_in").split()
    MATRIX[_name.replace("signed_in", "signed in")] = dict(zip(PEOPLE, _cells, strict=True))

NOTES = {
    "workbook:export": "The workbook is an organisation's whole year, so owners and controllers, who would get their "
    "own rows only, have no use of it; their lists show those rows.",
    "catalogue:edit": "An owner corrects the texts of a process through the group: the catalogue is one file of the "
    "organisation, imported and compared as a whole.",
    "visiting:ask": "Borrowing and lending are the coordinators'; the grant itself is the administrators' (S8).",
}
"""Where the product's row differs from the specification's, and why."""


class Situation:
    """Whose the object is, seen from the role's person."""

    OWN, SAME, OTHER, ELSEWHERE, MISSING, CLOSED = "own", "same unit", "other unit", "elsewhere", "missing", "closed"
    ALL = (OWN, SAME, OTHER, ELSEWHERE, MISSING, CLOSED)


@dataclass(frozen=True)
class Kind:
    """A kind of object in a path: the row that says who may see it, whether it belongs to people, and can be closed."""

    name: str
    sees: str
    owned: bool = True
    closes: bool = True


PAGE = Kind("page", "", owned=False)
YEAR = Kind("year", "catalogue:read", owned=False)
KINDS = {
    "/assessments/<int:id>": Kind("assessment", "content:read"),
    "/tests/<int:id>": Kind("test", "content:read"),
    "/reviews/<int:id>": Kind("review", "content:read"),
    "/reviews/<int:review_id>": Kind("review", "content:read"),
    "/findings/<int:id>": Kind("finding", "content:read"),
    "/actions/<int:id>": Kind("action", "content:read"),
    "/evidence/requests/<int:id>": Kind("request", "evidence:judge", owned=False),
    "/evidence/<int:id>": Kind("evidence", "evidence:read"),
    "/forum/<int:id>": Kind("meeting", "content:read", owned=False),
    "/processes/<code>": Kind("process", "catalogue:read"),
    "/subprocesses/<code>": Kind("subprocess", "catalogue:read"),
    "/controls/<code>": Kind("control", "content:read"),
    "/catalogue/<any": Kind("line", "catalogue:read", owned=False),
    "/recommendations/open/<int:id>": Kind("cycle", "content:read", owned=False),
    "/cycles/<int:year>/recommendation": Kind("recommendation", "content:read", owned=False),
    "/cycles/<int:year>": YEAR,
    "/wheel/<int:year>": YEAR,
    "/reminders/<int:id>": Kind("reminder", "content:read", owned=False, closes=False),
    "/reports/workbook/<int:year>": Kind("year", "workbook:export", owned=False),
    "/reports/package/<int:year>": Kind("year", "package:export", owned=False),
    "/log/<int:seq>": Kind("event", "log:read", owned=False, closes=False),
    "/history/<kind>/<int:id>": Kind("history", "content:read"),
    "/redactions/new/<kind>/<int:id>": Kind("text", "redaction:ask", owned=False, closes=False),
    "/redactions/<int:id>": Kind("redaction", "redaction:read", owned=False),
    "/me/sign-ins/<int:id>": Kind("sign_in", "mine", closes=False),
    "/me/passkeys/<int:id>": Kind("passkey", "mine", closes=False),
    "/me/stand-ins/<int:id>": Kind("stand_in", "stand-in", closes=False),
    "/users/<int:id>": Kind("user", "account:read", owned=False, closes=False),
    "/exceptions/<int:id>": Kind("exception", "exception:grant", owned=False),
    "/keepers/<int:id>": Kind("keeper", "account:manage", owned=False),
    "/import/forms/<int:id>": Kind("form_file", "mine", closes=False),
    "/import/catalogue/<int:id>": Kind("catalogue_file", "catalogue:edit", owned=False, closes=False),
    "/import/history/<int:id>": Kind("history_file", "catalogue:edit", owned=False, closes=False),
    "/plan/scenarios/<int:id>": Kind("scenario", "catalogue:read", owned=False),
    "/plan/proposals/<int:id>": Kind("proposal", "recommendation:write", owned=False, closes=False),
    "/visiting/<int:id>": Kind("visit", "visiting", owned=False),
}
"""By the longest beginning of a rule."""

SEEN: dict[str, dict[Role, str]] = {
    "mine": dict.fromkeys(PEOPLE, "o"),
    "stand-in": {role: "x" if role is Role.ADM else "o" for role in PEOPLE},
    "visiting": {role: "x" if role in (Role.ADM, Role.GRP) else "-" for role in PEOPLE},
}
"""Who sees what no permission tells: one's own sign-ins; one's own stand-ins, and the administrator all; a visiting
grant, which both houses' coordinators see, the administrators and the visitor, who is none of these people."""

LISTS_OWN = {
    "assessment.grid",
    "assessment.listing",
    "assessment.matrix",
    "calibration.queue",
    "finding.index",
    "review.index",
}
"""Lists that show an owner the own rows, where the row says `o`."""


def _only(**cells: str) -> dict[Role, str]:
    return {role: cells.get(role.value, "-") for role in PEOPLE}


ACTS: dict[str, dict[Role, str]] = {
    "reminder.send": _only(CTL="x", GRP="x"),
    "assessment.object_to": _only(OWN="o"),
    "assessment.take_back": _only(CTL="o"),
    "evidence.replace": _only(OWN="o", CTL="o"),
    "finding.accept": _only(GRP="x"),
    "finding.extend": _only(GRP="x"),
    "finding.new": _only(CTL="o", GRP="x"),
    "finding.report": _only(OWN="o", GRP="x"),
    "finding.start_action": _only(OWN="o", GRP="x"),
    "review.answer_hearing": _only(OWN="o"),
    "review.archive": _only(CTL="o", GRP="x"),
}
"""Steps that are narrower than the row of their route.

The owner objects and answers hearings; a form is taken back by who submitted it, here the controller; evidence of the
secretary is of meetings; the group accepts risks and later deadlines; a review's team raises its findings; an action
is worked on by its owner; a review is archived by who planned or did it; reminders are sent by controllers and group.
"""

UNTIL_LOCKED = {"forum.minutes": (Role.SEC, Role.VDC)}
"""Pages that only these see before the record is locked."""

GOING_ON = {("control:describe", Role.CTL)}
"""Cells where a closed object is nobody's own: lead and tester describe risks and controls while a review goes on."""

ANYWHERE = {
    "evidence.ask_disposal", "evidence.disposal", "forum.announce", "forum.index", "forum.new", "overview.search",
    "overview.tasks", "history.verification", "history.verify_now", "history.checkpoint", "history.find",
    "history.own_data", "jobs.index", "accounts.users", "accounts.new_user", "accounts.add_user",
    "reminder.notifications", "accounts.act_for", "accounts.choose_stand_in", "accounts.stand_ins",
}  # fmt: skip
"""Pages of the reader's whole reach, whatever organisation the address names; each row is filtered."""

OF_ONESELF = ("credential.", "signin.stay")
"""Pages and steps of the reader alone, which no organisation's code changes."""

EMPTY = {"assessment.grid", "assessment.listing", "assessment.matrix"}
"""Lists of a year that the organisation has no rows of are empty, not missing."""

IN_BODY = {"evidence.add": Kind("review", "content:read")}
"""Steps whose object is named in the body; who may not is told that it is not there, whatever it is."""

AFTER_CLOSING = {
    "evidence.withdraw": "Evidence is withdrawn, held and judged also after its review has closed.",
    "evidence.hold": "Evidence is withdrawn, held and judged also after its review has closed.",
    "evidence.lift": "Evidence is withdrawn, held and judged also after its review has closed.",
    "evidence.approve": "A request is decided whenever it was asked.",
    "evidence.refuse": "A request is decided whenever it was asked.",
    "evidence.add": "A file that turns up late is kept; it shows when it came, and what was signed stays bound.",
    "evidence.replace": "A newer version is kept beside the older one, and flags what was signed on it.",
    "review.add_risk": "Risks and controls live on from year to year; a closed review does not close them.",
    "review.add_control": "Risks and controls live on from year to year; a closed review does not close them.",
}
"""POSTs that a closed object takes, and why."""

IN, FORBIDDEN, HIDDEN, REFUSED = "in", "forbidden", "hidden", "refused"


@dataclass(frozen=True)
class Case:
    """One request: who, by which route, on whose object."""

    role: Role
    endpoint: str
    method: str
    permission: str
    kind: Kind
    situation: str
    extra: dict[str, str] = field(default_factory=dict, hash=False, compare=False)

    def __str__(self) -> str:
        return f"{self.role.value} {self.method} {self.endpoint} ({self.situation})"


def reaches(value: str, situation: str) -> bool:
    """Whether a cell of the matrix covers an object in a situation."""
    own = situation in (Situation.OWN, Situation.CLOSED)
    return value == "x" or (value == "o" and own) or (value == "u" and situation != Situation.OTHER)


def expected(case: Case) -> str:
    """What the matrix says of a request."""
    value = MATRIX[case.permission][case.role]
    if value == "-":
        return FORBIDDEN
    if case.kind is PAGE:
        free = case.endpoint in ANYWHERE or case.endpoint.startswith(OF_ONESELF)
        return HIDDEN if case.situation == Situation.ELSEWHERE and not free else IN
    if case.situation == Situation.MISSING and case.endpoint in EMPTY:
        return IN
    if case.situation in (Situation.ELSEWHERE, Situation.MISSING) or not _seen(case):
        return HIDDEN
    if not _done(case, ACTS.get(case.endpoint, {}).get(case.role, value)):
        return HIDDEN if case.endpoint in IN_BODY else FORBIDDEN
    closed = case.situation == Situation.CLOSED and case.method == "POST" and case.endpoint not in AFTER_CLOSING
    return REFUSED if closed else IN


def _seen(case: Case) -> bool:
    """Whether the object is there for the reader at all."""
    value = (SEEN.get(case.kind.sees) or MATRIX[case.kind.sees])[case.role]
    if case.kind.owned:
        return reaches(value, case.situation)
    return value == "x" or (value == "o" and case.endpoint in LISTS_OWN)


def _done(case: Case, value: str) -> bool:
    """Whether the step is the reader's on this object."""
    closed = case.situation == Situation.CLOSED
    if closed and (case.permission, case.role) in GOING_ON:
        return False
    if not closed and case.role not in UNTIL_LOCKED.get(case.endpoint, (case.role,)):
        return False
    return value != "-" and (not case.kind.owned or reaches(value, case.situation))


def kind_of(rule: str, endpoint: str = "") -> Kind | None:
    """The kind of object that a rule's path names; None when the data does not know it."""
    if endpoint in IN_BODY:
        return IN_BODY[endpoint]
    known = max((prefix for prefix in KINDS if rule.startswith(prefix)), key=len, default=None)
    if known is not None:
        return KINDS[known]
    return None if "<" in rule else PAGE
