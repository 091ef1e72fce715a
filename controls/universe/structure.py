"""Changes of the catalogue's structure: what each asks for, and what it does to the days something is in force."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from controls.base.why import FIELD_REQUIRED, N_, Reason, Why
from controls.universe.rules import CODE_LENGTH, NAME_LENGTH
from controls.universe.words import Kind, Level

REASON_LEAST = 10
STARTS_AGAIN = 12
"""Months after which what is opened again has lost its coverage (the roll's rule, product.md section 4)."""
DUE_AFTER_CHANGE = 2
"""What is essentially changed is due by the end of the second year after."""

AHEAD = frozenset({Kind.CREATED, Kind.SPLIT, Kind.MERGED, Kind.CLOSED, Kind.TRANSFERRED})
"""Changes that may be said before they take effect: they are days in force, which need nobody to act on the day."""
OF_LEVEL = {
    Level.AREA: (Kind.CREATED, Kind.RENAMED, Kind.RECODED),
    Level.PROCESS: (
        Kind.CREATED, Kind.RENAMED, Kind.RECODED, Kind.MOVED, Kind.TRANSFERRED, Kind.CLOSED, Kind.REOPENED,
    ),
    Level.SUBPROCESS: (
        Kind.CHANGED, Kind.RENAMED, Kind.RECODED, Kind.MOVED, Kind.SPLIT, Kind.MERGED, Kind.TRANSFERRED, Kind.CLOSED,
        Kind.REOPENED,
    ),
}  # fmt: skip
"""What can be done with a line of each level; created is what is put beneath it."""

REASON_SHORT = Why("structure.reason_short", N_("Write why, in at least {min} characters."))
TOO_EARLY = Why("structure.too_early", N_("Choose a day in {year} or later. What was recorded before stays as it was."))
TOO_LATE = Why("structure.too_late", N_("Choose a day that is not after today."))
TOO_FAR = Why("structure.too_far", N_("Choose a day in {year} at the latest."))
BEFORE_START = Why("structure.before_start", N_("Choose a day after {day}, when {code} came into the catalogue."))
AFTER_END = Why("structure.after_end", N_("Choose a day after {day}, the last day that {code} was in the catalogue."))
CLOSED = Why("structure.closed", N_("{code} is closed. Open it again first."), 409)
NOT_CLOSED = Why("structure.not_closed", N_("{code} is not closed."), 409)
CODE_SIGNS = Why("structure.code_signs", N_("A code may only hold letters, figures, dots, hyphens and spaces."))
CODE_LONG = Why("structure.code_long", N_("A code may be at most {max} characters."))
CODE_USED = Why("structure.code_used", N_("The code {code} is or was in use. A code is never used again."))
CODE_SAME = Why("structure.code_same", N_("Write another code than the one it has."))
NAME_LONG = Why("structure.name_long", N_("A name may be at most {max} characters."))
NAME_SAME = Why("structure.name_same", N_("Write another name than the one it has."))
SAME_PLACE = Why("structure.same_place", N_("It stands there already. Choose another place."))
NO_PLACE = Why("structure.no_place", N_("Choose where it belongs."))
TWO_PARTS = Why("structure.two_parts", N_("Write at least two new sub-processes."))
TWO_MERGED = Why("structure.two_merged", N_("Choose at least one more sub-process to merge with."))
DOCUMENT = Why("structure.document", N_("Write what the earlier review examined of this part."))
BENEATH = Why("structure.beneath", N_("The process {code} is closed. Open it again first."), 409)
NOT_THAT = Why("structure.not_that", N_("This cannot be done with a {level}."), 409)


@dataclass(frozen=True)
class Said:
    """From what day a change counts, and why."""

    on: date
    reason: str


@dataclass(frozen=True)
class Named:
    """Code and names of what is made or named anew."""

    code: str
    name_da: str
    name_en: str = ""


@dataclass(frozen=True)
class Part(Named):
    """One of the sub-processes that another is split into; what it inherits is what the review examined of it."""

    inherits: bool = False
    reason: str = ""


@dataclass(frozen=True)
class Origin:
    """A change of structure that reaches a sub-process's past: of what it came, if of others, and if it inherits."""

    kind: Kind
    on: date
    before: tuple[int, ...] = ()
    inherits: bool = False


@dataclass(frozen=True)
class Standing:
    """What a rule must know of the object: its code and names, and from and until when it is in force."""

    level: Level
    code: str
    name_da: str
    name_en: str
    since: date | None
    until: date | None


def offered(row: Standing) -> list[Kind]:
    """What can be done with a line as it stands now."""
    closed = row.until is not None
    return [kind for kind in OF_LEVEL[row.level] if closed == (kind is Kind.REOPENED)]


def why_not(kind: Kind, said: Said, row: Standing, today: date) -> list[Reason]:
    """What every change asks for: the right level and state, a day that leaves the past alone, and a reason."""
    return why_not_offered(kind, row) or why_not_said(kind, said, today, row)


def why_not_offered(kind: Kind, row: Standing) -> list[Reason]:
    """A closed line can only be opened again, and not everything can be done at every level."""
    if kind not in OF_LEVEL[row.level]:
        return [NOT_THAT(level=row.level)]
    if kind not in offered(row):
        return [(CLOSED if row.until is not None else NOT_CLOSED)(code=row.code)]
    return []


def why_not_said(kind: Kind, said: Said, today: date, row: Standing | None = None) -> list[Reason]:
    """A day and a reason: never a day of an earlier year, and after today only where nobody need act on the day."""
    reasons = []
    first = row.since if row and kind in AHEAD else None
    if said.on < date(today.year, 1, 1):
        reasons.append(TOO_EARLY("on", year=today.year))
    elif said.on > today and kind not in AHEAD:
        reasons.append(TOO_LATE("on"))
    elif said.on.year > today.year + 1:
        reasons.append(TOO_FAR("on", year=today.year + 1))
    elif row and first is not None and said.on <= first:
        reasons.append(BEFORE_START("on", day=_shown(first), code=row.code))
    elif row and row.until is not None and said.on <= row.until:
        reasons.append(AFTER_END("on", day=_shown(row.until), code=row.code))
    if len(said.reason.strip()) < REASON_LEAST:
        reasons.append(REASON_SHORT("reason", min=REASON_LEAST))
    return reasons


def _shown(day: date) -> str:
    return f"{day.day}.{day.month}.{day.year}"


def why_not_code(code: str, taken: Collection[str], prefix: str = "") -> list[Reason]:
    """A code is short, plain, and never was anything else's (`taken`: all that is or was in use, in small letters)."""
    if not code:
        return [FIELD_REQUIRED(f"{prefix}code", label=N_("Code"))]
    if len(code) > CODE_LENGTH:
        return [CODE_LONG(f"{prefix}code", max=CODE_LENGTH)]
    if not all(sign.isalnum() or sign in ".- " for sign in code):
        return [CODE_SIGNS(f"{prefix}code")]
    return [CODE_USED(f"{prefix}code", code=code)] if code.casefold() in taken else []


def why_not_named(named: Named, taken: Collection[str], prefix: str = "") -> list[Reason]:
    """A code that nothing else has, and a Danish name."""
    reasons = why_not_code(named.code, taken, prefix)
    if not named.name_da:
        reasons.append(FIELD_REQUIRED(f"{prefix}name_da", label=N_("Danish name")))
    for name in ("name_da", "name_en"):
        if len(getattr(named, name)) > NAME_LENGTH:
            reasons.append(NAME_LONG(f"{prefix}{name}", max=NAME_LENGTH))
    return reasons


def why_not_rename(row: Standing, name_da: str, name_en: str) -> list[Reason]:
    """A new name, Danish at least."""
    reasons = why_not_named(Named("-", name_da, name_en), ())
    same = (name_da, name_en) == (row.name_da, row.name_en)
    return reasons or ([NAME_SAME("name_da")] if same else [])


def why_not_recode(row: Standing, code: str, taken: Collection[str]) -> list[Reason]:
    """A new code; the same letters in another case are the same code, and may be written anew."""
    if code == row.code:
        return [CODE_SAME("code")]
    return why_not_code(code, set(taken) - {row.code.casefold()})


def why_not_split(parts: Sequence[Part], taken: Collection[str]) -> list[Reason]:
    """Two parts at least, with new codes; a part inherits only with what was examined of it written down."""
    if len(parts) < 2:
        return [TWO_PARTS("part-0-code")]
    reasons: list[Reason] = []
    used = set(taken)
    for number, part in enumerate(parts):
        reasons += why_not_named(part, used, f"part-{number}-")
        used.add(part.code.casefold())
        if part.inherits and len(part.reason.strip()) < REASON_LEAST:
            reasons.append(DOCUMENT(f"part-{number}-reason"))
    return reasons


def why_not_beneath(above: Standing) -> list[Reason]:
    """Nothing is put beneath what is closed."""
    return [BENEATH(code=above.code)] if above.until is not None else []


def day_before(on: date) -> date:
    """The last day in force of what ends when something else begins."""
    return on - timedelta(days=1)


def starts_again(closed: date, opened: date) -> bool:
    """Whether what was closed that long has lost its coverage when it is opened again."""
    months = (opened.year - closed.year) * 12 + opened.month - closed.month
    return months > STARTS_AGAIN or (months == STARTS_AGAIN and opened.day > closed.day)
