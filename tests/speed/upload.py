"""Upload of a large file through the page, beside a bare copy of the same bytes that is hashed on the way.

    python -m tests.speed.upload [--megabytes 20] [--rounds 5] [--store folder|s3|both]

The whole request is measured: form, look at the file in a child process, hash, store with fsync, row and log. The
body is read from a file on the disk, as a server hands it over. The floor reads it in pieces, hashes and writes them,
and puts the copy on the disk. Both run alternately; MB a second of wall time, CPU of this process, the ratio of the
two, how long the look at the file takes alone (a text is read for numbers like those of people), and by how much this
process grew at most.
"""

import argparse
import gc
import hashlib
import os
import random
import resource
import statistics
import tempfile
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path
from time import perf_counter, process_time

from flask import Flask
from werkzeug.test import EnvironBuilder

from controls.app import create_app
from controls.base import child
from controls.base.db import db
from controls.base.settings import Settings, Storage
from controls.evidence import queries
from controls.identity.permissions import Role
from tests import make
from tests.evidence.conftest import object_storage
from tests.speed.pages import Caller, signed_in

MB, CHUNK = 1_000_000, 1024 * 1024
SEAM = "kontrolrul-speed"
LETTERS = str.maketrans("0123456789", "ghijklmnop")
"""No figures in the text: it would be asked about numbers like those of people."""
FIELDS = {"subject_type": "test_subject", "subject_id": "1", "shows": "Udtræk", "next": "/me"}
HEAD = "\r\n".join(
    part for name, value in FIELDS.items()
    for part in (f"--{SEAM}", f'Content-Disposition: form-data; name="{name}"', "", value)
)  # fmt: skip
FILE = f'\r\n--{SEAM}\r\nContent-Disposition: form-data; name="file"; filename="stor.txt"\r\n\r\n'


def body(path: Path, megabytes: int, turn: int) -> None:
    """A form with a text file of this size that no other round has."""
    drawn = random.Random(turn)
    with path.open("wb") as file:
        file.write((HEAD + FILE).encode())
        for _ in range(megabytes):
            file.write(drawn.randbytes(MB // 2).hex().translate(LETTERS).encode())
        file.write(f"\r\n--{SEAM}--\r\n".encode())


def sent(caller: Caller, path: Path) -> tuple[float, float]:
    """Seconds of wall time and of CPU of one upload."""
    environ = EnvironBuilder(path="/evidence", method="POST", base_url="http://localhost").get_environ()
    with path.open("rb") as file:
        environ |= {
            "HTTP_COOKIE": caller.cookie, "CONTENT_TYPE": f"multipart/form-data; boundary={SEAM}",
            "CONTENT_LENGTH": str(path.stat().st_size), "wsgi.input": file,
        }  # fmt: skip
        found: list[str] = []
        wall, cpu = perf_counter(), process_time()
        answer = caller.app.wsgi_app(environ, lambda status, headers, error=None: found.append(status))
        b"".join(answer)
        answer.close()  # type: ignore[attr-defined]
        spent = perf_counter() - wall, process_time() - cpu
    assert found[0].startswith("303"), found
    return spent


def copied(path: Path, target: Path) -> tuple[float, float]:
    """The floor: read, hash, write, fsync."""
    wall, cpu, digest = perf_counter(), process_time(), hashlib.sha256()
    with path.open("rb") as source, target.open("wb", buffering=0) as out:
        while chunk := source.read(CHUNK):
            digest.update(chunk)
            out.write(chunk)
        os.fsync(out.fileno())
    spent = perf_counter() - wall, process_time() - cpu
    target.unlink()
    return spent


def looked(path: Path) -> float:
    """Wall time of the look at the file in its child process."""
    wall = perf_counter()
    with path.open("rb") as file:
        child.run("controls.evidence.content:examine", file.fileno(), "txt")
    return perf_counter() - wall


def peak() -> float:
    """The most memory that this process had, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / MB


def measure(app: Flask, folder: Path, name: str, megabytes: int, rounds: int) -> None:
    """Print the line of one store."""
    with app.app_context():
        db.create_all()
        star = make.organisation("STAR")
        owner = make.person("ejer", Role.OWN, star)
        of = queries.Subject(star.id, frozenset({owner.id}))
        queries.SUBJECTS["test_subject"] = lambda id: of
        db.session.rollback()
    caller, path = signed_in(app, "ejer"), folder / "body"
    body(path, 1, 0)
    sent(caller, path), copied(path, folder / "copy")
    gc.collect()
    looks: list[float] = []
    ours, floor, before = list[tuple[float, float]](), list[tuple[float, float]](), peak()
    for turn in range(1, rounds + 1):
        body(path, megabytes, turn)
        floor.append(copied(path, folder / "copy"))
        ours.append(sent(caller, path))
        looks.append(looked(path))
    grown = peak() - before
    wall, cpu = (statistics.median(one[at] for one in ours) for at in (0, 1))
    bare, bare_cpu = (statistics.median(one[at] for one in floor) for at in (0, 1))
    times = f"{cpu * 1000:>9.0f}{bare_cpu * 1000:>10.0f}{cpu / bare_cpu:>8.2f}"
    rest = f"{statistics.median(looks) * 1000:>9.0f}{grown:>10.1f}"
    print(f"{name:<8}{megabytes / wall:>8.1f}{megabytes / bare:>9.1f}{wall / bare:>8.2f}{times}{rest}")
    with app.app_context():
        db.engine.dispose()


def application(folder: Path, storage: Storage | None) -> Flask:
    """The product on an empty SQLite file, with its evidence in the folder or in a bucket."""
    kept = Settings(folder, f"sqlite:///{folder / 'speed.sqlite'}", "speed", False, ("localhost",))
    app = create_app(replace(kept, evidence_url="s3://plain/speed", storage=storage) if storage else kept)
    app.config["WTF_CSRF_ENABLED"] = False
    return app


def main() -> None:
    """Each store in a process of its own, so that the one's memory is not the other's."""
    ask = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ask.add_argument("--megabytes", type=int, default=20)
    ask.add_argument("--rounds", type=int, default=5)
    ask.add_argument("--store", choices=("folder", "s3", "both"), default="both")
    given = ask.parse_args()
    print(f"{given.megabytes} MB, median of {given.rounds}\n{'store':<8}{'MB/s':>8}{'bare':>9}{'ratio':>8}"
          f"{'CPU ms':>9}{'bare':>10}{'ratio':>8}{'look ms':>9}{'grown MB':>10}", flush=True)  # fmt: skip
    for name in ("folder", "s3") if given.store == "both" else (given.store,):
        if (forked := os.fork()) == 0:
            with tempfile.TemporaryDirectory() as made:
                folder = Path(made)
                (folder / "weed").mkdir()
                with object_storage(folder / "weed") if name == "s3" else nullcontext() as storage:
                    measure(application(folder, storage), folder, name, given.megabytes, given.rounds)
            os._exit(0)
        if os.waitpid(forked, 0)[1]:
            raise SystemExit(1)


if __name__ == "__main__":
    main()
