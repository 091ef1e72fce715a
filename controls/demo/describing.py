"""Risks, controls and the matrix between them, as the process owners described them in January 2022."""

from datetime import date, datetime
from functools import cache, partial

from controls.demo import changing
from controls.demo.stage import Row, Stage, add_working_days, day, number, parts, rows, text
from controls.review import actions
from controls.review.rules import ControlValues, LinkValues, RiskValues
from controls.review.words import Assertion, Category, Cover, Execution, Frequency, Kind

BEGUN = date(2022, 1, 4)
CATEGORIES = {
    "regnskab": Category.ACCOUNTS, "hjemmel": Category.LEGALITY, "svig": Category.FRAUD, "tab": Category.LOSS,
    "it": Category.IT, "retssikkerhed": Category.LEGAL_CERTAINTY,
}  # fmt: skip


def enter(stage: Stage) -> None:
    """Process by process, two a day: its risks, its controls, and which covers which."""
    days = {process: add_working_days(BEGUN, turn // 2) for turn, process in enumerate(_processes())}
    for row in rows("risks"):
        on = _on(days, row)
        stage.on(on, 13, f"risk {row['risk_id']}", partial(_risk, stage, row))
    for row in rows("controls"):
        on = _on(days, row)
        stage.on(on, 13.5, f"control {row['control_id']}", partial(_control, stage, row))
        if row["valid_to"]:
            stage.on(row["valid_to"], 9, f"closing of control {row['control_id']}", partial(_close, stage, row))
    controls = {row["control_id"]: row for row in rows("controls")}
    risks = {row["risk_id"]: row for row in rows("risks")}
    for row in rows("rcm"):
        risk, control = risks[row["risk_id"]], controls[row["control_id"]]
        on = max(_on(days, risk), _on(days, control))
        stage.on(on, 14, f"link {row['risk_id']} {row['control_id']}", partial(_link, stage, row, risk))


def _on(days: dict[tuple[str, str], date], row: Row) -> date:
    """The day of a row's process, or that on which its sub-process came into being."""
    return max(days[_process(row)], changing.begun(row["subprocess_code"]) or BEGUN)


def _then(row: Row, at: datetime) -> Row:
    """A row with the code that its sub-process had then."""
    return row | {"subprocess_code": changing.called(row["subprocess_code"], at.date())}


def _process(row: Row) -> tuple[str, str]:
    return row["organisation"], row["subprocess_code"].rpartition(".")[0]


def _processes() -> list[tuple[str, str]]:
    return list(dict.fromkeys(_process(row) for row in (*rows("risks"), *rows("controls"))))


@cache
def owners() -> dict[tuple[str, str], Row]:
    """The row of owner and deputy of each process."""
    return {(row["organisation"], row["process_code"]): row for row in rows("owners")}


def owner(row: Row) -> str:
    """Who owns the process that a row with a sub-process is about."""
    return owners()[_process(row)]["owner"]


def _assertions(row: Row) -> tuple[Assertion, ...]:
    return tuple(Assertion(word) for word in parts(row["assertions"]))


def _risk(stage: Stage, row: Row, at: datetime) -> None:
    row = _then(row, at)
    values = RiskValues(
        row["cause"], row["event"], row["consequence"], CATEGORIES[row["category"]], _assertions(row),
        stage.person(row["owner"]),
    )  # fmt: skip
    subprocess = stage.subprocess(row["organisation"], row["subprocess_code"])
    made = actions.add_risk(stage.by(owner(row), at), subprocess, values, number=row["risk_id"])
    stage.keep("risk", row["risk_id"], made.id)


def _titled(stage: Stage, organisation: str, title: str) -> int | None:
    """The one person of the agency with this title, if there is one."""
    named = [one["person_id"] for one in rows("people") if (one["organisation"], one["title"]) == (organisation, title)]
    return stage.person(named[0]) if len(named) == 1 else None


def _control(stage: Stage, row: Row, at: datetime) -> None:
    row = _then(row, at)
    values = ControlValues(
        text=row["text"], key_control=row["key_control"] == "yes", kind=Kind(row["kind"]),
        execution=Execution(row["execution"]), frequency=Frequency(row["frequency"]), key_reason=row["key_reason"],
        occurrences_a_year=number(row["occurrences_a_year"]), owner_role=row["owner_role"],
        performer_role=row["performer_role"], system=row["system"], shared_number=row["shared_control_id"],
        owner_id=_titled(stage, row["organisation"], row["owner_role"]),
    )  # fmt: skip
    made = actions.add_control(
        stage.by(owner(row), at), stage.subprocess(row["organisation"], row["subprocess_code"]), values,
        number=row["control_id"], valid_from=changing.begun(row["subprocess_code"]) or day(row["valid_from"]),
    )  # fmt: skip
    stage.keep("control", row["control_id"], made.id)


def _link(stage: Stage, row: Row, risk: Row, at: datetime) -> None:
    """The risk's process owner says which control covers it; a shared control may lie in another process."""
    values = LinkValues(Cover(row["degree"]), _assertions(row), row["comment"])
    ids = stage.kept("risk", row["risk_id"]), stage.kept("control", row["control_id"])
    actions.put_link(stage.by(owner(_then(risk, at)), at), *ids, values)


def _close(stage: Stage, row: Row, at: datetime) -> None:
    reason = text(f"gone_{row['subprocess_code']}")
    by = stage.by(owner(row), at)
    actions.close_control(by, stage.kept("control", row["control_id"]), None, reason, valid_to=day(row["valid_to"]))
