"""Organisations, people with their roles, and the catalogue with its owners."""

from datetime import datetime
from functools import partial

from controls.accounts import actions as accounts
from controls.demo import changing
from controls.demo.stage import Row, Stage, number, parts, rows, text
from controls.identity import actions as identity
from controls.identity.permissions import Role
from controls.universe import actions as universe
from controls.universe import queries as catalogue
from controls.universe.rules import Facts

BEGUN, STANDING = "2022-01-03", "2026-01-06"
ADMINISTRATORS = ("tomi", "loos")
CATALOGUES = {"STAR": ("bemo", "clen", "2022-01-03"), "ALS": ("hebj", "kari", "2026-01-06")}
"""Who takes the proposed catalogue in, who confirms it, and when; the department has none of its own."""


def enter(stage: Stage) -> None:
    """Everybody comes in, and each agency gets its catalogue and owners."""
    for row in rows("organisations"):
        stage.on(BEGUN, 8, f"organisation {row['code']}", partial(_organisation, stage, row))
    for row in rows("people"):
        first = row["person_id"] in ADMINISTRATORS
        stage.on(
            row["valid_from"], 8.5 if first else 9, f"person {row['person_id']}",
            partial(_person, stage, row),
        )  # fmt: skip
        if row["stand_in"]:
            stage.on(STANDING, 9.5, f"stand-in of {row['person_id']}", partial(_stand_in, stage, row))
    for code, (coordinator, confirmer, day) in CATALOGUES.items():
        stage.on(day, 10, f"catalogue of {code}", partial(_catalogue, stage, code, coordinator, confirmer))
        for row in (row for row in rows("owners") if row["organisation"] == code):
            stage.on(
                day, 11, f"owner of {code} {row['process_code']}",
                partial(_owner, stage, row, coordinator),
            )  # fmt: skip


def _organisation(stage: Stage, row: Row, at: datetime) -> None:
    identity.add_organisation(
        stage.system(at), row["code"], row["name_da"], row["name_en"] or row["name_da"], row["parent"] or None
    )


def _person(stage: Stage, row: Row, at: datetime) -> None:
    """The first two administrators come from the command line, everybody else from one of them."""
    name, home = row["person_id"], stage.organisation(row["organisation"])
    first = name in ADMINISTRATORS
    by = stage.system(at) if first else stage.by("tomi", at)
    person = identity.add_person(by, name, row["name"], home, title=row["title"], unit=row["unit"])
    for role in parts(row["roles"]):
        if first:
            identity.grant_role(by, person.id, Role(role), home)
            continue
        asked = accounts.ask_role(by, person.id, Role(role), home, text("role_reason", row))
        accounts.approve_role(stage.by("loos", at), asked.id, None)


def _stand_in(stage: Stage, row: Row, at: datetime) -> None:
    """Everybody with a stand-in chooses him for the year, for holidays and illness."""
    by, last = stage.by(row["person_id"], at), at.date().replace(month=12, day=31)
    other = stage.person(row["stand_in"])
    accounts.choose_stand_in(by, stage.person(row["person_id"]), other, at.date(), last, text("stand_in_reason"))


def _catalogue(stage: Stage, code: str, coordinator: str, confirmer: str, at: datetime) -> None:
    """All of the catalogue as it was in 2022, or the part of the proposed one that a small agency keeps."""
    kept = {row["subprocess_code"] for row in rows("small_catalogue") if row["organisation"] == code}
    data, name = (catalogue.proposed(kept), catalogue.PROPOSED) if kept else (changing.first(), changing.FIRST)
    changing.take_in(stage, code, data, name, (coordinator, confirmer), at)


def _owner(stage: Stage, row: Row, coordinator: str, at: datetime) -> None:
    amount = number(row["yearly_amount_dkk"])
    facts = Facts(
        owner_id=stage.somebody(row["owner"]), deputy_id=stage.somebody(row["deputy"]),
        unit=row["control_owner_unit"], performer_unit=row["control_performer_unit"],
        yearly_amount_ore=None if amount is None else amount * 100, transactions=number(row["transactions"]),
        systems=row["systems"], legal_basis=row["legal_basis"],
    )  # fmt: skip
    process = catalogue.process(stage.process(row["organisation"], row["process_code"]))
    assert process is not None
    universe.edit_process(stage.by(coordinator, at), process.id, process.version, facts)
