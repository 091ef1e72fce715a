"""wapiti against the served demo, signed in as each role and as nobody: no high or medium finding.

    python -m tests.long.wapiti [--roles GRP,AUD,…] [--minutes 3]

The scanner (wapiti3 3.2.3, https://wapiti-scanner.github.io) is installed in an environment of its own below a
temporary folder; the demo is built there too, and served by gunicorn on loopback. Each role's browser is signed in
through the demo's own page. Prints the findings of each role by severity, and each high or medium one whole.
"""

import argparse
import http.client
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

HOST, ROOT = "127.0.0.1", Path(__file__).parents[2]
SCANNER = "wapiti3==3.2.3"
LEVELS = {0: "information", 1: "low", 2: "medium", 3: "high", 4: "critical"}
LEAST = 2
"""From medium on nothing may be found."""
NOBODY = "nobody"
LEFT_OUT = ("/logout", "/login/demo", "/me/language", "/static/")
MODULES = (
    "common,exec,file,redirect,sql,ssrf,xss,permanentxss,timesql,xxe,crlf,csp,cookieflags,http_headers,methods,csrf"
)


def scanner(folder: Path) -> Path:
    """The scanner in an environment of its own."""
    subprocess.run([sys.executable, "-m", "venv", folder / "scanner"], check=True)
    subprocess.run([folder / "scanner/bin/pip", "install", "--quiet", SCANNER], check=True)
    return folder / "scanner/bin/wapiti"


def people(environ: dict[str, str]) -> dict[str, str]:
    """A person of the demo for each role."""
    asked = (
        "from controls.app import create_app; from controls.identity import queries; import json\n"
        "app = create_app()\n"
        "with app.app_context():\n"
        "    print(json.dumps({str(role): one.username for one, _, roles in queries.everyone() for role in roles}))"
    )
    done = subprocess.run([sys.executable, "-W", "ignore", "-c", asked], env=environ, cwd=ROOT, check=True,
                          capture_output=True, text=True)  # fmt: skip
    found: dict[str, str] = json.loads(done.stdout)
    return found


@contextmanager
def served(environ: dict[str, str]) -> Iterator[int]:
    """The demo, served as README says; its port."""
    with socket.socket() as free:
        free.bind((HOST, 0))
        port = free.getsockname()[1]
    server = subprocess.Popen(
        [sys.executable, "-m", "gunicorn", "--worker-class", "gthread", "--threads", "8", "--bind", f"{HOST}:{port}",
         "--log-level", "critical", "wsgi:app"], env=environ, cwd=ROOT, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        for _ in range(600):
            with suppress(OSError), socket.create_connection((HOST, port), 1):
                break
            time.sleep(0.1)
        yield port
    finally:
        server.terminate()
        server.wait()


def cookie(port: int, person: str) -> str:
    """The cookie of a sign-in through the demo's page."""

    def ask(method: str, path: str, body: str = "", cookie: str = "") -> tuple[int, str, str]:
        connection = http.client.HTTPConnection(HOST, port, timeout=60)
        headers = {"Cookie": cookie, "Content-Type": "application/x-www-form-urlencoded"}
        connection.request(method, path, body, headers)
        answer = connection.getresponse()
        page = answer.read().decode()
        connection.close()
        return answer.status, (answer.headers.get("Set-Cookie") or "").partition(";")[0], page

    _, first, page = ask("GET", "/login")
    token = re.search(r'name="csrf_token" value="([^"]+)"', page)
    assert token is not None
    status, signed_in, _ = ask("POST", "/login/demo", urlencode({"csrf_token": token[1], "person": person}), first)
    assert status == 303, f"{person} is not let in: {status}"
    return signed_in


def scan(wapiti: Path, folder: Path, port: int, role: str, signed_in: str, minutes: int) -> list[dict[str, Any]]:
    """The findings of one role, each with its category."""
    report = folder / f"{role}.json"
    command = [
        str(wapiti), "-u", f"http://{HOST}:{port}/", "--scope", "domain", "-f", "json", "-o", str(report), "-v", "0",
        "--flush-session", "--store-session", str(folder / role), "--store-config", str(folder / "config"),
        "--no-bugreport", "-m", MODULES, "--max-scan-time", str(minutes * 60), "--max-attack-time", str(minutes * 20),
        "--max-links-per-page", "60", "--max-files-per-dir", "40", "--tasks", "4", "-t", "20",
    ]  # fmt: skip
    command += [part for path in LEFT_OUT for part in ("-x", f"http://{HOST}:{port}{path}*")]
    command += ["-H", f"Cookie: {signed_in}"] if signed_in else []
    done = subprocess.run(command, capture_output=True, text=True, timeout=minutes * 60 * 12)
    assert report.exists(), done.stdout[-2000:] + done.stderr[-2000:]
    told = json.loads(report.read_text())
    print(f"{role}: {told['infos'].get('crawled_pages_nbr', '?')} pages", flush=True)
    return [
        {"category": category, **one}
        for kind in ("vulnerabilities", "anomalies")
        for category, found in told[kind].items() for one in found
    ]  # fmt: skip


def main() -> int:
    """Print the findings; 1 when one is medium or worse."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--roles", default="", help="which roles, comma between them (default: all, and nobody)")
    parser.add_argument("--minutes", type=int, default=3, help="for the crawl; each attack has a third of it")
    given = parser.parse_args()
    folder, bad = Path(tempfile.mkdtemp(prefix="kontrolrul-wapiti-")), 0
    environ = {**os.environ, "KONTROLRUL_DATA": str(folder / "data")}
    try:
        wapiti = scanner(folder)
        subprocess.run([sys.executable, "-W", "ignore", "-m", "flask", "demo", "--no-serve"], env=environ, cwd=ROOT,
                       check=True, stdout=subprocess.DEVNULL)  # fmt: skip
        who = people(environ)
        for role in given.roles.split(",") if given.roles else [*sorted(who), NOBODY]:
            with served(environ) as port:
                found = scan(wapiti, folder, port, role, cookie(port, who[role]) if role in who else "", given.minutes)
            counted = Counter(LEVELS.get(one["level"], str(one["level"])) for one in found)
            print(f"{role}: {dict(counted) or 'nothing found'}", flush=True)
            for one in found:
                if one["level"] >= LEAST:
                    bad += 1
                    print(f"  {LEVELS[one['level']]} {one['category']}: {one['method']} {one['path']} "
                          f"{one['parameter'] or ''}: {one['info']}", flush=True)  # fmt: skip
        print(f"{bad} medium or worse")
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return 1 if bad else 0


if __name__ == "__main__":
    raise SystemExit(main())
