"""Work that takes its time goes on in a process of its own, which the page that asks for it does not wait for."""

import os
import subprocess
import sys
import threading

from controls.base.child import ROOT
from controls.base.settings import current


def start(*command: str) -> None:
    """Begin a command of `flask`, on the same data; whoever asked looks for its result in the database."""
    kept = current()
    environment = {**os.environ, "KONTROLRUL_DATA": str(kept.data), "DATABASE_URL": kept.database_url}
    process = subprocess.Popen(
        [sys.executable, "-m", "flask", "--app", "wsgi", *command], cwd=ROOT, env=environment, start_new_session=True,
        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    threading.Thread(target=process.wait, daemon=True).start()  # it is awaited, so that no dead process is left
