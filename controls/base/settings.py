"""Settings: one frozen class, read once from the environment; each key is told in README."""

import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from flask import current_app


@dataclass(frozen=True)
class Settings:
    """Where things are stored and how large they may be."""

    data: Path
    database_url: str
    secret_key: str
    https: bool
    hosts: tuple[str, ...]
    upload_limit: int = 50 * 1024 * 1024
    fresh: int = 10
    """Minutes after which approving, confirming, granting and exporting ask once more who it is."""

    @property
    def evidence(self) -> Path:
        """Folder of the evidence files."""
        return self.data / "evidence"

    @property
    def keys(self) -> Path:
        """Folder of the keys and the local checkpoints; no backup holds it."""
        return self.data / "keys"


def current() -> Settings:
    """The settings of the running application."""
    kept: Settings = current_app.config["KONTROLRUL"]
    return kept


def key_file(path: Path) -> str:
    """The sign-in key, made at first start with mode 0600 and never kept in the database."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return path.read_text().strip()
    with os.fdopen(handle, "w") as file:
        key = secrets.token_hex(32)
        file.write(key)
    return key


def read(environ: Mapping[str, str] = os.environ) -> Settings:
    """Settings from KONTROLRUL_DATA, DATABASE_URL, KONTROLRUL_HTTPS, KONTROLRUL_HOSTS and KONTROLRUL_FRESH."""
    data = Path(environ.get("KONTROLRUL_DATA") or "instance").resolve()
    data.mkdir(parents=True, exist_ok=True, mode=0o700)
    hosts = tuple(h.strip() for h in environ.get("KONTROLRUL_HOSTS", "").split(",") if h.strip())
    return Settings(
        data=data,
        database_url=environ.get("DATABASE_URL") or f"sqlite:///{data / 'kontrolrul.sqlite'}",
        secret_key=key_file(data / "keys" / "session.key"),
        https=environ.get("KONTROLRUL_HTTPS", "") == "1",
        hosts=hosts or ("127.0.0.1", "localhost", "[::1]"),
        fresh=int(environ.get("KONTROLRUL_FRESH") or 10),
    )
