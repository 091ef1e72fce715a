"""The frame of every page: entries of the menu, number of tasks, banners, the reader."""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from flask import Flask, g, request, url_for

from controls.base import checkpoint, demo
from controls.base.by import By
from controls.base.form import said
from controls.base.why import N_
from controls.identity.permissions import Permission
from controls.web import guard
from controls.web.words import label as _
from controls.web.words import language, long_date

TASK_COUNT: list[Callable[[By], int]] = []
"""Filled by app.py: how many tasks a person has, in one query."""


def _menu(by: By | None) -> list[tuple[str, str]]:
    """Links beneath the reader's name."""
    reads = by is not None and bool(by.everywhere(Permission.CONTENT_READ))
    lends = by is not None and (by.visits or by.may(Permission.VISITING_ASK) or by.may(Permission.ACCOUNT_MANAGE))
    return [
        (_("My settings"), "/me"),
        (_("Messages"), "/notifications"),
        (_("Stand-ins"), "/me/stand-ins"),
        *([(_("Visiting roles"), "/visiting")] if lends else []),
        *((_(name), path) for name, path, permission in MENU if by is not None and by.may(permission)),
        *([(_("Exemptions"), "/exceptions")] if reads else []),
    ]


def _footer(by: By | None) -> list[tuple[str, str]]:
    """Links at the foot of each page, in the same place for everybody (WCAG 2.2, 3.2.6)."""
    scales = [(_("Scales and risk bands"), "/help/scales")] if by and by.may(Permission.CATALOGUE_READ) else []
    return [*scales, (_("Accessibility statement"), "/accessibility")]


Listed = TypeVar("Listed", bound=Sequence[Any])


def told(tasks: Listed) -> Listed:
    """A page that lists all tasks tells their number, so that the frame need not count them."""
    g.tasks = len(tasks)
    return tasks


@dataclass(frozen=True)
class Entry:
    """One of the six entries; `under` are the first parts of the paths it stands for."""

    label: str
    path: str
    permission: Permission | None
    under: tuple[str, ...]


CATALOGUE = (
    "processes",
    "subprocesses",
    "controls",
    "reviews",
    "findings",
    "import",
    "settings/handover",
    "settings/owners",
    "settings/staffing",
    "settings/proposed",
)
ENTRIES = (
    Entry(N_("My tasks"), "/", None, ("", "tasks", "assessments")),
    Entry(N_("Processes"), "/processes", Permission.CATALOGUE_READ, CATALOGUE),
    Entry(N_("Five-year roll"), "/plan", Permission.CATALOGUE_READ, ("plan",)),
    Entry(N_("Annual wheel"), "/cycles", Permission.CATALOGUE_READ, ("cycles", "wheel", "help", "settings/scales")),
    Entry(N_("VD-forum"), "/forum", Permission.CONTENT_READ, ("forum",)),
    Entry(N_("Reports"), "/reports", Permission.WORKBOOK_EXPORT, ("reports", "log")),
)


MENU = (
    (N_("Settings: scales"), "/settings/scales", Permission.CYCLE_CONFIGURE),
    (N_("Hand-over queue"), "/settings/handover", Permission.CATALOGUE_EDIT),
    (N_("Owners and deputies"), "/settings/owners", Permission.CATALOGUE_EDIT),
    (N_("Staffing check"), "/settings/staffing", Permission.CATALOGUE_EDIT),
    (N_("Users and roles"), "/users", Permission.ACCOUNT_READ),
    (N_("Log"), "/log", Permission.LOG_READ),
    (N_("Verification"), "/verification", Permission.LOG_VERIFY),
    (N_("Removal of personal texts"), "/redactions", Permission.REDACTION_READ),
    (N_("Custody of evidence"), "/evidence/requests", Permission.EVIDENCE_JUDGE),
    (N_("Disposal of evidence"), "/evidence/disposal", Permission.EVIDENCE_DISPOSE),
    (N_("Scheduled jobs"), "/jobs", Permission.JOB_READ),
)
"""Links beneath the reader's name that take a permission."""


@dataclass(frozen=True)
class Shown:
    """An entry as the page shows it."""

    label: str
    href: str
    current: bool


@dataclass(frozen=True)
class Reader:
    """Who reads."""

    name: str
    organisation: str


def entries(by: By) -> list[Shown]:
    """The entries this reader can open."""
    first, *rest = request.path.strip("/").split("/")
    here = {first, "/".join([first, *rest[:1]])}
    return [
        Shown(_(entry.label), entry.path, not here.isdisjoint(entry.under))
        for entry in ENTRIES
        if entry.permission is None or by.may(entry.permission)
    ]


def tasks(by: By) -> int:
    """Number of tasks, asked once a request."""
    if "tasks" not in g:
        g.tasks = sum(count(by) for count in TASK_COUNT)
    number: int = g.tasks
    return number


def register(app: Flask) -> None:
    """Give every template its frame."""

    addresses: dict[tuple[str, str], str] = {}

    def asset(path: str) -> str:
        """The address of a static file with its digest; a changed file is seen at the next start."""
        key = (request.script_root, path)
        if key not in addresses:
            file = Path(app.static_folder or "") / path
            digest = hashlib.sha256(file.read_bytes()).hexdigest()[:12] if file.is_file() else None
            addresses[key] = url_for("static", filename=path, v=digest)
        return addresses[key]

    app.jinja_env.globals["asset"] = asset

    @app.context_processor
    def frame() -> dict[str, Any]:
        by: By | None = g.get("by")
        person, own = g.get("person"), g.get("own_organisation")
        banners = []
        if demo.is_demo():
            today = {"date": long_date(demo.now())}
            banners.append(_("Demo: people and events are made up. The demo's clock shows %(date)s.") % today)
        fault = checkpoint.startup_fault()
        if fault is not None and by and (by.may(Permission.LOG_READ) or by.may(Permission.ACCOUNT_MANAGE)):
            banners.append(said(fault.reason))
        organisation = "" if own is None else (own.name_en if language() == "en" and own.name_en else own.name_da)
        return {
            "by": by, "today": demo.now().date() if by is None else by.today,
            "user": Reader(person.name, organisation) if person else None, "language": language(),
            "this_page": request.full_path.rstrip("?"),
            "menu_links": _menu(by),
            "footer_links": _footer(by),
            "sign_in_left": guard.left() if by else None,
            "entries": entries(by) if by else [], "tasks": tasks(by) if by else 0, "banners": banners,
            "acting_for": by.principal if by else "",
            "may": by.may if by else (lambda *a, **k: False), "year": (by.today if by else demo.now().date()).year,
            "Permission": Permission, "search_url": "/search" if by and by.may(Permission.CATALOGUE_READ) else "",
        }  # fmt: skip
