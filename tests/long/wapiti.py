"""Wapiti signed in as each role, against the demo served on this machine over TLS: no high or medium finding.

    python -m tests.long.wapiti [--role GRP …] [--scan 60] [--attack 20] [--wapiti PATH]

Wapiti (3.2.3) pins other versions of what the product uses, so it gets an environment of its own in a temporary
folder; --wapiti names a program that is there already. It needs Python below 3.13. Each role gets a fresh copy of the
demo, built first or copied from KONTROLRUL_SPEED_DATA. Everything stays on the loopback address: the modules that ask
a host outside (ssrf, xxe, log4shell) are left out, and ssl, which would look at the certificate made for the run.
"""

import argparse
import json
import os
import shutil
import socket
import ssl
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
import venv
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Any, NamedTuple

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from controls.app import create_app
from controls.base import demo, settings
from controls.base.db import db, transaction
from controls.identity import actions, queries
from controls.identity.permissions import Role

VERSION, HERE = "wapiti3==3.2.3", "127.0.0.1"
MODULES = (
    "backup", "cookieflags", "crlf", "csp", "csrf", "exec", "file", "htaccess", "http_headers", "ldap", "methods",
    "permanentxss", "redirect", "sql", "timesql", "upload", "xss",
)  # fmt: skip
LEVELS = ("info", "low", "medium", "high", "critical")
NOBODY = "nobody"
APART = ("/logout", "/me/sign-ins/*", "/login/demo", "/me/password")
"""Would sign the scanner out, or in as somebody else."""


class Finding(NamedTuple):
    """One line of the report."""

    level: str
    kind: str
    where: str


def made(folder: Path) -> Path:
    """Wapiti's program, in an environment of its own."""
    venv.create(folder, with_pip=True)
    subprocess.run([folder / "bin" / "pip", "install", "--quiet", VERSION], check=True, stderr=subprocess.DEVNULL)
    return folder / "bin" / "wapiti"


def certificate(folder: Path) -> tuple[Path, Path]:
    """Certificate and key for this address, for a day."""
    key, now = ec.generate_private_key(ec.SECP256R1()), datetime.now(UTC)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, HERE)])
    there = x509.SubjectAlternativeName([x509.IPAddress(ip_address(HERE))])
    built = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
        .serial_number(x509.random_serial_number()).not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(days=1)).add_extension(there, False).sign(key, hashes.SHA256())
    )  # fmt: skip
    pem = serialization.Encoding.PEM
    (folder / "cert.pem").write_bytes(built.public_bytes(pem))
    plain = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    (folder / "key.pem").write_bytes(plain)
    return folder / "cert.pem", folder / "key.pem"


def status(address: str, cookie: str = "") -> int:
    """What a page answers (redirects are not followed: 303 is 303)."""

    class Stay(urllib.request.HTTPRedirectHandler):
        def redirect_request(self, *args: Any) -> None:
            return None

    trusting = ssl.create_default_context()
    trusting.check_hostname, trusting.verify_mode = False, ssl.CERT_NONE
    door = urllib.request.build_opener(Stay, urllib.request.HTTPSHandler(context=trusting))
    try:
        asked = urllib.request.Request(address, headers={"Cookie": cookie})
        return int(door.open(asked, timeout=30).status)
    except urllib.error.HTTPError as error:
        return error.code


@contextmanager
def served(data: Path, folder: Path) -> Iterator[str]:
    """The product on a folder, by gunicorn on the loopback address over TLS; its address."""
    with socket.socket() as free:
        free.bind((HERE, 0))
        port = free.getsockname()[1]
    cert, key = certificate(folder)
    command = [
        sys.executable, "-m", "gunicorn", "-b", f"{HERE}:{port}", "--workers", "1", "--threads", "4", "--worker-class",
        "gthread", "--certfile", str(cert), "--keyfile", str(key), "--log-level", "critical", "wsgi:app",
    ]  # fmt: skip
    environ = os.environ | {"KONTROLRUL_DATA": str(data), "KONTROLRUL_HTTPS": "1"}
    environ.pop("DATABASE_URL", None)
    with (folder / "server.log").open("ab") as log:
        server = subprocess.Popen(command, env=environ, stdout=log, stderr=log)
    address = f"https://{HERE}:{port}"
    try:
        for _ in range(240):
            try:
                if status(f"{address}/healthz") == 200:
                    break
            except OSError:
                time.sleep(0.5)
        else:
            raise RuntimeError(f"the server does not answer: {(folder / 'server.log').read_text()[-2000:]}")
        yield address
    finally:
        server.terminate()
        server.wait(30)


def cookie(data: Path, role: str) -> str:
    """The cookie of the first person who holds a role, as the product itself gives it."""
    if role == NOBODY:
        return ""
    app = create_app(settings.read({"KONTROLRUL_DATA": str(data), "KONTROLRUL_HTTPS": "1"}))
    with app.app_context():
        now = demo.now()
        person = next(
            one for one, _code, roles in queries.everyone() if role in roles and queries.admitted(one, now.date())
        )
        with transaction():
            token = actions.sign_in(queries.by_of(person, now, now.date()), person, "wapiti").token
        serializer: Any = app.session_interface.get_signing_serializer(app)  # type: ignore[attr-defined]
        value = serializer.dumps({"sign_in": token})
        db.session.remove()
        db.engine.dispose()
    return f"{app.config['SESSION_COOKIE_NAME']}={value}"


def scanned(wapiti: Path, address: str, given: str, folder: Path, scan: int, attack: int) -> dict[str, Any]:
    """Wapiti's report."""
    report = folder / "report.json"
    command = [
        str(wapiti), "-u", f"{address}/", "--scope", "folder", "-m", ",".join(MODULES), "-d", "5",
        "--max-links-per-page", "40", "--max-files-per-dir", "6", "--max-scan-time", str(scan),
        "--max-attack-time", str(attack), "--tasks", "1", "--max-parameters", "60", "-t", "20", "--verify-ssl", "0",
        "--no-bugreport", "--flush-session", "-v", "0",
        "--store-session", str(folder / "session"), "--store-config", str(folder / "config"), "-dr", "1",
        "-f", "json", "-o", str(report),
    ]  # fmt: skip
    command += [part for path in APART for part in ("-x", address + path)]
    command += ["-C", given] if given else []
    environ = {name: value for name, value in os.environ.items() if "proxy" not in name.lower()}
    environ |= {"HOME": str(folder), "NO_PROXY": HERE}
    with (folder / "wapiti.log").open("wb") as log:
        subprocess.run(command, env=environ, stdout=log, stderr=subprocess.STDOUT, timeout=scan + attack * 40 + 600)
    if not report.exists():
        raise RuntimeError((folder / "wapiti.log").read_text()[-3000:])
    found: dict[str, Any] = json.loads(report.read_text())
    return found


def findings(report: dict[str, Any]) -> list[Finding]:
    """Vulnerabilities and anomalies of a report, the worst first."""
    lines = [
        (one["level"], Finding(LEVELS[one["level"]], kind, f"{one['method']} {one['path']} {one['parameter'] or ''} "
         f"{one['info']}"))
        for part in ("vulnerabilities", "anomalies") for kind, found in report[part].items() for one in found
    ]  # fmt: skip
    return [finding for _level, finding in sorted(lines, reverse=True)]


def main() -> None:
    """Build, serve, scan, print; exit 1 at a finding of medium or more, or when the scanner lost its sign-in."""
    from tests.speed.pages import built

    roles = [NOBODY, *(role.value for role in Role if role is not Role.SYS)]
    ask = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ask.add_argument("--role", choices=roles, action="append", help="only this role (several may be named)")
    ask.add_argument("--scan", type=int, default=60, help="seconds for finding pages")
    ask.add_argument("--attack", type=int, default=20, help="seconds for each module")
    ask.add_argument("--wapiti", type=Path, help="the program, when it is there already")
    given, bad = ask.parse_args(), 0
    with tempfile.TemporaryDirectory() as temp:
        folder = Path(temp)
        wapiti = given.wapiti or made(folder / "venv")
        app = built(folder / "demo")
        with app.app_context():
            db.session.remove()
            db.engine.dispose()
        for role in given.role or roles:
            own = folder / role
            own.mkdir()
            data = shutil.copytree(folder / "demo", own / "data")
            begun, sign_in = time.monotonic(), cookie(data, role)
            with served(data, own) as address:
                report = scanned(wapiti, address, sign_in, own, given.scan, given.attack)
                lost = bool(sign_in) and status(f"{address}/me", sign_in) != 200
            bad += shown(role, report, lost, time.monotonic() - begun)
    sys.exit(1 if bad else 0)


def shown(role: str, report: dict[str, Any], lost: bool, spent: float) -> int:
    """Print a role's findings; how many are of medium level or more."""
    found = findings(report)
    counted = Counter(finding.level for finding in found)
    numbers = ", ".join(f"{level} {counted[level]}" for level in reversed(LEVELS))
    pages = report["infos"].get("crawled_pages_nbr", len(report["infos"].get("crawled_pages", [])))
    print(f"{role}: {numbers}; {pages} pages, {spent:.0f} s{'; THE SIGN-IN WAS LOST' if lost else ''}")
    for finding in found[:20]:
        print(f"  {finding.level}: {finding.kind}: {finding.where[:300]}")
    sys.stdout.flush()
    return int(lost) + sum(counted[level] for level in LEVELS[2:])


if __name__ == "__main__":
    main()
