"""Settings: one frozen class, read once from the environment; each key is told in README."""

import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from flask import current_app


@dataclass(frozen=True)
class Storage:
    """How an S3-compatible object storage is reached."""

    endpoint: str = ""
    region: str = ""
    key: str = ""
    secret: str = field(default="", repr=False)
    token: str = field(default="", repr=False)


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
    evidence_url: str = ""
    storage: Storage = Storage()
    clamd: str = ""
    smtp: str = field(default="", repr=False)
    openid: Path | None = None
    """Another file than openid.toml in the data folder that tells of the OpenID provider."""

    @property
    def openid_file(self) -> Path:
        """The file that tells of the OpenID provider and what its groups mean here; it need not be there."""
        return self.openid or self.data / "openid.toml"

    @property
    def public(self) -> str:
        """Where people find this installation, for the links of mails: the first of its hosts."""
        return f"{'https' if self.https else 'http'}://{self.hosts[0]}"

    @property
    def evidence(self) -> Path:
        """Folder of the evidence files, and of those that are being received."""
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
    """Settings from the environment; README tells each."""
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
        evidence_url=_evidence(environ.get("KONTROLRUL_EVIDENCE", "")),
        storage=_storage(environ),
        clamd=environ.get("KONTROLRUL_CLAMD", ""),
        smtp=environ.get("KONTROLRUL_SMTP_URL", ""),
        openid=Path(environ["KONTROLRUL_OPENID"]) if environ.get("KONTROLRUL_OPENID") else None,
    )


def _evidence(url: str) -> str:
    """Empty for the folder, or s3://bucket/prefix; anything else is a mistake to be told at once."""
    if url and not (url.startswith("s3://") and url.removeprefix("s3://").strip("/")):
        raise ValueError("KONTROLRUL_EVIDENCE must be s3://bucket/prefix, or left out for the folder")
    return url


def _storage(environ: Mapping[str, str]) -> Storage:
    """The object storage by the names that its tools use."""
    named = ("AWS_ENDPOINT_URL", "AWS_REGION", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN")
    return Storage(*(environ.get(name, "") for name in named))
