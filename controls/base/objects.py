"""Evidence in an S3-compatible object storage: written once under its hash, with the storage's lock where it has one.

Reading and listing go through obstore. Putting is one signed request of our own, since obstore cannot send the lock's
headers: it streams, creates only (`If-None-Match: *`), carries the SHA-256 as checksum, and locks in the same step.
The signature is AWS Signature Version 4.
"""

import base64
import hashlib
import hmac
from collections.abc import Iterator, Mapping
from datetime import date, datetime, timedelta
from functools import cached_property
from typing import TYPE_CHECKING
from urllib.parse import quote, urlsplit
from xml.etree.ElementTree import Element

import obstore
import requests
from defusedxml.ElementTree import fromstring
from obstore.exceptions import BaseError
from obstore.store import S3Store

from controls.base import clock
from controls.base.files import CHUNK, PART, Incoming, Kept, Locked, Missing, Unreachable, check
from controls.base.settings import Storage

if TYPE_CHECKING:
    from obstore.store import S3Config

EMPTY = hashlib.sha256(b"").hexdigest()
SECONDS = (10, 120)
"""How long to wait for a connection and for an answer."""


class Objects:
    """The store in a bucket, below a prefix."""

    def __init__(self, url: str, access: Storage) -> None:
        parts = urlsplit(url)
        self.bucket, self.prefix, self.access = parts.netloc, parts.path.strip("/"), access
        region = access.region or "us-east-1"
        self.region, self.endpoint = region, access.endpoint.rstrip("/") or f"https://s3.{region}.amazonaws.com"
        plain = self.endpoint.startswith("http://")
        session: S3Config = {"session_token": access.token} if access.token else {}
        self.store = S3Store(
            self.bucket, prefix=self.prefix or None, endpoint=self.endpoint, region=region, access_key_id=access.key,
            secret_access_key=access.secret, config=session,
            client_options={"allow_http": plain, "timeout": timedelta(seconds=SECONDS[1])},
            retry_config={"max_retries": 2, "retry_timeout": timedelta(seconds=10)},
        )  # fmt: skip

    def keep(self, incoming: Incoming, until: date) -> None:
        """Create the object with its checksum and, where the bucket locks objects, its lock."""
        digest = base64.b64encode(bytes.fromhex(incoming.sha256)).decode()
        headers = {"if-none-match": "*", "x-amz-checksum-sha256": digest, "content-type": "application/octet-stream"}
        if self._locking == "":
            headers |= {"x-amz-object-lock-mode": "COMPLIANCE",
                        "x-amz-object-lock-retain-until-date": f"{until.isoformat()}T23:59:59Z"}  # fmt: skip
        with incoming.path.open("rb") as body:
            answer = self._ask("PUT", incoming.sha256, headers=headers, body=body, digest=incoming.sha256)
        if answer.status_code in (409, 412):
            check(self, incoming.sha256)
        elif answer.status_code != 200:
            raise Unreachable(_told(answer))

    def chunks(self, sha256: str) -> Iterator[bytes]:
        """The object's bytes as they come."""
        try:
            yield from (bytes(part) for part in obstore.get(self.store, sha256).stream(min_chunk_size=CHUNK))
        except FileNotFoundError as error:
            raise Missing(sha256) from error
        except BaseError as error:
            raise Unreachable(type(error).__name__) from error

    def exists(self, sha256: str) -> bool:
        """Whether the object is there."""
        try:
            obstore.head(self.store, sha256)
        except FileNotFoundError:
            return False
        except BaseError as error:
            raise Unreachable(type(error).__name__) from error
        return True

    def listing(self) -> Iterator[Kept]:
        """All objects below the prefix."""
        try:
            for batch in obstore.list(self.store):
                yield from (Kept(row["path"], row["last_modified"]) for row in batch)
        except BaseError as error:
            raise Unreachable(type(error).__name__) from error

    def remove(self, name: str) -> None:
        """Remove every version of the object, so that the bytes are gone where the bucket keeps versions too."""
        if name.endswith(PART):
            return
        for version in self._versions(name):
            answer = self._ask("DELETE", name, {"versionId": version} if version else {})
            if answer.status_code == 403:
                raise Locked(name)
            if answer.status_code not in (200, 204, 404):
                raise Unreachable(_told(answer))

    def lock(self) -> str:
        """The lock's mode when the bucket locks objects."""
        found = self._locking
        return "" if found is None else found or "COMPLIANCE"

    @cached_property
    def _locking(self) -> str | None:
        """None: no lock; "": locks when told to; else the mode of the bucket's own rule for every new object."""
        answer = self._ask("GET", "", {"object-lock": ""})
        if answer.status_code in (400, 404, 501):
            return None
        if answer.status_code != 200:
            raise Unreachable(_told(answer))
        tree = _xml(answer)
        if _text(tree, "ObjectLockEnabled") != "Enabled":
            return None
        return _text(tree, "Mode")

    def _versions(self, name: str) -> list[str]:
        """Ids of the object's versions and delete marks; one empty id where the bucket keeps no versions."""
        answer = self._ask("GET", "", {"versions": "", "prefix": self._key(name)})
        if answer.status_code != 200:
            raise Unreachable(_told(answer))
        kinds = ("Version", "DeleteMarker")
        rows = [row for row in _xml(answer) if row.tag.rpartition("}")[2] in kinds]
        ids = [_text(row, "VersionId") for row in rows if _text(row, "Key") == self._key(name)]
        return ["" if id == "null" else id for id in ids] or [""]

    def _key(self, name: str) -> str:
        return f"{self.prefix}/{name}" if self.prefix else name

    def _ask(
        self, method: str, name: str, query: Mapping[str, str] | None = None, *, body: object = None,
        headers: Mapping[str, str] | None = None, digest: str = EMPTY,
    ) -> requests.Response:  # fmt: skip
        """One signed request about the bucket (no name) or an object."""
        path = "/" + quote(f"{self.bucket}/{self._key(name)}" if name else self.bucket)
        asked = "&".join(f"{quote(k, safe='')}={quote(v, safe='')}" for k, v in sorted((query or {}).items()))
        signed = self._signed(method, path, asked, headers or {}, digest, clock.machine())
        address = f"{self.endpoint}{path}" + (f"?{asked}" if asked else "")
        try:
            return requests.request(method, address, headers=signed, data=body, timeout=SECONDS)  # type: ignore[arg-type]
        except requests.RequestException as error:
            raise Unreachable(type(error).__name__) from error

    def _signed(
        self, method: str, path: str, query: str, headers: Mapping[str, str], digest: str, at: datetime
    ) -> dict[str, str]:
        """The headers with the signature over all of them."""
        moment, host = at.strftime("%Y%m%dT%H%M%SZ"), urlsplit(self.endpoint).netloc
        sent = {**headers, "host": host, "x-amz-content-sha256": digest, "x-amz-date": moment}
        if self.access.token:
            sent["x-amz-security-token"] = self.access.token
        names = ";".join(sorted(sent))
        lines = "".join(f"{name}:{sent[name]}\n" for name in sorted(sent))
        scope = f"{moment[:8]}/{self.region}/s3/aws4_request"
        whole = hashlib.sha256("\n".join((method, path, query, lines, names, digest)).encode()).hexdigest()
        key = f"AWS4{self.access.secret}".encode()
        for part in scope.split("/"):
            key = hmac.digest(key, part.encode(), "sha256")
        signature = hmac.digest(key, f"AWS4-HMAC-SHA256\n{moment}\n{scope}\n{whole}".encode(), "sha256").hex()
        credential = f"{self.access.key}/{scope}"
        parts = (f"Credential={credential}", f"SignedHeaders={names}", f"Signature={signature}")
        sent["authorization"] = f"AWS4-HMAC-SHA256 {', '.join(parts)}"
        return sent


def _xml(answer: requests.Response) -> Element:
    tree: Element = fromstring(answer.content)
    return tree


def _text(tree: Element, name: str) -> str:
    found = next((row.text for row in tree.iter() if row.tag.rpartition("}")[2] == name), None)
    return found or ""


def _told(answer: requests.Response) -> str:
    return f"the storage answered {answer.status_code}: {answer.text[:300]}"
