"""The audit workbook of one organisation and year: every sheet from one snapshot, and a cover that adds up."""

from collections.abc import Iterator
from datetime import date
from hashlib import sha256
from typing import IO, Any

from flask_babel import force_locale, gettext

from controls.assessment import queries as assessment
from controls.assessment.scales import ANCHORED, FIGURES, TITLES, Scales, spans
from controls.assessment.words import Band, Measure
from controls.base import checkpoint, settings
from controls.base.by import By
from controls.base.checkpoint import Checkpoint
from controls.base.db import db
from controls.base.why import N_, Labelled
from controls.effectiveness.sampling import DEFAULT_TABLE
from controls.effectiveness.words import SampleRisk
from controls.identity.permissions import Permission
from controls.identity.tables import Organisation
from controls.papers import queries, running
from controls.papers.columns import NO, YES, SheetSum
from controls.papers.rules import LANGUAGES, RELEASE, Contents, Summary
from controls.papers.scope import Scope
from controls.papers.workbook_out import HEADING, LEFT, STRONG, TITLE, Book, Page
from controls.rotation import rules as rotation
from controls.rotation.words import Form
from controls.wheel import queries as wheel

LOG_IN, LOG_OUT = N_("Included"), N_("Left out: only auditors read the log")
COVER, INTERVAL, LOWEST = N_("Cover page"), N_("Interval"), N_("Lowest score")
SAMPLE, RISK, CHOOSING = N_("Items to test"), N_("risk of the sample"), N_("how to choose")
Rows = Iterator[tuple[Any, ...]]


def write(by: By, organisation: Organisation, year: int, lang: str, out: IO[bytes]) -> Summary:
    """Write the workbook to `out` and tell what is in it; the caller records it.

    Regnskabsbekendtgørelsen § 36, stk. 4, nr. 5: the evidence behind the statement on procedures and controls.
    """
    by.must(Permission.WORKBOOK_EXPORT, organisation.id)
    with queries.snapshot():
        return fill(queries.scope(by, organisation, year), organisation, lang, out)


def fill(scope: Scope, organisation: Organisation, lang: str, out: IO[bytes]) -> Summary:
    """Write the workbook within a snapshot that is open already."""
    by, year = scope.by, scope.year
    with force_locale(lang):
        made = checkpoint.make(db.session(), settings.current().keys, by.at, f"{scope.code} {year}")
        name = organisation.name_en if lang == "en" else organisation.name_da
        title = gettext("Audit extract %(organisation)s %(year)s", organisation=organisation.code, year=year)
        with Book(title, by.name, by.at, gettext) as book:
            cover = book.page(f"00 {gettext(COVER)}", (50, 22, 34, 18, 74), frozen=False)
            sums = _sheets(book, scope)
            digest = sha256("".join(sheet.digest for sheet in sums).encode()).hexdigest()
            summary = Summary(organisation.code, lang, tuple(sums), digest, year)
            _cover(cover, scope, title, name, summary, made)
            book.save(out)
    return summary


def _sheets(book: Book, scope: Scope) -> list[SheetSum]:
    """Every data sheet in the order of their numbers."""
    sums = [part for sheet, rows in queries.ROWS for part in book.write(sheet, rows(scope))]
    sums += book.write(running.INCOMPATIBLE, queries.incompatible(scope, gettext))
    sums += book.write(running.EXCEPTIONS, queries.exceptions(scope))
    sums += book.write(running.REFUSED, queries.refused(scope, gettext))
    sums += book.write(running.LOG, queries.log(scope, gettext))
    sums += book.write(running.PARAMETERS, _parameters(scope))
    return sums + book.write(running.CODES, _codes(scope))


def _parameters(scope: Scope) -> Rows:
    cycle, hours, years = scope.cycle, gettext("hours"), gettext("years")
    rows: list[Parameter] = [
        (gettext("Rule set"), cycle.rule_set, gettext("version")), (gettext("Capacity"), cycle.capacity_hours, hours),
    ]  # fmt: skip
    intervals = (cycle.interval_low, cycle.interval_moderate, cycle.interval_elevated, cycle.interval_high)
    for band, interval in zip(Band, intervals, strict=True):
        rows.append((f"{gettext(INTERVAL)}: {gettext(band.label)}", interval, years))
    rows += _scales(assessment.used(cycle.id))
    rows.append((gettext("Frequency table"), DEFAULT_TABLE.version, gettext("version")))
    for frequency, sizes in DEFAULT_TABLE.rows.items():
        for risk, size in zip(SampleRisk, sizes, strict=True):
            words = f"{gettext(SAMPLE)}: {gettext(frequency.label)}, {gettext(RISK)}: {gettext(risk.label)}"
            rows.append((words, size, gettext("items")))
    for row in rows:
        yield *row, *[""] * (PARAMETER - len(row)), scope.code, scope.year


Parameter = tuple[str, int | None, str] | tuple[str, int | None, str, str, str]
"""A parameter, its value and what it is measured in; where it is words, they stand in both languages."""
PARAMETER = 5


def _scales(used: Scales) -> Iterator[Parameter]:
    """The year's own scales: bands, amounts, every step in both languages, the reasons asked for, the weights."""
    step, percent, characters = gettext("step"), gettext("per cent"), gettext("characters")
    for span in spans(used):
        yield f"{gettext(LOWEST)}: {gettext(span.band.label)}", span.least, gettext("score")
    yield gettext("Lowest risk band at impact 5"), None, "", *_both(used.worst_impact.label)
    for of in ANCHORED:
        title, danish, english = gettext(TITLES[of]), used.anchors(of, "da"), used.anchors(of, "en")
        for number, da, en in zip(FIGURES, danish, english, strict=True):
            yield title, number, step, da, en
        yield f"{title}: {gettext(CHOOSING)}", None, "", used.help(of, "da"), used.help(of, "en")
    for number, ore in zip(FIGURES, used.from_ore, strict=True):
        yield gettext("Impact %(step)s begins at", step=number), ore // 100, gettext("DKK")
    yield gettext("Steps of change that ask for a reason"), used.leap_steps, gettext("steps")
    yield gettext("Shortest reason, characters"), used.reason_least, characters
    yield gettext("Longest reason, characters"), used.reason_most, characters
    for label, asked in (
        (N_("A reason for a lower risk without a key control"), used.ask_no_key_control),
        (N_("A reason for the same scores when a change is ticked"), used.ask_unchanged),
        (N_("A reason for answers copied from last year"), used.ask_copied),
        (N_("A reason for a special risk of fraud"), used.ask_fraud),
    ):
        yield gettext(label), int(asked), gettext("1 = yes, 0 = no"), *_both(YES if asked else NO)
    for measure in Measure:
        words = gettext("Weight of “%(measure)s”", measure=gettext(measure.label))
        yield words, getattr(used, f"weight_{measure}"), percent
    yield gettext("SHA-256 of the scales"), None, "", used.digest, used.digest


def _both(label: str) -> tuple[str, str]:
    """One of our own words in Danish and English."""
    with force_locale("da"):
        danish = gettext(label)
    with force_locale("en"):
        return danish, gettext(label)


def _codes(scope: Scope) -> Rows:
    """Every word list that a column of the workbook uses, in both languages."""
    lists: dict[str, type[Labelled]] = {}
    for sheet in (*(sheet for sheet, _ in queries.ROWS), running.LOG):
        for column in sheet.columns:
            for words in column.lists:
                lists.setdefault(f"{words.__module__.split('.')[1]}.{words.__name__}", words)
    members = [(name, member) for name, words in sorted(lists.items()) for member in words]
    with force_locale("da"):
        danish = [gettext(member.label) for _, member in members]
    with force_locale("en"):
        english = [gettext(member.label) for _, member in members]
    for at, (name, member) in enumerate(members):
        yield at + 1, name, member.value, danish[at], english[at], scope.code, scope.year


def _cover(page: Page, scope: Scope, title: str, organisation: str, summary: Summary, made: Checkpoint) -> None:
    """The cover: what this is, how far the year is, what stands on each sheet, and the log's checkpoint."""
    cycle, by, used = scope.cycle, scope.by, assessment.used(scope.cycle.id)
    page.line([title], TITLE)
    page.line([])
    facts: list[tuple[str, Any, str]] = [
        (gettext("Organisation"), f"{scope.code} {organisation}", ""), (gettext("Cycle"), scope.year, ""),
        (gettext("State of the cycle"), gettext(cycle.state.label), ""),
        (gettext("As of"), by.at, "dd-mm-yyyy hh:mm:ss"), (gettext("Extracted by"), f"{by.name} ({by.role})", ""),
        (gettext("Program version"), RELEASE, ""), (gettext("Rule set"), cycle.rule_set, ""),
        (gettext("Language"), gettext(LANGUAGES[summary.lang]), ""),
        (gettext("Capacity, hours"), cycle.capacity_hours, "#,##0"),
        (gettext("Intervals, years (high / elevated / moderate / low)"),
         f"{cycle.interval_high} / {cycle.interval_elevated} / {cycle.interval_moderate} / {cycle.interval_low}", ""),
        (gettext("Risk bands (low / moderate / elevated / high)"),
         " / ".join(f"{span.least}–{span.most}" for span in spans(used)), ""),
        (gettext("Lowest risk band at impact 5"), gettext(used.worst_impact.label), ""),
        (gettext("Impact begins at, DKK (step 2 / 3 / 4 / 5)"),
         " / ".join(f"{ore // 100:,}".replace(",", ".") for ore in used.from_ore[1:]), ""),
        (gettext("Log"), gettext(LOG_IN if scope.reads_log else LOG_OUT), ""),
        (gettext("SHA-256 of the sheets' digests"), summary.digest, ""),
    ]  # fmt: skip
    for label, value, form in facts:
        page.line([label, value], LEFT, ("", form))
    _exempt(page, queries.standing_exceptions(scope))
    page.line([])
    _goals(page, scope)
    page.line([])
    contents(page, summary)
    page.line([])
    stamp(page, made)
    page.close()


def _exempt(page: Page, found: list[tuple[str, str, date]]) -> None:
    """Exceptions of the chair in force, on every cover."""
    page.line([gettext("Exemptions in force"), len(found)], LEFT)
    for duty, person, until in found:
        page.line([f"{duty}: {person}", until], LEFT, ("", "dd-mm-yyyy"))


def _goals(page: Page, scope: Scope) -> None:
    counts = rotation.counts(scope.roll)
    light = sum(1 for row in scope.roll if row.covered is not None and row.covered.form is Form.LIGHT)
    goals = wheel.goals(scope.organisation, scope.year)
    lines = (
        *((gettext(goal.label), goal.done, goal.total) for goal in goals),
        (gettext("Roll: sub-processes covered"), counts.covered, counts.total),
        (gettext("Roll: last covered by a light review"), light, counts.total),
        (gettext("Roll: overdue"), counts.overdue, counts.total),
    )
    page.line([gettext("Goal"), gettext("Number"), gettext("Of"), gettext("Percent")], HEADING)
    for label, done, total in lines:
        page.line([label, done, total, done / total if total else None], None, ("", "#,##0", "#,##0", "0.0%"))


def contents(page: Page, summary: Contents) -> None:
    """What stands on each sheet: rows, a control total and a digest."""
    page.line([gettext(head) for head in HEADS], HEADING)
    forms = ("", "#,##0", "", "#,##0")
    for sheet in summary.sheets:
        page.line([sheet.title, sheet.rows, gettext(sheet.total_of), sheet.shown, sheet.digest], None, forms)
    page.line([gettext("All sheets"), summary.rows], STRONG, forms)


def stamp(page: Page, made: Checkpoint) -> None:
    """The checkpoint line by line, so that the cells copied into a text file are the file to verify with."""
    page.line([gettext("Checkpoint of the log when this file was made")], HEADING)
    page.line([gettext(KEEP)])
    for line in made.text.removesuffix("\n").split("\n"):
        page.line([None, line])


KEEP = N_(
    "Copy the lines below into a text file and keep it: “flask audit verify --checkpoint FILE” proves with it that "
    "nothing in the log was changed since."
)
HEADS = (N_("Sheet"), N_("Rows"), N_("Control total is the sum of"), N_("Control total"), N_("SHA-256 of the sheet"))
