"""The virus scanner: clamd over TCP or a Unix socket, by its INSTREAM command; no answer means no pass."""

import socket
import struct
from pathlib import Path

CHUNK = 64 * 1024
SECONDS = 30


class Down(Exception):
    """The scanner does not answer, or not with a verdict."""


def scan(address: str, path: Path) -> str:
    """The name of what was found in a file, "" when nothing was; `address` is host:port or a socket's path."""
    try:
        with _connected(address) as link, path.open("rb") as file:
            link.sendall(b"zINSTREAM\0")
            while chunk := file.read(CHUNK):
                link.sendall(struct.pack("!I", len(chunk)) + chunk)
            link.sendall(struct.pack("!I", 0))
            answer = b"".join(iter(lambda: link.recv(4096), b"")).decode("utf-8", "replace").strip("\0\n ")
    except (OSError, ValueError) as error:
        raise Down(type(error).__name__) from error
    if answer.endswith(" FOUND"):
        return answer.removeprefix("stream: ").removesuffix(" FOUND")
    if answer != "stream: OK":
        raise Down(answer[:200])
    return ""


def _connected(address: str) -> socket.socket:
    if not address.startswith("/"):
        host, _, port = address.rpartition(":")
        return socket.create_connection((host.strip("[]"), int(port)), timeout=SECONDS)
    link = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        link.settimeout(SECONDS)
        link.connect(address)
    except OSError:
        link.close()
        raise
    return link
