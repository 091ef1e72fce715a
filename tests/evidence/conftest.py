"""A real object storage and a real virus scanner, each begun once a session by the tests that need it."""

import hashlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from controls.base.objects import Objects
from controls.base.settings import Storage

KEYS = """{"identities": [{"name": "k", "credentials": [{"accessKey": "key", "secretKey": "secret"}],
"actions": ["Admin", "Read", "Write", "List", "Tagging"]}]}"""


@contextmanager
def running(command: list[str], ready: Callable[[], bool], folder: Path) -> Iterator[None]:
    """A server while it runs: awaited, and ended by its own process id."""
    with (folder / "server.log").open("wb") as log:
        server = subprocess.Popen(command, stdout=log, stderr=log, cwd=folder)
        try:
            until = time.monotonic() + 60
            while not ready():
                assert server.poll() is None and time.monotonic() < until, (folder / "server.log").read_text()[-3000:]
                time.sleep(0.1)
            yield
        finally:
            server.send_signal(signal.SIGTERM)
            try:
                server.wait(5)
            except subprocess.TimeoutExpired:
                server.kill()
                server.wait()


def free_ports(number: int) -> list[int]:
    """Ports that nobody listens on, below those that SeaweedFS adds 10,000 to."""
    found: list[int] = []
    for port in range(20_000 + os.getpid() % 5_000 * 5, 55_000):
        with socket.socket() as tried, socket.socket() as grpc:
            try:
                tried.bind(("127.0.0.1", port))
                grpc.bind(("127.0.0.1", port + 10_000))
            except OSError:
                continue
        found.append(port)
        if len(found) == number:
            return found
    raise RuntimeError("no free ports")


@pytest.fixture(scope="session")
def storage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Storage]:
    """A real object storage, once a session."""
    with object_storage(tmp_path_factory.mktemp("s3")) as access:
        yield access


@contextmanager
def object_storage(folder: Path) -> Iterator[Storage]:
    """SeaweedFS from its package, with a bucket that keeps no versions, one that does, and one that locks."""
    (folder / "keys.json").write_text(KEYS)
    names = ("master.port", "volume.port", "filer.port", "s3.port", "s3.port.grpc", "s3.port.iceberg", "s3.port.lance")
    ports = dict(zip(names, free_ports(len(names)), strict=True))
    command = [
        str(Path(sys.executable).with_name("weed")), "server", "-s3", "-dir=.", "-s3.config=keys.json",
        "-ip=127.0.0.1", "-ip.bind=127.0.0.1", "-volume.max=100", "-master.volumeSizeLimitMB=32",
        *(f"-{name}={port}" for name, port in ports.items()),
    ]  # fmt: skip
    address = f"http://127.0.0.1:{ports['s3.port']}"
    access = Storage(address, "us-east-1", "key", "secret")

    def ready() -> bool:
        try:
            urllib.request.urlopen(address, timeout=1)
        except urllib.error.HTTPError:
            return True
        except OSError:
            return False
        return True

    with running(command, ready, folder):
        made = {"plain": {}, "versioned": {}, "locking": {"x-amz-bucket-object-lock-enabled": "true"}}
        for name, headers in made.items():
            until = time.monotonic() + 30
            while Objects(f"s3://{name}", access)._ask("PUT", "", headers=headers).status_code != 200:
                assert time.monotonic() < until, (folder / "server.log").read_text()[-3000:]
                time.sleep(0.2)
        versions = Objects("s3://versioned", access)
        body = b"<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>"
        told = versions._ask("PUT", "", {"versioning": ""}, body=body, digest=hashlib.sha256(body).hexdigest())
        assert told.status_code == 200, told.text
        yield access


@pytest.fixture(scope="session")
def scanner(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The clamd of this machine with one hand-made signature; the address of its socket."""
    clamd = shutil.which(os.environ.get("CLAMD", "clamd"), path=f"{os.environ['PATH']}:/usr/sbin")
    if clamd is None:
        pytest.skip("there is no clamd (apt-get install clamav-daemon)")
    folder = tmp_path_factory.mktemp("clamd")
    eicar = b"EICAR-STANDARD-ANTIVIRUS-TEST-FILE"
    (folder / "signatures").mkdir()
    (folder / "signatures" / "eicar.ndb").write_text(f"Eicar-Test:0:*:{eicar.hex()}\n")
    socket_path = folder / "clamd.sock"
    (folder / "clamd.conf").write_text(
        f"LocalSocket {socket_path}\nDatabaseDirectory {folder / 'signatures'}\nForeground yes\n"
        f"StreamMaxLength 60M\nUser {os.environ.get('USER', 'root')}\nPidFile {folder / 'pid'}\n"
    )
    folder.chmod(0o755)
    with running([clamd, f"--config-file={folder / 'clamd.conf'}"], socket_path.exists, folder):
        yield str(socket_path)
