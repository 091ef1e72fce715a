"""The coverage certificate in words: one set of sentences and tables for the page and for the paper."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from flask_babel import format_date, gettext, ngettext

from controls.base.why import N_
from controls.papers.certificate import Certificate, Line, Section
from controls.rotation.ledger import Totals, block, rolling
from controls.rotation.rules import Entry
from controls.rotation.words import Cover, Degree, Form, Status

LATE, NOTHING = "▲", "–"
COVERS = (Cover.ORDINARY, Cover.LIGHT, Cover.PARTIAL, Cover.LAPSED, Cover.NEVER)


@dataclass(frozen=True)
class Row:
    """A line of a table: what it is about, its cells, whether it is late, and which sub-process or organisation."""

    code: str
    name: str
    cells: tuple[str, ...]
    late: bool = False
    organisation: str = ""
    part: str = ""


@dataclass(frozen=True)
class Table:
    """A table: what it tells, its heads, which columns hold numbers, its lines by group, and its sum."""

    caption: str
    heads: tuple[str, ...]
    numbers: frozenset[int]
    groups: tuple[tuple[str, tuple[Row, ...]], ...]
    sum: Row | None = None


@dataclass(frozen=True)
class Words:
    """The certificate in the language in force: what is missing first, then the totals, then each sub-process."""

    title: str
    of: str
    day: str
    running: str
    """That the day lasts still, if it does; the title says so too."""
    missing: tuple[str, ...]
    lacking: Table | None
    totals: tuple[Table, ...]
    parts: Table
    lists: tuple[Table, ...]
    several: bool
    rules: tuple[str, ...]
    stamp: tuple[str, ...]
    lines: tuple[str, ...]


def written(found: Certificate, language: str) -> Words:
    """The certificate in words."""
    speaker = _Speaker(found, language)
    lists = tuple(speaker.listed(section) for section in found.sections)
    title = gettext("Preliminary coverage certificate") if found.running else gettext("Coverage certificate")
    return Words(
        title, speaker.of(), speaker.long(found.day), speaker.running(), speaker.missing(), speaker.lacking(),
        speaker.totals(), speaker.parts(), lists, speaker.several, speaker.rules(), speaker.stamp(),
        tuple(found.stamp.text.rstrip("\n").split("\n")) if found.stamp else (),
    )  # fmt: skip


class _Speaker:
    def __init__(self, found: Certificate, language: str) -> None:
        self.found, self.language, self.year = found, language, found.day.year
        self.several = len(found.sections) > 1

    def name(self, row: object) -> str:
        first, second = getattr(row, "name_da", ""), getattr(row, "name_en", "")
        return str((second or first) if self.language == "en" else (first or second))

    def day(self, day: date) -> str:
        return f"{day.day}.{day.month}.{day.year}" if self.language == "da" else f"{day.day}/{day.month}/{day.year}"

    def long(self, day: date) -> str:
        return str(format_date(day, "d. MMMM y" if self.language == "da" else "d MMMM y", False))

    def of(self) -> str:
        """Of whom, and which organisations below have sub-processes in it."""
        whole = f"{self.found.code} {self.name(self.found)}"
        below = ", ".join(one.code for one in self.found.sections if one.id != self.found.id)
        return str(gettext("%(organisation)s with %(below)s", organisation=whole, below=below)) if below else whole

    def running(self) -> str:
        """What nobody may overlook in the certificate of a day that lasts still."""
        if not self.found.running:
            return ""
        next_ = self.long(self.found.day + timedelta(days=1)).replace(" ", "\N{NO-BREAK SPACE}")
        return str(gettext(
            "Preliminary: the day is not over, and what is recorded later today is not in the certificate. The final "
            "certificate of the day can be made from %(day)s.", day=next_,
        ))  # fmt: skip

    def missing(self) -> tuple[str, ...]:
        """What is missing in a few sentences."""
        all_, first, last = self.found.totals, *rolling(self.year)
        late = all_.statuses[Status.OVERDUE]
        said = [
            ngettext(
                "%(num)s of %(total)s sub-processes is not covered by a full review in the years %(first)s–%(last)s.",
                "%(num)s of %(total)s sub-processes are not covered by a full review in the years %(first)s–%(last)s.",
                all_.missing, total=all_.active, first=first, last=last,
            ) if all_.missing else gettext(
                "All %(total)s sub-processes are covered by a full review in the years %(first)s–%(last)s.",
                total=all_.active, first=first, last=last,
            ),
            ngettext("%(num)s is overdue.", "%(num)s are overdue.", late) if late else gettext("None is overdue."),
        ]  # fmt: skip
        again = sum(line.standing.covered for line in self.found.missing)
        if again:
            said.append(ngettext("%(num)s of these is covered, but should have been reviewed again.",
                                 "%(num)s of these are covered, but should have been reviewed again.",
                                 again))  # fmt: skip
        deferred, twice = len(self.found.deferred), sum(len(line.deferrals) > 1 for line in self.found.deferred)
        if deferred:
            said.append(ngettext("%(num)s is deferred by the VD-forum.", "%(num)s are deferred by the VD-forum.",
                                 deferred))  # fmt: skip
        if twice:
            said.append(ngettext("%(num)s has been deferred more than once.",
                                 "%(num)s have been deferred more than once.", twice))  # fmt: skip
        if self.found.without:
            said.append(gettext("No active sub-processes: %(codes)s.", codes=", ".join(self.found.without)))
        return tuple(said)

    def lacking(self) -> Table | None:
        """What is not covered or overdue, line by line."""
        if not self.found.missing:
            return None
        heads = (gettext("Sub-process"), gettext("What is missing"), gettext("Last review"), gettext("Due"),
                 gettext("Deferred"))  # fmt: skip
        rows = tuple(self._lacking(line) for line in self.found.missing)
        return Table(gettext("Sub-processes not covered or overdue"), heads, frozenset({3}), (("", rows),))

    def _lacking(self, line: Line) -> Row:
        stands = line.standing
        late = stands.status is Status.OVERDUE
        what = [gettext(stands.status.label)] if late or stands.status is Status.DUE else []
        what += [gettext(stands.cover.label)] if not stands.covered else []
        what += [self._partly(stands.partial)] if stands.partial else []
        first, *more = what
        lacks = f"{LATE} " * late + "; ".join([first, *(one[:1].lower() + one[1:] for one in more)])
        return self._row(line, (lacks, self._review(line, True), str(stands.due), self._deferred(line)), late)

    def _row(self, line: Line, cells: tuple[str, ...], late: bool = False) -> Row:
        code = f"{line.organisation} {line.part.code}" if self.several else line.part.code
        return Row(code, self.name(line.part), cells, late, line.organisation, line.part.code)

    def _review(self, line: Line, dated: bool = False) -> str:
        review = line.standing.review
        if review is None:
            return NOTHING
        number = gettext("%(number)s (imported)", number=review.review_number) if review.imported else (
            review.review_number
        )  # fmt: skip
        return f"{number}, {self.day(review.covered_on)}" if dated else number

    def _partly(self, review: Entry) -> str:
        day = self.day(review.covered_on)
        return str(gettext("partly reviewed %(day)s (%(number)s)", day=day, number=review.review_number))

    def _deferred(self, line: Line) -> str:
        if not line.deferrals:
            return NOTHING
        last, count = line.deferrals[-1], len(line.deferrals)
        why = gettext(last.code.label).lower()
        said = gettext("To %(year)s: %(why)s, decision %(number)s", year=last.until, why=why, number=last.number)
        again = gettext("deferral no. %(number)s", number=count)
        return said if count == 1 else f"{said} ({again})"

    def totals(self) -> tuple[Table, ...]:
        """Three sums over the same sub-processes."""
        all_, (first, last), of = self.found.totals, block(self.year), rolling(self.year)
        begins, ends = of
        return (
            self._sum(gettext("Covered by a full review in the years %(first)s–%(last)s", first=begins, last=ends),
                      [(gettext(cover.label), all_.covers[cover]) for cover in COVERS]),
            self._sum(gettext("When the next review is due"), [
                (gettext("Overdue"), all_.statuses[Status.OVERDUE]),
                (gettext("Due in %(year)s", year=self.year), all_.statuses[Status.DUE]),
                (gettext("Due later"), all_.later),
            ]),
            self._sum(gettext("Fixed block %(first)s–%(last)s", first=first, last=last), [
                (gettext("Covered in the block"), all_.in_block),
                (gettext("Not yet covered in the block"), all_.active - all_.in_block),
            ]),
        )  # fmt: skip

    def _sum(self, caption: str, rows: Sequence[tuple[str, int]]) -> Table:
        lines = tuple(Row("", label, (str(number),)) for label, number in rows)
        whole = Row("", gettext("Active sub-processes"), (str(sum(number for _, number in rows)),))
        heads = (gettext("Sub-processes"), gettext("Number"))
        return Table(caption, heads, frozenset({1}), (("", lines),), whole)

    def parts(self) -> Table:
        """The same sums, by organisation or by area."""
        heads = (
            gettext("Organisation") if self.several else gettext("Area"), gettext("Active"),
            *(gettext(cover.label) for cover in COVERS), gettext("Overdue"), gettext("Due in %(year)s", year=self.year),
            gettext("Due later"),
        )  # fmt: skip
        if self.several:
            caption = gettext("By organisation")
            rows = [
                Row(one.code, self.name(one), self._figures(one.totals), organisation=one.code)
                for one in self.found.sections
            ]
        else:
            caption = gettext("By area")
            rows = [
                Row(part.area_code, part.area_name_en if self.language == "en" and part.area_name_en
                    else part.area_name_da, self._figures(totals))
                for section in self.found.sections for part, totals in section.areas
            ]  # fmt: skip
        whole = Row("", gettext("All"), self._figures(self.found.totals))
        return Table(caption, heads, frozenset(range(1, len(heads))), (("", tuple(rows)),), whole)

    def _figures(self, one: Totals) -> tuple[str, ...]:
        figures = (
            one.active, *(one.covers[cover] for cover in COVERS), one.statuses[Status.OVERDUE],
            one.statuses[Status.DUE], one.later,
        )  # fmt: skip
        return tuple(str(figure) for figure in figures)

    def listed(self, section: Section) -> Table:
        """Every sub-process of an organisation, by area."""
        heads = (
            gettext("Sub-process"), gettext("Coverage"), gettext("Review"), gettext("Approved"), gettext("Degree"),
            gettext("Inherited from"), gettext("Due"), gettext("Latest"), gettext("Deferred"),
        )  # fmt: skip
        groups: dict[str, list[Row]] = {}
        for line in section.lines:
            part = line.part
            english = self.language == "en" and part.area_name_en
            area = f"{part.area_code} {part.area_name_en if english else part.area_name_da}"
            groups.setdefault(area, []).append(self._listed(line))
        caption = gettext("Sub-processes of %(organisation)s", organisation=f"{section.code} {self.name(section)}")
        return Table(caption, heads, frozenset({6, 7}), tuple((f"{area} ({len(rows)})", tuple(rows)) for area, rows in
                     groups.items()))  # fmt: skip

    def _listed(self, line: Line) -> Row:
        stands, review = line.standing, line.standing.review
        late = stands.status is Status.OVERDUE
        cells = (
            gettext(stands.cover.label), self._review(line), self.day(review.covered_on) if review else NOTHING,
            self._degree(line), self._inherited(line), f"{LATE} {stands.due}" if late else str(stands.due),
            str(stands.due_floor), self._deferred(line),
        )  # fmt: skip
        return Row(line.part.code, self.name(line.part), cells, late, line.organisation, line.part.code)

    def _degree(self, line: Line) -> str:
        review = line.standing.review
        if review is None:
            return NOTHING
        light = review.degree is Degree.FULL and review.form is Form.LIGHT
        degree = str(gettext("Full, light") if light else gettext(review.degree.label))
        partial = line.standing.partial
        return f"{degree}; {self._partly(partial)}" if partial else degree

    def _inherited(self, line: Line) -> str:
        said = []
        if line.source:
            review = line.standing.review
            whole = review is not None and review.subprocess_id == line.standing.inherited
            said.append(line.source if whole else gettext("%(code)s (due year only)", code=line.source))
        if line.source and line.by is not None:
            said.append(f"{gettext(line.by.kind.label).lower()} {self.day(line.by.on)}")
        if line.standing.changed is not None:
            said.append(gettext("due by %(year)s after an essential change", year=line.standing.changed))
        return ", ".join(said) or NOTHING

    def rules(self) -> tuple[str, ...]:
        """How it is reckoned, in a few sentences."""
        first, last = rolling(self.year)
        return (
            gettext(COUNTS), gettext(YEARS, first=first, last=last), gettext(DUE),
            gettext(SO_FAR if self.found.running else RECORDED, day=self.long(self.found.day)),
        )  # fmt: skip

    def stamp(self) -> tuple[str, ...]:
        """Which checkpoint stands below, and how far it reaches."""
        stamp, events = self.found.stamp, self.found.events
        said = gettext("Checksum of what is certified: %(digest)s", digest=self.found.digest)
        if stamp is None:
            return said, gettext("No checkpoint of the log had been made by then.")
        size = _figure(stamp.size, self.language)
        if events is None:
            covers = gettext("The last checkpoint of the log covers its first %(size)s events.", size=size)
            return said, covers, gettext(KEEP)
        return said, gettext(REACHES, events=_figure(events, self.language), size=size), gettext(KEEP)


COUNTS = N_(
    "A sub-process is covered by a full, approved detailed review. A light review covers and is marked. A partial "
    "review, an assessment and a draft do not cover."
)
YEARS = N_("The five years are the calendar years %(first)s–%(last)s. Each figure can be counted again in the lists.")
DUE = N_(
    "Due is the year of the last full review and the interval of the risk band; what was never covered is counted from "
    "its first year in the catalogue. Latest is the last year that the five-year rule allows, whatever the band."
)
RECORDED = N_("The certificate holds what was recorded by the end of %(day)s. Later changes do not show.")
SO_FAR = N_("The certificate holds what was recorded on %(day)s until it was made.")
REACHES = N_(
    "The log held %(events)s events by the end of the day. The last checkpoint by then covers the first %(size)s."
)
KEEP = N_(
    "Copy the lines below into a text file. “flask audit verify --checkpoint FILE” then proves that none of these "
    "events was changed since."
)


def _figure(value: int, language: str) -> str:
    return f"{value:,}".replace(",", "." if language == "da" else ",")
