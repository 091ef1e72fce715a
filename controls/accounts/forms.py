"""Forms of accounts: a person, a role asked for, a stand-in, an exception, the register of keepers."""

from collections.abc import Iterable
from typing import Any

from wtforms import IntegerField, PasswordField
from wtforms.validators import InputRequired
from wtforms.widgets import HiddenInput

from controls.base.form import BaseForm, Day, Line, Pick, Words, said
from controls.base.why import N_, Reason
from controls.identity.duties import FIXED, RULES
from controls.identity.permissions import Role
from controls.identity.words import KeeperKind

Choices = Iterable[tuple[str, str]]
WHY = N_("Why")


def _shown(text: str) -> str:
    return said(Reason("word", text))


def _choose(*pairs: tuple[str, str]) -> list[tuple[str, str]]:
    return [("", _shown(N_("Choose"))), *pairs]


def _roles() -> list[tuple[str, str]]:
    return _choose(*((role.value, _shown(role.label)) for role in Role if role is not Role.SYS))


class NewPerson(BaseForm):
    """A new account."""

    organisation_id = Pick(N_("Organisation"), required=True, choices=[])
    name = Line(N_("Full name"), required=True, limit=120)
    username = Line(N_("User name"), required=True, limit=60)
    title = Line(N_("Title"), limit=120)
    unit = Line(N_("Unit"), limit=120)
    email = Line(N_("E-mail"), limit=200)
    password = PasswordField(
        N_("First password"), description=N_("At least 12 characters. Leave it empty for who signs in another way.")
    )

    def __init__(self, formdata: Any = None, organisations: Choices = (), **kw: Any) -> None:
        super().__init__(formdata, **kw)
        self.organisation_id.choices = _choose(*organisations)


class AskRole(BaseForm):
    """Which role, where, until when and why."""

    role = Pick(N_("Role"), required=True, choices=[])
    organisation_id = Pick(N_("Organisation"), required=True, choices=[])
    valid_to = Day(N_("Until"), description=N_("Leave it empty for a role that lasts."), id="role-valid_to")
    reason = Words(WHY, required=True, limit=1000, id="role-reason")

    def __init__(self, formdata: Any = None, organisations: Choices = (), **kw: Any) -> None:
        super().__init__(formdata, **kw)
        self.role.choices, self.organisation_id.choices = _roles(), _choose(*organisations)


class Version(BaseForm):
    """The version that was read."""

    version = IntegerField(widget=HiddenInput(), validators=[InputRequired()])


class Close(Version):
    """How many things the reader was told that the person answers for."""

    told = IntegerField(widget=HiddenInput(), validators=[InputRequired()])


class Refuse(Version):
    """Why a request is refused."""

    note = Words(WHY, required=True, limit=1000)


class SamePerson(Version):
    """Whose second account this is."""

    first_id = Pick(N_("First account"), required=True, choices=[])

    def __init__(self, formdata: Any = None, people: Choices = (), **kw: Any) -> None:
        super().__init__(formdata, **kw)
        self.first_id.choices = _choose(*people)


class ChooseStandIn(BaseForm):
    """Who stands in, how long and why."""

    stand_in_id = Pick(N_("Stand-in"), required=True, choices=[])
    valid_from = Day(N_("From"), required=True)
    valid_to = Day(N_("Until"), required=True)
    reason = Words(WHY, required=True, limit=1000)

    def __init__(self, formdata: Any = None, people: Choices = (), **kw: Any) -> None:
        super().__init__(formdata, **kw)
        self.stand_in_id.choices = _choose(*people)


class Except(BaseForm):
    """From which rule, whom, how long and why."""

    duty = Pick(N_("Rule"), required=True, choices=[])
    person_id = Pick(N_("Person"), required=True, choices=[])
    valid_from = Day(N_("From"), required=True)
    valid_to = Day(N_("Until"), required=True, description=N_("A year at most."))
    reason = Words(WHY, required=True, limit=1000, description=N_("It is printed on every export."))

    def __init__(self, formdata: Any = None, people: Choices = (), **kw: Any) -> None:
        super().__init__(formdata, **kw)
        relaxed = [(duty.value, rule) for duty, rule in RULES.items() if duty not in FIXED]
        self.duty.choices = _choose(
            *((code, f"{code}: {_shown(rule.first)} ≠ {_shown(rule.second)}") for code, rule in relaxed)
        )
        self.person_id.choices = _choose(*people)


class NewKeeper(BaseForm):
    """Who is trusted with the database or with checkpoints."""

    kind = Pick(N_("Trusted with"), required=True, choices=[])
    person_id = Pick(N_("Person with an account"), choices=[])
    name = Line(N_("Or a name"), limit=120, description=N_("For somebody without an account, such as an auditor."))
    place = Line(N_("Where"), limit=200, description=N_("The server, or where the checkpoints lie."))

    def __init__(self, formdata: Any = None, people: Choices = (), **kw: Any) -> None:
        super().__init__(formdata, **kw)
        self.kind.choices = _choose(*((kind.value, _shown(kind.label)) for kind in KeeperKind))
        self.person_id.choices = _choose(*people)
