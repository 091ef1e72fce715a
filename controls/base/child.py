"""Strangers' files are opened in a child process with limits of its own: it may fail or be stopped, this one goes on.

Each process keeps one small helper that has the readers loaded; for every file it forks a child, which takes on the
limits, runs one function on the open file and answers in JSON. Forking the helper costs 2 ms, a new interpreter 50.
"""

import atexit
import importlib
import json
import os
import resource
import select
import signal
import socket
import subprocess
import sys
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
MEMORY, SECONDS = 512 * 1024 * 1024, 10


class Stopped(Exception):
    """The child was stopped by its limits, or died."""


@dataclass
class _Helper:
    process: subprocess.Popen[bytes]
    link: socket.socket


_lock = threading.Lock()
_helper: _Helper | None = None


def run(function: str, file: int, *arguments: Any) -> Any:
    """What `module:function` answers about an open file (its descriptor) and further arguments that JSON can carry."""
    job = json.dumps([function, arguments]).encode()
    answer, told = os.pipe()
    try:
        _send(job, [file, told])
    finally:
        os.close(told)
    with os.fdopen(answer, "rb", buffering=0) as pipe:
        parts = []
        while select.select([pipe], [], [], 2 * SECONDS)[0] and (part := pipe.read(65536)):
            parts.append(part)
    try:
        return json.loads(b"".join(parts))
    except ValueError as error:
        raise Stopped(function) from error


def _send(job: bytes, files: list[int]) -> None:
    """Give the job to this process's helper; one that has died is begun anew."""
    with _lock:
        for last in (False, True):
            try:
                socket.send_fds(_mine().link, [job], files)
                return
            except OSError:
                if last:
                    raise
                _drop()


def _mine() -> _Helper:
    global _helper
    if _helper is None:
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        environment = {"PYTHONPATH": str(ROOT), "PATH": os.environ.get("PATH", ""), "LANG": "C.UTF-8"}
        command = [sys.executable, "-m", "controls.base.child", str(theirs.fileno())]
        process = subprocess.Popen(
            command, pass_fds=[theirs.fileno()], cwd=ROOT, env=environment, stdin=subprocess.DEVNULL,
            start_new_session=True,
        )  # fmt: skip
        theirs.close()
        _helper = _Helper(process, ours)
    return _helper


def _drop() -> None:
    global _helper
    if _helper is not None:
        _helper.link.close()
        _helper.process.wait()
        _helper = None


def _leave() -> None:
    """A process that was forked begins a helper of its own: the one it saw ends with, and is awaited by, its parent."""
    global _helper, _lock
    _lock = threading.Lock()
    if _helper is not None:
        _helper.link.close()
        _helper.process.returncode = 0
        _helper = None


atexit.register(_drop)
os.register_at_fork(after_in_child=_leave)


def serve(link: socket.socket) -> None:
    """The helper: a child for each job, until the process that began it is gone."""
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    while True:
        job, files, _flags, _address = socket.recv_fds(link, 65536, 2)
        if not job:
            return
        function, arguments = json.loads(job)
        module, _, name = function.partition(":")
        found = getattr(importlib.import_module(module), name)
        if os.fork() == 0:
            _child(found, files, arguments)
        for file in files:
            os.close(file)


def _child(function: Any, files: list[int], arguments: list[Any]) -> None:
    """Take on the limits first, then the stranger's bytes; nothing of the helper's is run at the end."""
    try:
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
        resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
        resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
        signal.alarm(2 * SECONDS - 2)
        with os.fdopen(files[0], "rb") as file, os.fdopen(files[1], "wb") as told:
            told.write(json.dumps(function(file, *arguments)).encode())
    finally:
        os._exit(0)


if __name__ == "__main__":
    with socket.socket(fileno=int(sys.argv[1])) as given:
        serve(given)
