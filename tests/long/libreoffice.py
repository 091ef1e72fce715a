"""Workbooks that are filled in and then saved by a real LibreOffice come in as they were written.

`python -m tests.long.libreoffice` opens and saves both workbooks with `soffice --headless` and compares; with `--keep`
the saved files replace those in `tests/data`, by which the short form of this is among the tests. Needs Debian's
package libreoffice-calc.
"""

import argparse
import shutil
import subprocess
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from controls.app import create_app
from controls.base.db import db
from controls.base.settings import Settings
from controls.papers.words import Kind
from tests.assessment import year as making
from tests.assessment.year import Year
from tests.papers import office


def saved(program: str, folder: Path, data: bytes) -> bytes:
    """The workbook, opened and saved again by LibreOffice."""
    source, out = folder / "in" / "skema.xlsx", folder / "out"
    source.parent.mkdir(exist_ok=True)
    source.write_bytes(data)
    command = [program, f"-env:UserInstallation={(folder / 'profile').as_uri()}", "--headless", "--convert-to", "xlsx",
               "--outdir", str(out), str(source)]  # fmt: skip
    subprocess.run(command, check=True, capture_output=True, timeout=180)
    return (out / source.name).read_bytes()


def main() -> None:
    """Both workbooks there and back, on a SQLite database of its own."""
    reader = argparse.ArgumentParser(description=__doc__)
    reader.add_argument("--keep", action="store_true", help="put the saved files into tests/data")
    keep, program = reader.parse_args().keep, shutil.which("soffice") or ""
    if not program:
        raise SystemExit("soffice is not installed: apt-get install libreoffice-calc")
    with tempfile.TemporaryDirectory() as name:
        data = Path(name)
        app: Any = create_app(Settings(data, f"sqlite:///{data / 'long.sqlite'}", "test", False, ("localhost",)))
        with app.app_context(), contextmanager(making.wired)():
            db.create_all()
            year = Year()
            sent, wanted = office.forms(year)
            back = {Kind.FORMS: saved(program, data, sent), Kind.HISTORY: saved(program, data, office.history(year))}
            cells, reviews = office.forms_back(year, back[Kind.FORMS]), office.history_back(year, back[Kind.HISTORY])
            print(f"risk forms: {len(wanted)} cells written, {len(cells)} came back, {len(cells ^ wanted)} differ")
            print(f"earlier reviews: {len(office.REVIEW)} written, {len(reviews)} came back")
            assert cells == wanted and reviews == office.REVIEW, (cells ^ wanted, reviews)
            for kind, path in office.FILES.items() if keep else ():
                path.write_bytes(back[kind])
                print(f"kept {path.name}: {len(back[kind])} bytes")
            db.session.remove()


if __name__ == "__main__":
    main()
