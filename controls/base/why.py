"""Why something is not allowed: reasons with a code and a sentence, translated only at the edge."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Self


def N_(text: str) -> str:  # noqa: N802 - the marker's name is gettext's own
    """Mark a sentence for translation; it is translated where it is shown."""
    return text


class Labelled(StrEnum):
    """A choice or state whose value is stored and whose label is shown (translated)."""

    label: str
    __hash__ = str.__hash__  # an enumeration's own runs in Python, and words are keys everywhere

    def __new__(cls, value: str, label: str = "") -> Self:
        member = str.__new__(cls, value)
        member._value_ = value
        member.label = label
        return member


@dataclass(frozen=True)
class Reason:
    """One sentence why something is refused; `field` names the input it belongs to."""

    code: str
    text: str
    status: int = 422
    params: Mapping[str, object] = field(default_factory=dict)
    field: str = ""

    def at(self, name: str) -> "Reason":
        """The same reason, tied to the field it is about."""
        return replace(self, field=name)

    def __str__(self) -> str:
        return self.text.format(**self.params) if self.params else self.text


@dataclass(frozen=True)
class Why:
    """A declared refusal: call it with its parameters to get a reason.

    `status` is the HTTP status: 422 the form again, 409 state or version has moved on, 403 not yours.
    """

    code: str
    text: str
    status: int = 422

    def __call__(self, field: str = "", **params: object) -> Reason:
        return Reason(self.code, self.text, self.status, params, field)


class Refused(Exception):
    """An action was not allowed; carries every reason, never only the first."""

    def __init__(self, reasons: Iterable[Reason]) -> None:
        self.reasons = list(reasons)
        super().__init__("; ".join(str(reason) for reason in self.reasons))

    @property
    def status(self) -> int:
        """The most telling status: not yours (403), then moved on (409), then bad input."""
        found = {reason.status for reason in self.reasons}
        return next((code for code in (403, 404, 409) if code in found), max(found, default=422))


def refuse_if(reasons: Iterable[Reason]) -> None:
    """Raise `Refused` when there is any reason."""
    listed = list(reasons)
    if listed:
        raise Refused(listed)


FIELD_REQUIRED = Why("field_required", N_("The field “{label}” is required."))
CHANGED = Why("stale_version", N_("Somebody saved a newer version in the meantime. Load the page again."), 409)
FORBIDDEN = Why("forbidden", N_("You do not have access to this."), 403)
NOT_FOUND = Why("not_found", N_("The page or record does not exist."), 404)
SAME_PERSON = Why("sod_conflict", N_("The same person may not both {a} and {b}."), 403)
STALE = Why("stale_version", N_("{who} saved a newer version at {hour}:{minute}. Your changes are kept below."), 409)
MOVED = Why("stale_version", N_("{who} saved a newer version at {hour}:{minute}."), 409)
WRONG_STATE = Why("wrong_state", N_("This cannot be done in the state “{state}”."), 409)
