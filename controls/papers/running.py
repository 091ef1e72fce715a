"""Sheets 17 to 22: the annual wheel, people and roles, the log, the parameters and the code lists."""

from controls.base.why import N_
from controls.identity.permissions import Role
from controls.identity.visits import Visited, VisitTask
from controls.papers.columns import Column, Kind, sheet
from controls.wheel.words import State

WHEEL = sheet(
    "17", N_("Annual wheel"),
    Column(N_("step"), Kind.NUMBER, 8), Column(N_("state"), Kind.WORD, 22, State),
    Column(N_("planned_on"), Kind.DATE), Column(N_("taken_at"), Kind.MOMENT), Column(N_("taken_by"), width=26),
    Column(N_("days_late"), Kind.NUMBER), Column(N_("note"), Kind.LONG, 60),
    total="step",
)  # fmt: skip

USERS = sheet(
    "18", N_("Users and roles"),
    Column(N_("user_id"), Kind.NUMBER), Column(N_("username"), width=18), Column(N_("name"), width=26),
    Column(N_("title"), width=26), Column(N_("unit"), width=26), Column(N_("role"), Kind.WORD, 30, Role, VisitTask),
    Column(N_("role_in_organisation"), width=16), Column(N_("from"), Kind.DATE), Column(N_("to"), Kind.DATE),
    Column(N_("granted_by"), width=24), Column(N_("visiting_from"), width=12),
    Column(N_("visiting_place"), Kind.WORD, 16, Visited), Column(N_("visiting_place_no"), width=18),
    total="user_id",
)  # fmt: skip
"""Roles that are held, then people who are lent here (gæsteroller): the role is their task, in one place only."""

INCOMPATIBLE = sheet(
    "18a", N_("Incompatible roles"),
    Column(N_("user_id"), Kind.NUMBER), Column(N_("name"), width=26), Column(N_("rule"), width=8),
    Column(N_("role"), Kind.WORD, 30, Role, VisitTask), Column(N_("role_in_organisation"), width=16),
    Column(N_("first_act"), width=34), Column(N_("other_role"), Kind.WORD, 30, Role, VisitTask),
    Column(N_("other_role_in_organisation"), width=16), Column(N_("second_act"), width=34),
    Column(N_("from"), Kind.DATE), Column(N_("to"), Kind.DATE), Column(N_("exemption_id"), Kind.NUMBER),
    total="user_id",
)  # fmt: skip
"""Two roles of one person at the same time, of which one gives the first act of a rule and the other the second."""

EXCEPTIONS = sheet(
    "18b", N_("Exemptions"),
    Column(N_("exemption_id"), Kind.NUMBER), Column(N_("rule"), width=8), Column(N_("person"), width=26),
    Column(N_("in_organisation"), width=16), Column(N_("from"), Kind.DATE), Column(N_("to"), Kind.DATE),
    Column(N_("granted_by"), width=24), Column(N_("granted_at"), Kind.MOMENT), Column(N_("ended_at"), Kind.MOMENT),
    Column(N_("reason"), Kind.LONG, 60),
    total="exemption_id",
)  # fmt: skip

REFUSED = sheet(
    "18c", N_("Refused attempts"),
    Column(N_("event_no"), Kind.NUMBER, 12), Column(N_("time"), Kind.MOMENT), Column(N_("user"), width=24),
    Column(N_("on_behalf_of"), width=24), Column(N_("rule"), width=8), Column(N_("first_act"), width=40),
    Column(N_("second_act"), width=40), Column(N_("object_type"), width=28), Column(N_("object_id"), Kind.NUMBER),
    total="event_no",
)  # fmt: skip

LOG = sheet(
    "19", N_("Log"),
    Column(N_("event_no"), Kind.NUMBER, 12), Column(N_("time"), Kind.MOMENT), Column(N_("user"), width=24),
    Column(N_("role"), width=12), Column(N_("on_behalf_of"), width=24),
    Column(N_("object_type"), width=24), Column(N_("object_id"), Kind.NUMBER),
    Column(N_("action"), width=34), Column(N_("action_code"), width=26), Column(N_("field"), width=24),
    Column(N_("before"), width=36), Column(N_("after"), width=36), Column(N_("reason"), width=36),
    Column(N_("leaf_hash"), width=66),
    total="event_no",
)  # fmt: skip

PARAMETERS = sheet(
    "21", N_("Parameters"),
    Column(N_("parameter"), width=40), Column(N_("value"), Kind.NUMBER, 14), Column(N_("measured_in"), width=18),
    Column(N_("danish"), Kind.LONG, 46), Column(N_("english"), Kind.LONG, 46),
    total="value",
)  # fmt: skip

CODES = sheet(
    "22", N_("Code lists"),
    Column(N_("row"), Kind.NUMBER, 8), Column(N_("list"), width=28), Column(N_("code"), width=28),
    Column(N_("danish"), width=40), Column(N_("english"), width=40),
    total="row",
)  # fmt: skip
