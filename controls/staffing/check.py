"""The staffing check: who may do each task of a process, and where nobody may (security.md section 2, few people)."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from itertools import product

from controls.staffing.words import Act, Lack, Task

Ids = frozenset[int]
NOBODY: Ids = frozenset()


@dataclass(frozen=True)
class Staff:
    """Who may do what by their roles, as first accounts; `owners` may fill in what is theirs."""

    owners: Ids = NOBODY
    fill: Ids = NOBODY
    approve: Ids = NOBODY
    test: Ids = NOBODY
    quality: Ids = NOBODY
    acts: Mapping[Act, Ids] | None = None
    off_s2: Ids = NOBODY
    off_s4: Ids = NOBODY
    off_s5: Ids = NOBODY
    """Those whom the chair has excepted from a rule."""


@dataclass(frozen=True)
class Place:
    """A process: who owns it, who else has line duty there this year, who owns or performs its controls, who visits."""

    id: int
    owners: Ids = NOBODY
    line: Ids = NOBODY
    keepers: Ids = NOBODY
    visitors: Mapping[Task, Ids] | None = None


@dataclass(frozen=True)
class Gap:
    """A task that nobody may do here, and why not; `only` is who would have to do both."""

    task: Task
    lack: Lack
    only: int | None = None


@dataclass(frozen=True)
class Able:
    """Who may do each task of a process, and the tasks that nobody may."""

    place: int
    may: Mapping[Task, Ids]
    gaps: tuple[Gap, ...]

    def gap(self, task: Task) -> Gap | None:
        """What is wrong with a task."""
        return next((gap for gap in self.gaps if gap.task is task), None)


def in_line(place: Place, staff: Staff) -> Ids:
    """Who may not approve, test or review in a process: line duty (S4), unless the chair excepts them."""
    return (place.owners | place.line | place.keepers) - staff.off_s4


def able(place: Place, staff: Staff) -> Able:
    """Who may fill in and approve (S1), test and quality-review (S3) in a process, none of the last three in line."""
    off, visitors = in_line(place, staff), place.visitors or {}
    holds = {
        Task.FILL: (place.owners & staff.owners) | staff.fill,
        Task.APPROVE: staff.approve | visitors.get(Task.APPROVE, NOBODY),
        Task.TEST: staff.test | visitors.get(Task.TEST, NOBODY),
        Task.QUALITY: staff.quality | visitors.get(Task.QUALITY, NOBODY),
    }
    may = {task: ids if task is Task.FILL else ids - off for task, ids in holds.items()}
    may[Task.TEST] -= place.keepers - staff.off_s2
    gaps = [Gap(task, Lack.LINE if holds[task] else Lack.NOBODY) for task in Task if not may[task]]
    for first, second in ((Task.FILL, Task.APPROVE), (Task.TEST, Task.QUALITY)):
        if may[first] and may[second] and len(both := may[first] | may[second]) == 1:
            gaps.append(Gap(second, Lack.SAME, next(iter(both))))
    return Able(place.id, may, tuple(gaps))


def lacking(staff: Staff) -> list[tuple[Act, Lack]]:
    """Whether three different people may write the recommendation, record the decisions and confirm them (S5, S6)."""
    holds = {act: (staff.acts or {}).get(act, NOBODY) for act in Act}
    none = [(act, Lack.NOBODY) for act, ids in holds.items() if not ids]
    # Three of each are enough: of three people at most two are taken by the other acts.
    chosen = product(*(sorted(ids, key=lambda id: (id not in staff.off_s5, id))[:3] for ids in holds.values()))
    if none or any(_apart(write, record, confirm, staff.off_s5) for write, record, confirm in chosen):
        return none
    return [(Act.RECORD, Lack.SAME)]


def _apart(write: int, record: int, confirm: int, excepted: Collection[int]) -> bool:
    """S6 is never relaxed; the chair may except from S5 whoever wrote the recommendation."""
    return record != confirm and (write not in (record, confirm) or write in excepted)


def short(found: Iterable[Able]) -> int:
    """In how many processes somebody is missing."""
    return sum(1 for one in found if one.gaps)


def often(found: Iterable[Able]) -> list[tuple[Task, int]]:
    """The tasks that lack somebody in several processes, most first: one is better lent to the whole year."""
    counted = Counter(gap.task for one in found for gap in one.gaps if gap.task is not Task.FILL)
    return [(task, number) for task, number in counted.most_common() if number > 1]
