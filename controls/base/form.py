"""Forms: WTForms with Danish messages, strict Danish numbers and dates, and one place for length and characters."""

import unicodedata
from collections.abc import Callable, Collection, Iterable
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from flask_babel import Domain, get_locale, gettext
from wtforms import (
    DateField,
    Field,
    FieldList,
    FileField,
    Form,
    IntegerField,
    SelectField,
    SelectMultipleField,
    StringField,
    ValidationError,
)
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired, Optional, StopValidation
from wtforms.widgets import TextArea, TextInput

from controls.base.why import FIELD_REQUIRED, N_, Reason, Refused, Why

TEXT_LIMIT = 10_000
DIGITS = 15
MOST = 10**DIGITS - 1
FIRST_DAY, LAST_DAY = date(1990, 1, 1), date(2100, 12, 31)
_domain = Domain(domain="wtforms")
MANY = (SelectMultipleField, FieldList, FileField)

BAD_CHARS = Why("field_bad_chars", N_("“{label}” contains characters that cannot be stored."))
TOO_LONG = Why("field_too_long", N_("“{label}” may be at most {max} characters (is {n})."))
NO_NUMBER = Why("number_invalid", N_("“{label}” must be a number."))
NO_AMOUNT = Why("number_invalid", N_("Write “{label}” in digits, for example 12.450,50"))
NUMBER_RANGE = Why("number_out_of_range", N_("“{label}” must be between {min} and {max}."))
NO_CHOICE = Why("choice_invalid", N_("Choose one of the options in “{label}”."))
NO_DATE = Why("date_invalid", N_("“{label}” is not a valid date (dd-mm-yyyy)."))
DATE_RANGE = Why("date_out_of_range", N_("“{label}” must be between {min} and {max}."))
SENT_TWICE = Why("bad_request", N_("The request could not be understood: a field was sent more than once."), 400)


SENT: list[Callable[[Collection[str]], None]] = []
"""Told the names of the fields of each form that is read from a request; filled by the web."""


class Said(str):
    """A reason in the reader's language, which remembers its code."""

    code: str = ""


class BaseForm(Form):
    """Shape and type of what was typed, in the reader's language; never a rule."""

    class Meta:
        locales: Any = property(lambda self: [str(get_locale())])
        cache_translations = False

        def get_translations(self, form: Form) -> Any:
            return _domain.get_translations()

    def process(self, formdata: Any = None, *args: Any, **kw: Any) -> None:
        """Read what was sent; a field of one answer that comes twice is refused, never the last taken."""
        super().process(formdata, *args, **kw)
        if any(len(f.raw_data or ()) > 1 and not isinstance(f, MANY) for f in self._fields.values()):
            raise Refused([SENT_TWICE()])
        for hear in SENT if formdata else ():
            hear([field.name for field in self])

    def codes(self) -> list[str]:
        """The codes of the fields' problems."""
        return [getattr(text, "code", "") or "form" for field in self for text in _flat(field.errors)]

    def problems(self) -> list[tuple[str, str]]:
        """Field id and sentence of each error, in the order of the fields."""
        return [(field.id, str(text)) for field in self for text in _flat(field.errors)]

    def take(self, reasons: list[Reason]) -> list[tuple[str, str]]:
        """Put a refusal's reasons beside their fields; what has no field comes back for the summary."""
        loose: list[tuple[str, str]] = []
        for reason in reasons:
            text = said(reason)
            if reason.field and reason.field in self:
                self[reason.field].errors = [*self[reason.field].errors, text]
            else:
                loose.append(("", text))
        return loose


class Filled(InputRequired):
    """An answer is required; the sentence names the field, since the summary lists several."""

    def __call__(self, form: Any, field: Field) -> None:
        given = field.raw_data[0] if field.raw_data else ""
        if not (visible(given) if isinstance(given, str) else given):
            field.errors = []
            raise StopValidation(said(FIELD_REQUIRED(label=gettext(field.label.text))))


def _flat(errors: Any) -> list[str]:
    return list(errors.values()) if isinstance(errors, dict) else list(errors)


def said(reason: Reason) -> Said:
    """A reason in the reader's language; parameters that are marked words are translated too."""
    text = gettext(reason.text)
    told = Said(text.format(**{k: _word(v) for k, v in reason.params.items()}) if reason.params else text)
    told.code = reason.code
    return told


def about(field: Field, why: Why, **params: object) -> Said:
    """A reason that names its field."""
    return said(why("", label=gettext(field.label.text), **params))


def visible(text: str) -> bool:
    """Whether a reader sees anything of it (spaces, marks of direction and width are not seen)."""
    return any(unicodedata.category(sign) not in ("Cc", "Cf", "Zs", "Zl", "Zp") for sign in text)


def tidy(text: Any) -> Any:
    """Text as it is stored: composed (NFC), with one kind of line end, nothing when nothing is seen."""
    if not isinstance(text, str):
        return text
    kept = unicodedata.normalize("NFC", text.strip().replace("\r\n", "\n").replace("\r", "\n"))
    return kept if visible(kept) or has_bad(kept) else ""


def has_bad(text: Iterable[str]) -> bool:
    """Whether it holds what a database or a workbook cannot."""
    return any(ord(c) < 32 and c not in "\t\n\r" or 0xD800 <= ord(c) <= 0xDFFF or c in "\x7f\ufffe\uffff" for c in text)


def _word(value: object) -> object:
    if isinstance(value, Reason):
        return said(value)
    if isinstance(value, tuple):
        return ", ".join(str(_word(one)) for one in value)
    label = getattr(value, "label", None)
    if label is not None:
        return gettext(label)
    return gettext(value) if isinstance(value, str) and value else value


def clean_text(form: Form, field: Field) -> None:
    """Refuse characters that cannot be stored, and texts that are too long."""
    data = field.data or ""
    if has_bad(data):
        raise ValidationError(about(field, BAD_CHARS))
    limit = getattr(field, "limit", TEXT_LIMIT)
    if len(data) > limit:
        raise ValidationError(about(field, TOO_LONG, max=limit, n=len(data)))


class _Text(StringField):
    limit: int = TEXT_LIMIT

    def __init__(self, label: str, *, limit: int = TEXT_LIMIT, required: bool = False, **kw: Any) -> None:
        first: list[Any] = [Filled()] if required else [Optional()]
        kw.setdefault("filters", [tidy])
        # Optional() stops the chain on empty input only, so the check below sees every non-empty text.
        super().__init__(label, validators=[*first, clean_text, *kw.pop("validators", [])], **kw)
        self.limit = limit


class Line(_Text):
    """One line of text."""


class Words(_Text):
    """Several lines of text."""

    widget = TextArea()


class Whole(IntegerField):
    """A whole number, within bounds."""

    widget = TextInput()

    def __init__(self, label: str, *, least: int = 0, most: int = MOST, required: bool = False, **kw: Any) -> None:
        self.least, self.most = least, most
        super().__init__(label, validators=[Filled() if required else Optional()], **kw)

    def process_formdata(self, valuelist: list[Any]) -> None:
        if not valuelist or not valuelist[0].strip():
            self.data = None
            return
        text = valuelist[0].strip().replace("\u00a0", "").replace(" ", "")
        digits = text.replace(".", "") if all(len(p) == 3 for p in text.split(".")[1:]) else text
        if not digits.lstrip("-").isascii() or not digits.lstrip("-").isdigit():
            raise ValueError(about(self, NO_NUMBER))
        value = int(digits) if len(digits) < 20 else self.most + 1
        if not self.least <= value <= self.most:
            raise ValueError(about(self, NUMBER_RANGE, min=self.least, max=self.most))
        self.data = value


class Amount(StringField):
    """An amount in DKK as typed in Danish (1.234.567,89); the data is a whole number of øre."""

    def __init__(self, label: str, *, required: bool = False, **kw: Any) -> None:
        super().__init__(label, validators=[Filled() if required else Optional()], **kw)

    def process_formdata(self, valuelist: list[Any]) -> None:
        self.raw = valuelist[0].strip() if valuelist else ""
        self.data = ore(self.raw) if self.raw else None
        if self.raw and self.data is None:
            whole = self.raw.partition(",")[0].lstrip("-").replace(".", "").replace(" ", "").replace("\u00a0", "")
            if len(whole) > DIGITS - 2 and whole.isascii() and whole.isdigit():
                raise ValueError(about(self, NUMBER_RANGE, min="-9.999.999.999.999,99", max="9.999.999.999.999,99"))
            raise ValueError(about(self, NO_AMOUNT))

    def _value(self) -> str:
        if getattr(self, "raw", ""):
            return self.raw
        return "" if self.data is None else f"{self.data // 100:,}".replace(",", ".") + f",{self.data % 100:02d}"


def ore(text: str) -> int | None:
    """Øre from a Danish amount; dots only as groups of three, at most 15 digits; None when it is no amount."""
    whole, comma, part = text.replace("\u00a0", "").replace(" ", "").partition(",")
    groups = whole.lstrip("-").split(".")
    grouped = len(groups) > 1 and (not 1 <= len(groups[0]) <= 3 or any(len(g) != 3 for g in groups[1:]))
    digits = "".join(groups)
    if grouped or not digits.isascii() or not digits.isdigit() or (comma and not (part.isdigit() and len(part) <= 2)):
        return None
    try:
        value = int(Decimal(f"{digits}.{part or '0'}") * 100)
    except InvalidOperation:
        return None
    return None if len(str(value)) > DIGITS else -value if whole.startswith("-") else value


class Day(DateField):
    """A date typed as 30.4.2026, 30-04-2026 or 2026-04-30."""

    widget = TextInput()

    def __init__(self, label: str, *, required: bool = False, **kw: Any) -> None:
        super().__init__(label, validators=[Filled() if required else Optional()], **kw)

    def process_formdata(self, valuelist: list[Any]) -> None:
        text = valuelist[0].strip() if valuelist else ""
        self.data = day(text) if text else None
        if text and self.data is None:
            raise ValueError(about(self, NO_DATE))
        if self.data and not FIRST_DAY <= self.data <= LAST_DAY:
            raise ValueError(about(self, DATE_RANGE, min="01-01-1990", max="31-12-2100"))

    def _value(self) -> str:
        if self.raw_data:
            return " ".join(self.raw_data)
        if self.data is None:
            return ""
        english = str(get_locale() or "da").startswith("en")  # who reads 8.6.2026 in English may think of August
        return self.data.isoformat() if english else f"{self.data.day}.{self.data.month}.{self.data.year}"


def day(text: str) -> date | None:
    """A date from one of the three ways it is written, or None."""
    for pattern in ("%d.%m.%Y", "%d-%m-%Y", "%Y-%m-%d"):
        try:
            return datetime.strptime(text, pattern).date()
        except ValueError:
            continue
    return None


class Pick(SelectField):
    """One of several values; refuses others in the reader's language. `coerce` gives None for the empty choice."""

    def __init__(self, label: str, *, required: bool = False, empty: str = "", **kw: Any) -> None:
        kw.setdefault("coerce", _given)
        given = kw.get("choices") or ()
        kw["choices"] = [_choice(pair) for pair in (given() if callable(given) else given)]
        super().__init__(label, validators=[Filled() if required else Optional()], **kw)

    @property
    def choices(self) -> Any:
        """The choices; pairs of value and label are taken too."""
        return self._choices

    @choices.setter
    def choices(self, given: Any) -> None:
        self._choices = None if given is None else [_choice(pair) for pair in given]

    def pre_validate(self, form: Form) -> None:
        if self.data in (None, ""):
            return
        if not any(str(value) == str(self.data) for value, *_ in self.iter_choices()):
            raise ValidationError(about(self, NO_CHOICE))


class Scale(Pick):
    """A figure on a scale from one; another figure is told the scale, another text that it is no number."""

    def __init__(self, label: str, *, most: int = 5, **kw: Any) -> None:
        self.most = most
        super().__init__(label, choices=[(str(n), f"{n}") for n in range(1, most + 1)], **kw)

    def pre_validate(self, form: Form) -> None:
        given = str(self.data or "")
        if given and not (given.isascii() and given.isdigit()):
            raise ValidationError(about(self, NO_NUMBER))
        if given and given not in {str(value) for value, *_ in self.iter_choices()}:
            raise ValidationError(about(self, NUMBER_RANGE, min=1, max=self.most))


def _choice(pair: Any) -> SelectChoice:
    return pair if isinstance(pair, SelectChoice) else SelectChoice(value=pair[0], label=pair[1])


def _given(value: Any) -> str | None:
    """The choice, none for blanks only: WTForms' Optional takes them for nothing and lets them through as they are."""
    text = str(value)
    return text if text.strip() and text != "None" else None


REASON_LABEL = N_("Reason")
