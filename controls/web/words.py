"""Words: dates, amounts, numbers and labels as the reader's language writes them."""

from collections.abc import Callable
from datetime import date, datetime
from functools import lru_cache
from typing import Any
from urllib.parse import quote

from babel import dates
from flask import Flask, g
from flask_babel import Domain, format_decimal, get_locale, get_translations, gettext
from markupsafe import Markup

from controls.base.clock import COPENHAGEN
from controls.base.form import said
from controls.base.why import N_

NBSP = "\u00a0"
KEPT_MOST = 1000


def language() -> str:
    """'da' or 'en', found once a request."""
    try:
        found: str = g.words
    except AttributeError:
        found = g.words = str(get_locale() or "da")[:2]
    return found


def _catalogue() -> Any:
    """The catalogue of the reader's language: looked up once a request, since a page asks it thousands of times."""
    try:
        return g.catalogue
    except AttributeError:
        g.catalogue = get_translations()
        return g.catalogue


def _one(source: str, /, **values: Any) -> Markup:
    """`_()` of the templates; what stands in for a name is escaped."""
    text = _catalogue().ugettext(source)
    # A text of our own templates or catalogue; what stands in for a name is escaped by `%`.
    return Markup(text) % values if "%" in text else Markup(text)  # nosec B704


def _many(one: str, many: str, number: int, /, **values: Any) -> Markup:
    """`ngettext()` of the templates."""
    return Markup(_catalogue().ungettext(one, many, number)) % {"num": number, **values}  # nosec B704


class Catalogue(Domain):
    """The texts of a language, found by its short name: Flask-Babel writes the locale out each time it is asked."""

    def get_translations(self) -> Any:
        locale = get_locale()
        if locale is None:
            return super().get_translations()
        if locale.language not in self.cache:
            self.cache[locale.language] = super().get_translations()
        return self.cache[locale.language]


def long_date(value: date | datetime | None) -> str:
    """30. april 2026."""
    return "–" if value is None else _long_date(_day(value), language())


@lru_cache(KEPT_MOST)
def _long_date(day: date, language: str) -> str:
    return dates.format_date(day, "d. MMMM y" if language == "da" else "d MMMM y", language)


def short_date(value: date | datetime | None) -> str:
    """30.4.2026."""
    if value is None:
        return "–"
    day = _day(value)
    return f"{day.day}.{day.month}.{day.year}" if language() == "da" else f"{day.day}/{day.month}/{day.year}"


def clock_time(value: datetime | None) -> str:
    """kl. 10.42, in Danish time."""
    if value is None:
        return "–"
    local = value.astimezone(COPENHAGEN)
    return f"kl.{NBSP}{local.hour}.{local:%M}" if language() == "da" else f"{local:%H:%M}"


def moment(value: datetime | None) -> str:
    """30. april 2026 kl. 10.42."""
    return "–" if value is None else f"{long_date(value)} {clock_time(value)}"


def _day(value: date | datetime) -> date:
    return value.astimezone(COPENHAGEN).date() if isinstance(value, datetime) else value


def number(value: int | float | None) -> str:
    """1.234."""
    if isinstance(value, int):  # nearly all are whole, and lists have many
        return f"{value:,}".replace(",", "." if language() == "da" else ",")
    return "–" if value is None else format_decimal(value)


def percent(value: float | None) -> str:
    """15,9 pct., from a share of 1."""
    if value is None:
        return "–"
    unit = gettext("per cent")
    return f"{format_decimal(value * 100, '#,##0.#')}{NBSP}{unit}"


def growth(now: int, then: int) -> str:
    """+3 pct., how much an amount has grown."""
    share = (now - then) / abs(then) if then else 0.0
    return f"{'+' if share >= 0 else '−'}{percent(round(abs(share), 2))}"


def amount(ore: int | None) -> str:
    """412,6 mio. kr. (from øre)."""
    if ore is None:
        return "–"
    kroner = abs(ore) / 100
    for limit, unit in ((1e9, gettext("billion")), (1e6, gettext("million"))):
        if kroner >= limit:
            text = f"{format_decimal(ore / 100 / limit, '#,##0.0')}{NBSP}{unit}"
            break
    else:
        text = format_decimal(ore / 100, "#,##0")
    return f"{text}{NBSP}kr." if language() == "da" else f"DKK{NBSP}{text}"


def exact_amount(ore: int | None) -> str:
    """412.605.300,00 kr. (from øre)."""
    if ore is None:
        return "–"
    text = format_decimal(ore / 100, "#,##0.00")
    return f"{text}{NBSP}kr." if language() == "da" else f"DKK{NBSP}{text}"


def label(source: str) -> str:
    """A text of the frame or a choice on a page, translated."""
    return str(_catalogue().ugettext(source))


def word(member: Any) -> str:
    """The label of a choice or state, translated."""
    return "–" if member is None else label(member.label)


def name(row: Any) -> str:
    """The name of an object in the reader's language, or in the other when there is none."""
    first, second = (row.name_en, row.name_da) if language() == "en" else (row.name_da, row.name_en)
    return str(first or second)


def groups4(text: str | None) -> str:
    """A checksum in groups of four."""
    return " ".join(text[i : i + 4] for i in range(0, len(text), 4)) if text else "–"


@lru_cache(KEPT_MOST)
def in_path(code: str) -> str:
    """A code as one part of an address."""
    return quote(code, safe="")


def kept(macro: Callable[..., str]) -> Callable[..., str]:
    """A macro of few possible answers (a band, a year's cell), rendered once for each language and argument."""

    @lru_cache(KEPT_MOST, typed=True)
    def rendered(language: str, *values: Any, **named: Any) -> str:
        return macro(*values, **named)

    def shown(*values: Any, **named: Any) -> str:
        return rendered(language(), *values, **named)

    return shown


class Each(dict[Any, str]):
    """What a filter or a macro says of each value on a page: the rows of a list ask the same again and again."""

    def __init__(self, say: Callable[..., str]) -> None:
        super().__init__()
        self.say = say

    def __missing__(self, value: Any) -> str:
        said = self[value] = self.say(*value) if isinstance(value, tuple) else self.say(value)
        return said


def register(app: Flask) -> None:
    """Make the filters known to the templates."""

    def each(say: str | Callable[..., str]) -> Each:
        return Each(app.jinja_env.filters[say] if isinstance(say, str) else say)

    app.jinja_env.globals.update({"_": _one, "gettext": _one, "ngettext": _many, "N_": N_, "kept": kept, "each": each})
    app.jinja_env.filters.update(
        date=long_date, shortdate=short_date, time=clock_time, moment=moment, num=number, pct=percent, kr=amount,
        growth=growth,
        kr_exact=exact_amount, word=word, name=name, groups4=groups4, said=said, t=gettext,
        in_path=in_path,
    )  # fmt: skip
