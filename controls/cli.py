"""Admin commands: they call actions and hold no rules."""

import getpass
import hashlib
import json
import os
import secrets
import sys
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import IO, NoReturn, TypeVar

import click
from flask import Flask, current_app
from flask.cli import AppGroup
from flask_babel import force_locale, gettext, ngettext
from flask_migrate import upgrade
from sqlalchemy.exc import SQLAlchemyError

from controls.assets.install import install
from controls.base import audit, checkpoint, files, openid, passwords, prove, verify
from controls.base import demo as marked
from controls.base.by import By
from controls.base.db import db, snapshot, transaction
from controls.base.fault import CannotTell, Exact, Fault
from controls.base.form import said
from controls.base.why import N_, Refused, Why
from controls.credential import actions as credentials
from controls.evidence import actions as keeping
from controls.evidence import queries as stored
from controls.evidence.words import CheckKind
from controls.identity import actions, queries
from controls.identity.permissions import Role, reach
from controls.identity.tables import Organisation, Person
from controls.papers import actions as papers
from controls.papers import certificate, certificate_out, workbook
from controls.papers import day as of_day
from controls.papers import package as packages
from controls.papers.rules import Contents
from controls.signin import actions as door
from controls.signin import queries as door_queries
from controls.staffing import queries as staffing
from controls.universe import actions as catalogue
from controls.universe import queries as catalogues

organisation_group = AppGroup("organisation", help="Organisations: the ministry's department and its agencies.")
user_group = AppGroup("user", help="People who can sign in.")
import_group = AppGroup("import", help="Take files in.")
export_group = AppGroup("export", help="Write files out.")
audit_group = AppGroup("audit", help="The log: whether it and the rows are what was written.")
evidence_group = AppGroup("evidence", help="The evidence files: whether they are what was stored.")
plan_group = AppGroup("plan", help="The plan of the years ahead.")
assets_group = AppGroup("assets", help="The design system's files.")


def system() -> By:
    """The command line as an author: SYS, with the host's user in the log."""
    ids = [organisation.id for organisation in queries.organisations()] or [0]
    name = f"{getpass.getuser()}@host"
    return By(None, name, Role.SYS.value, marked.now(), reach([(Role.SYS, id) for id in ids]))


def _stop(error: Refused | Exception | str) -> NoReturn:
    with force_locale("en"):
        lines = [said(reason) for reason in error.reasons] if isinstance(error, Refused) else [str(error)]
    raise click.ClickException("\n".join(lines))


def _organisation(code: str) -> Organisation:
    found = queries.organisation(code)
    if found is None:
        known = ", ".join(organisation.code for organisation in queries.organisations()) or "none yet"
        _stop(f"There is no organisation {code}. Known: {known}.")
    return found


@organisation_group.command("add")
@click.argument("code")
@click.option("--name-da", required=True, help="Danish name.")
@click.option("--name-en", default="", help="English name (the Danish one stands in).")
@click.option("--parent", default=None, help="Code of the ministry or agency above.")
def add_organisation(code: str, name_da: str, name_en: str, parent: str | None) -> None:
    """Add an organisation with CODE, for example STAR."""
    if parent:
        _organisation(parent)
    try:
        with transaction():
            actions.add_organisation(system(), code, name_da, name_en or name_da, parent)
    except Refused as refused:
        _stop(refused)
    click.echo(f"Organisation {code} was added.")


@user_group.command("add")
@click.argument("username")
@click.option("--name", required=True, help="Full name.")
@click.option("--organisation", "code", required=True, help="Code of the person's organisation.")
@click.option("--role", "roles", multiple=True, type=click.Choice([r.value for r in Role if r is not Role.SYS]))
@click.option("--unit", default="", help="Unit in the organisation.")
@click.option("--title", default="", help="Title.")
@click.option("--email", default="", help="E-mail address.")
@click.password_option(help="Password of at least 12 characters (asked for when left out).")
def add_user(
    username: str, name: str, code: str, roles: tuple[str, ...], unit: str, title: str, email: str, password: str
) -> None:
    """Add a person who signs in as USERNAME, with roles."""
    at = _organisation(code)
    try:
        with transaction():
            by = system()
            person = actions.add_person(
                by, username, name, at.id, password=password, unit=unit, title=title, email=email
            )
            for role in roles:
                actions.grant_role(by, person.id, Role(role), at.id)
    except Refused as refused:
        _stop(refused)
    click.echo(f"{name} can sign in as {username}.")


def _person(username: str) -> Person:
    found = queries.person(username)
    if found is None:
        _stop(f"There is nobody with the user name {username}. See flask user list.")
    return found


@user_group.command("list")
@click.option("--organisation", "code", default=None, help="Code of an organisation (else all).")
def list_users(code: str | None) -> None:
    """List people: user name, name, organisation, roles they hold today, and whether they are disabled."""
    if code:
        _organisation(code)
    today = marked.now().date()
    for person, where, _roles in queries.everyone():
        if code in (None, where):
            held = sorted({role.value for role, _ in queries.held(person.id, today)})
            out = "" if queries.admitted(person, today) else "disabled"
            click.echo("\t".join([person.username, person.name, where, " ".join(held) or "-", out]).rstrip())


@user_group.command("roles")
@click.argument("username")
def list_roles(username: str) -> None:
    """List the roles USERNAME holds or has held: role, organisation, from, to, granted by."""
    codes = {organisation.id: organisation.code for organisation in queries.organisations()}
    for grant in queries.grants(_person(username).id):
        until = grant.valid_to.isoformat() if grant.valid_to else "-"
        where, since = codes[grant.organisation_id], grant.valid_from.isoformat()
        click.echo("\t".join([grant.role.value, where, since, until, grant.granted_by]))


@user_group.command("password")
@click.argument("username")
def reset_password(username: str) -> None:
    """Give USERNAME a random password, printed once, that must be changed at the first sign-in."""
    person, password = _person(username), "-".join(secrets.token_hex(2) for _ in range(5))
    hashed = passwords.digest(password)
    try:
        with transaction():
            actions.reset_password(system(), person.id, hashed)
    except Refused as refused:
        _stop(refused)
    click.echo(f"Password of {username}, to be changed at the first sign-in: {password}")


@user_group.command("disable")
@click.argument("username")
@click.option("--hand-over", is_flag=True, help="Let what the person answers for stand in the hand-over queue.")
def disable_user(username: str, hand_over: bool) -> None:
    """Let USERNAME in no more; sign-ins that count end at once. First told is what the person answers for."""
    owned = staffing.owned_by(_person(username).id, marked.now().date())
    if owned and not hand_over:
        told = ", ".join(f"{number} × {kind}" for kind, number in owned)
        _stop(f"{username} answers for {told}. Give it over first, or run this again with --hand-over: then it stands "
              "in the hand-over queue.")  # fmt: skip
    _do(lambda: actions.disable_person(system(), _person(username).id), f"{username} is disabled.")


@user_group.command("enable")
@click.argument("username")
def enable_user(username: str) -> None:
    """Let USERNAME in again."""
    _do(lambda: actions.enable_person(system(), _person(username).id), f"{username} can sign in again.")


@user_group.command("end-app")
@click.argument("username")
def end_app(username: str) -> None:
    """End the authenticator app and recovery codes of USERNAME, who has lost them."""
    done = f"{username} signs in without a one-time code until an app is added again."
    _do(lambda: credentials.end_app(system(), _person(username).id), done)


@user_group.command("link")
@click.argument("username")
@click.option("--subject", required=True, help="What the OpenID provider calls the person (the claim sub or oid).")
def link_user(username: str, subject: str) -> None:
    """Link USERNAME with a work account at the OpenID provider."""
    try:
        provider = door_queries.provider()
    except openid.NotSettled as error:
        _stop(error)
    if provider is None:
        _stop(f"There is no OpenID provider: write {current_app.config['KONTROLRUL'].openid_file} first.")
    _do(lambda: door.link_account(system(), _person(username), provider.issuer, subject),
        f"{username} can sign in with work account.")  # fmt: skip


@user_group.command("emergency")
@click.argument("username")
@click.option("--reason", required=True, help="Why it is needed; auditors read it.")
def emergency(username: str, reason: str) -> None:
    """Print a link that signs USERNAME in once within 15 minutes; it is logged and told to the auditors."""
    person, settings = _person(username), current_app.config["KONTROLRUL"]
    try:
        with transaction():
            token = door.make_emergency(system(), person, reason)
    except Refused as refused:
        _stop(refused)
    scheme = "https" if settings.https else "http"
    click.echo(f"Opens once, within 15 minutes, as {person.name}:")
    click.echo(f"{scheme}://{settings.hosts[0]}/login/emergency/{token}")


def _do(act: Callable[[], object], done: str) -> None:
    try:
        with transaction():
            act()
    except Refused as refused:
        _stop(refused)
    click.echo(done)


@import_group.command("catalogue")
@click.option("--organisation", "code", required=True, help="Code of the organisation the catalogue is for.")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
def import_catalogue(code: str, file: Path) -> None:
    """Take in a catalogue of processes from FILE (CSV or xlsx): all rows or none."""
    at, data = _organisation(code), file.read_bytes()
    try:
        entries = catalogues.read_catalogue(data, file.name)
        with transaction():
            found = catalogue.import_catalogue(system(), at.id, entries, file.name, hashlib.sha256(data).hexdigest())
    except Refused as refused:
        _stop(refused)
    click.echo(f"{code}: {found.new} new, {found.changed} changed, {found.same} unchanged, from {file.name}.")


@export_group.command("workbook")
@click.option("--organisation", "code", required=True, help="Code of the organisation.")
@click.option("--year", required=True, type=int, help="Year of the cycle.")
@click.option("--out", required=True, type=click.Path(dir_okay=False, path_type=Path), help="File to write.")
@click.option("--lang", default="da", type=click.Choice(["da", "en"]), help="Language of sheets and headings.")
def export_workbook(code: str, year: int, out: Path, lang: str) -> None:
    """Write the audit workbook of a year."""
    at, by = _organisation(code), system()
    _export(out, lambda file: workbook.write(by, at, year, lang, file), lambda made: papers.record_export(by, at, made))


Made = TypeVar("Made", bound=Contents)


def _export(out: Path, write: Callable[[IO[bytes]], Made], record: Callable[[Made], None]) -> None:
    """Write a workbook and put it into the log, and say what it holds."""
    try:
        with out.open("w+b") as file:
            summary = write(file)
        with transaction():
            record(summary)
    except (Refused, OSError) as error:
        _stop(error)
    click.echo(f"{out}: {len(summary.sheets)} sheets, {summary.rows} rows, content SHA-256 {summary.digest}")


@export_group.command("catalogue")
@click.option("--organisation", "code", required=True, help="Code of the organisation.")
@click.option("--on", required=True, type=click.DateTime(["%Y-%m-%d"]), help="The day, as 2024-12-31.")
@click.option("--out", required=True, type=click.Path(dir_okay=False, path_type=Path), help="File to write.")
@click.option("--lang", default="da", type=click.Choice(["da", "en"]), help="Language of sheets and headings.")
def export_catalogue(code: str, on: datetime, out: Path, lang: str) -> None:
    """Write the catalogue as it was recorded by the end of a day, with what was closed and every change."""
    at, by = _organisation(code), system()
    day = min(on.date(), by.today)
    _export(out, lambda file: of_day.write(by, at, day, lang, file), lambda made: papers.record_day(by, at, made))


@export_group.command("certificate")
@click.option("--organisation", "code", required=True, help="Code of the organisation; those below it are in it.")
@click.option("--on", required=True, type=click.DateTime(["%Y-%m-%d"]), help="The day, as 2024-12-31.")
@click.option("--out", required=True, type=click.Path(dir_okay=False, path_type=Path), help="File to write.")
@click.option("--form", default="pdf", type=click.Choice([*certificate_out.FORMS]), help="On paper or as a workbook.")
@click.option("--lang", default="da", type=click.Choice(["da", "en"]), help="Language of the certificate.")
def export_certificate(code: str, on: datetime, out: Path, form: str, lang: str) -> None:
    """Write the coverage certificate of a day, what is missing first: the same bytes as the page's."""
    at, by = _organisation(code), system()
    try:
        with snapshot():
            found = certificate.certify(by, at, on.date())
        data, made = certificate_out.made(found, form, lang)
        out.write_bytes(data)
        with transaction():
            papers.record_certificate(by, at, made)
    except (Refused, OSError) as error:
        _stop(error)
    click.echo(f"{out}: {made.active} sub-processes, {made.missing} not covered, content SHA-256 {made.digest}, "
               f"file SHA-256 {made.file_digest}")  # fmt: skip


@export_group.command("package")
@click.option("--organisation", "code", required=True, help="Code of the organisation.")
@click.option("--year", required=True, type=int, help="Year of the cycle.")
@click.option("--out", required=True, type=click.Path(dir_okay=False, path_type=Path), help="File to write (zip).")
@click.option(
    "--since", type=click.Path(exists=True, path_type=Path), help="Older package or checkpoint to go on from."
)
@click.option("--lang", default="da", type=click.Choice(["da", "en"]), help="Language of the workbook.")
def export_package(code: str, year: int, out: Path, since: Path | None, lang: str) -> None:
    """Write the audit package of a year: workbook, evidence, log and a checker that needs nothing but Python."""
    at, by, part = _organisation(code), system(), out.with_name(f".{out.name}.part")
    try:
        older = packages.checkpoint_in(since) if since else None
        with part.open("w+b") as file:
            packed = packages.write(by, at, year, lang, file, older)
        with transaction():
            papers.record_package(by, at, packed)
        part.replace(out)
    except (Refused, OSError, CannotTell) as error:
        _stop(error)
    finally:
        part.unlink(missing_ok=True)
    click.echo(f"{out}: {packed.files} files, {packed.rows} rows, {packed.events} events, {packed.evidence} pieces of "
               f"evidence ({packed.missing} missing), manifest SHA-256 {packed.digest}")  # fmt: skip


def _language(context: click.Context, option: click.Parameter, value: str | None) -> str:
    """The language asked for, else that of the machine's locale."""
    return value or ("da" if (os.environ.get("LC_ALL") or os.environ.get("LANG") or "").startswith("da") else "en")


in_language = click.option(
    "--lang", default=None, callback=_language, type=click.Choice(["da", "en"]),
    help="Language of the sentences (default: the machine's).",
)  # fmt: skip


UNTOLD = (CannotTell, SQLAlchemyError, OSError)
"""Why nothing can be said about the log."""
NO_DATABASE = Why("database.unread", N_("The database cannot be read: {error}"))
NO_FILE = Why("file.unread", N_("The file cannot be read or written: {error}"))


def _cannot_tell(error: CannotTell | SQLAlchemyError | OSError, lang: str) -> NoReturn:
    why = NO_FILE if isinstance(error, OSError) else NO_DATABASE
    reason = error.reason if isinstance(error, CannotTell) else why(error=Exact(getattr(error, "orig", None) or error))
    with force_locale(lang):
        click.echo(gettext("Cannot tell: %(why)s", why=said(reason)), err=True)
    sys.exit(2)


@audit_group.command("verify")
@click.option("--checkpoint", "file", default=None, type=click.Path(path_type=Path), help="A checkpoint kept outside.")
@click.option("--json", "as_json", is_flag=True, help="Print the faults as JSON.")
@in_language
def verify_log(file: Path | None, as_json: bool, lang: str) -> None:
    """Check log, head, checkpoints, logged rows and evidence files.

    Exit status: 0 all is sound, 1 something was changed (all faults are listed), 2 cannot tell.
    """
    try:
        given = [(str(file), checkpoint.read(file))] if file else []
        found = verify.faults(db.session(), current_app.config["KONTROLRUL"].keys, given)
    except UNTOLD as error:
        _cannot_tell(error, lang)
    with force_locale(lang):
        if as_json:
            click.echo(json.dumps([_fault(fault) for fault in found], ensure_ascii=False, indent=1))
        else:
            for fault in found:
                click.echo(said(fault.reason))
            sums = (
                ngettext("%(num)s fault.", "%(num)s faults.", len(found)) if found else gettext("Everything is sound.")
            )
            click.echo(sums)
    sys.exit(1 if found else 0)


def _fault(fault: Fault) -> dict[str, str]:
    where = {"table": fault.table, "row": fault.row, "column": fault.column, "file": fault.file}
    return {"code": fault.why.code, **where, "text": said(fault.reason)}


@audit_group.command("checkpoint")
@click.option("--out", default=None, type=click.Path(dir_okay=False, path_type=Path), help="File to write it to.")
@in_language
def make_checkpoint(out: Path | None, lang: str) -> None:
    """Sign the log's size and root as they are now: keep it outside the house and verify with it later."""
    try:
        made = checkpoint.make(db.session(), current_app.config["KONTROLRUL"].keys, marked.now())
        if out:
            out.write_text(made.text, encoding="utf-8")
    except UNTOLD as error:
        _cannot_tell(error, lang)
    click.echo(f"{out}: {made.size} events." if out else made.text, nl=bool(out))


@audit_group.command("key")
@in_language
def show_key(lang: str) -> None:
    """Print the public key of the checkpoints: name, key id and key (C2SP signed-note verifier key)."""
    try:
        click.echo(checkpoint.verifier(current_app.config["KONTROLRUL"].keys))
    except UNTOLD as error:
        _cannot_tell(error, lang)


@audit_group.command("prove")
@click.argument("seq", type=int)
@click.option("--since", default=None, type=click.Path(path_type=Path), help="An older checkpoint kept outside.")
@in_language
def prove_event(seq: int, since: Path | None, lang: str) -> None:
    """Print the proof (JSON) that event SEQ is in the log, and that the log continues the one of an older checkpoint.

    Exit status: 0 proved, 1 it does not hold, 2 cannot tell.
    """
    try:
        older = (since.name, checkpoint.read(since)) if since else None
        with snapshot() as session:
            made = prove.prove(session, current_app.config["KONTROLRUL"].keys, seq, marked.now(), older)
    except prove.Unproved as error:
        with force_locale(lang):
            click.echo(said(error.reason), err=True)
        sys.exit(1)
    except UNTOLD as error:
        _cannot_tell(error, lang)
    click.echo(json.dumps(made, ensure_ascii=False, indent=1))


@audit_group.command("adopt")
def adopt_log() -> None:
    """Give the log of an installation from before the codes its codes and its head (once, after the upgrade)."""
    try:
        with transaction() as session:
            size = audit.adopt(session)
    except audit.Broken as error:
        _stop(error)
    click.echo(f"{size} events carry codes now.")


@evidence_group.command("verify")
@in_language
def verify_evidence(lang: str) -> None:
    """Hash every stored file again; the result stands on the pages for auditors and administrators.

    Exit status: 0 all is sound, 1 a file is changed or missing (all are listed), 2 cannot tell.
    """
    try:
        seen = stored.check_files()
        with transaction():
            keeping.record_check(system(), CheckKind.ALL, seen)
    except UNTOLD as error:
        _cannot_tell(error, lang)
    with force_locale(lang):
        for one in seen.amiss:
            click.echo(said(stored.fault(one).reason))
        click.echo(ngettext("%(num)s file was hashed again.", "%(num)s files were hashed again.", seen.files))
        lock = files.current_store().lock()
        if lock:
            click.echo(gettext("The storage locks new files (%(mode)s).", mode=lock))
    sys.exit(1 if seen.amiss else 0)


@click.command("scheduler")
@click.option("--once", is_flag=True, help="Run what is due now, and end.")
def run_scheduler(once: bool) -> None:
    """Run the daily jobs, as a process of its own; a second one waits until the first is gone."""
    from controls.jobs import runner  # loaded only here: no page needs the scheduler

    if not once:
        runner.run_for_ever(current_app._get_current_object())  # type: ignore[attr-defined]
        return
    lease = runner.Lease()
    if not lease.held():
        click.echo("Another scheduler runs the jobs.")
        return
    for job, state in runner.tick():
        click.echo(f"{job.value}: {state.value}")
    lease.release()


@plan_group.command("propose")
def run_planner() -> None:
    """Let the planner answer what it was asked for and nobody works on; pages begin this themselves."""
    from controls.jobs import runner  # loaded only here, with the solver: no page needs either

    for state in runner.propose_waiting():
        click.echo(state.value)


@assets_group.command("install")
def install_assets() -> None:
    """Fetch the design system through npm and copy what the pages use."""
    install(Path(current_app.static_folder or "controls/static"))
    click.echo("The design system is in place.")


@click.command("demo")
@click.option("--no-serve", is_flag=True, help="Only build the demo database.")
@click.option("--port", default=8000, help="Port on 127.0.0.1.")
def run_demo(no_serve: bool, port: int) -> None:
    """Build the demo (once) and serve it on 127.0.0.1; never touches a database with real data."""
    from controls.demo import play  # loaded only here: a real installation never reads the demo's data

    install(Path(current_app.static_folder or "controls/static"))
    upgrade()
    try:
        play.build(click.echo)
    except (Refused, RuntimeError) as error:
        _stop(error)
    if no_serve:
        return
    with transaction():
        marked.start_clock(play.OPENS)
    click.echo(f"Point your browser at http://127.0.0.1:{port}/ and choose a person, for example:")
    for name, role in play.GUIDES:
        click.echo(f"  {name:<20} {role}")
    click.echo("Stop with Ctrl+C.")
    _serve(port)


def _serve(port: int) -> NoReturn:
    """Serve with gunicorn in this process's place."""
    os.execv(
        sys.executable,
        [sys.executable, "-m", "gunicorn", "--bind", f"127.0.0.1:{port}", "--workers", "2", "--threads", "8",
         "--worker-class", "gthread", "--log-level", "warning", "--no-control-socket", "wsgi:app"],
    )  # fmt: skip


def register(app: Flask) -> None:
    """Add the commands."""
    for group in (
        audit_group, evidence_group, organisation_group, user_group, import_group, export_group, plan_group,
        assets_group,
    ):  # fmt: skip
        app.cli.add_command(group)
    app.cli.add_command(run_demo)
    app.cli.add_command(run_scheduler)
