"""Several people on one draft: what each changed since the answers he began from, field by field."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

Fields = dict[str, list[str]]
"""The form's fields as they were typed; one that is empty is left out."""


@dataclass(frozen=True)
class Before:
    """That a field was replaced: what stood there, in which version of the draft, by whom, when and in which window."""

    field: str
    was: list[str]
    version: int
    who: str
    at: datetime
    window: str = ""


@dataclass(frozen=True)
class Merge:
    """What becomes of a draft: its fields, those of them that are new, and what others changed meanwhile.

    `taken` are fields that only another changed, `clashes` those that both did: the other's answer stands until one
    of the two is chosen.
    """

    fields: Fields
    changed: Fields
    taken: list[Before]
    clashes: list[Before]


COPIED = "copied"
"""The field that lists answers copied from last year: what two people have copied, both have."""


def _union(theirs: list[str], mine: list[str]) -> list[str]:
    names = [name for text in (*theirs, *mine) for name in text.split(";") if name]
    return [";".join(dict.fromkeys(names))]


def tidy(values: Iterable[str]) -> list[str]:
    """Answers as a draft keeps them: each sign that was typed, with one kind of line end; nothing for an empty one."""
    given = [values] if isinstance(values, str) else values
    return [value for value in (value.replace("\r\n", "\n").replace("\r", "\n") for value in given) if value]


def rolled_back(fields: Mapping[str, list[str]], replaced: Iterable[Before]) -> Fields:
    """The draft as it was before these changes, which come newest first."""
    was = dict(fields)
    for one in replaced:
        was[one.field] = one.was
    return {name: values for name, values in was.items() if values}


def merged(fields: Fields, replaced: list[Before], mine: Mapping[str, Iterable[str]], window: str = "") -> Merge:
    """The draft with what one has typed, where `replaced` tells what was changed since he read it, newest first.

    What the same window changed is his own. A field that he did not change is left as others made it.
    """
    base = rolled_back(fields, replaced)
    others = {one.field: one for one in reversed(replaced) if not window or one.window != window}
    typed = {name: tidy(values) for name, values in mine.items()}
    own = {one.field for one in replaced if one.field not in others}
    changed = {
        name: values for name, values in typed.items()
        if values != fields.get(name, []) and (name in own or values != base.get(name, []))
    }  # fmt: skip
    if COPIED in changed and COPIED in others:
        changed[COPIED] = _union(fields.get(COPIED, []), changed[COPIED])
        del others[COPIED]
    clashes = [others[name] for name in changed if name in others]
    taken = [one for name, one in others.items() if name not in changed and fields.get(name, []) != typed.get(name)]
    kept = {name: values for name, values in changed.items() if name not in others}
    after = {name: values for name, values in (fields | kept).items() if values}
    return Merge(after, kept, taken, clashes)
