"""OpenID Connect, our half: code flow with PKCE and nonce (OpenID Connect Core 1.0, RFC 7636, RFC 9207).

The provider and its map of groups to roles stand in one TOML file of the data folder; without it there is none.
"""

import hmac
import secrets
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import requests
from authlib.common.errors import AuthlibBaseError
from authlib.integrations.requests_client import OAuth2Session
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

TIMEOUT = 5
ALGORITHMS = ["RS256", "PS256", "ES256", "EdDSA"]
"""Signatures of ID tokens that are taken; never the client's secret as a key, never none."""
LEEWAY = timedelta(minutes=2)
"""How far the provider's clock may be from ours."""


class NotSettled(Exception):
    """The file is there and cannot be used; the message says why."""


class Away(Exception):
    """The provider does not answer, or not as the standard says."""


class NotProven(Exception):
    """What came back does not prove who it is."""


@dataclass(frozen=True)
class Provider:
    """The organisation's OpenID provider, and what its claims mean here."""

    issuer: str
    client_id: str
    client_secret: str = ""
    scope: str = "openid profile"
    subject: str = "sub"
    groups: str = "groups"
    roles: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    provision: bool = False
    organisation: str = ""


@dataclass(frozen=True)
class Begun:
    """Where the browser is sent, and what is kept to know the answer by."""

    url: str
    state: str
    nonce: str
    verifier: str


def read(path: Path) -> Provider | None:
    """The provider from its file, or None when there is no file."""
    try:
        told = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        raise NotSettled(f"{path.name} cannot be read: {error}") from error
    known = {"issuer", "client_id", "client_secret", "scope", "subject", "groups", "roles", "provision", "organisation"}
    if unknown := sorted(told.keys() - known):
        raise NotSettled(f"{path.name} has settings that are not known: {', '.join(unknown)}")
    if lacking := [name for name in ("issuer", "client_id") if not told.get(name)]:
        raise NotSettled(f"{path.name} lacks {' and '.join(lacking)}")
    if not _safe(told["issuer"]):
        raise NotSettled(f"{path.name}: the issuer is an https address (http only on this machine)")
    roles = {str(group): tuple(str(role) for role in held) for group, held in told.pop("roles", {}).items()}
    return Provider(**told, roles=roles)


def _safe(address: str) -> bool:
    parts = urlsplit(address)
    if parts.scheme == "https":
        return bool(parts.hostname)
    try:
        return parts.scheme == "http" and ip_address(parts.hostname or "").is_loopback
    except ValueError:
        return False


def _fetch(address: str) -> dict[str, Any]:
    try:
        answer = requests.get(address, timeout=TIMEOUT, headers={"Accept": "application/json"})
        answer.raise_for_status()
        told = answer.json()
    except (requests.RequestException, ValueError) as error:
        raise Away(f"{address}: {error}") from error
    if not isinstance(told, dict):
        raise Away(f"{address}: not an object")
    return told


def _found(provider: Provider) -> dict[str, Any]:
    """What the provider tells of itself (OpenID Connect Discovery 1.0, section 4)."""
    told = _fetch(provider.issuer.rstrip("/") + "/.well-known/openid-configuration")
    if told.get("issuer") != provider.issuer:
        raise Away(f"the provider calls itself {told.get('issuer')}")
    for name in ("authorization_endpoint", "token_endpoint", "jwks_uri"):
        if not _safe(str(told.get(name))):
            raise Away(f"{name} is no https address")
    return told


def _session(provider: Provider, redirect_uri: str, state: str) -> OAuth2Session:
    return OAuth2Session(
        provider.client_id, provider.client_secret or None, scope=provider.scope, redirect_uri=redirect_uri,
        state=state, code_challenge_method="S256", default_timeout=TIMEOUT,
        token_endpoint_auth_method="client_secret_basic" if provider.client_secret else "none",
    )  # fmt: skip


def begin(provider: Provider, redirect_uri: str, *, again: bool = False) -> Begun:
    """Send the browser to the provider; `again` asks for the password though one is signed in there."""
    state, nonce, verifier = (secrets.token_urlsafe(32) for _ in range(3))
    more = {"prompt": "login", "max_age": "0"} if again else {}
    url, _ = _session(provider, redirect_uri, state).create_authorization_url(
        _found(provider)["authorization_endpoint"], state=state, code_verifier=verifier, nonce=nonce, **more
    )
    return Begun(url, state, nonce, verifier)


def finish(
    provider: Provider,
    begun: Begun,
    redirect_uri: str,
    answer: str,
    at: datetime,
    *,
    proven_since: datetime | None = None,
) -> dict[str, Any]:
    """The claims of who came back, when all of it holds; `proven_since` is when a fresh proof was asked for."""
    given = {name: values[0] for name, values in parse_qs(urlsplit(answer).query).items()}
    if not hmac.compare_digest(given.get("state", "").encode(), begun.state.encode()) or "code" not in given:
        raise NotProven(given.get("error", "state"))
    if given.get("iss", provider.issuer) != provider.issuer:
        raise NotProven("iss")
    found = _found(provider)
    try:
        token = _session(provider, redirect_uri, begun.state).fetch_token(
            found["token_endpoint"], grant_type="authorization_code", code=given["code"], code_verifier=begun.verifier
        )
    except AuthlibBaseError as error:
        raise NotProven(str(error.error)) from error
    except requests.RequestException as error:
        raise Away(str(error)) from error
    return _claims(provider, begun, str(token.get("id_token", "")), _fetch(found["jwks_uri"]), at, proven_since)


def _claims(
    provider: Provider, begun: Begun, token: str, keys: dict[str, Any], at: datetime, since: datetime | None
) -> dict[str, Any]:
    """The claims of an ID token whose signature, issuer, audience, time and nonce hold (Core 1.0, section 3.1.3.7)."""
    try:
        claims = jwt.decode(token, KeySet.import_key_set(keys), algorithms=ALGORITHMS).claims  # type: ignore[arg-type]
    except (JoseError, ValueError) as error:
        raise NotProven("id_token") from error
    now, leeway = at.timestamp(), LEEWAY.total_seconds()
    audience = claims.get("aud")
    to = audience if isinstance(audience, list) else [audience]
    holds = {
        "iss": claims.get("iss") == provider.issuer,
        "aud": provider.client_id in to and (len(to) == 1 or claims.get("azp") == provider.client_id),
        "exp": _number(claims.get("exp")) > now - leeway,
        "iat": _number(claims.get("iat")) < now + leeway,
        "nonce": hmac.compare_digest(str(claims.get("nonce", "")).encode(), begun.nonce.encode()),
        "auth_time": since is None or _number(claims.get("auth_time")) >= since.timestamp() - leeway,
        "sub": isinstance(claims.get(provider.subject), str) and 0 < len(claims[provider.subject]) <= 255,
    }
    if failed := [name for name, held in holds.items() if not held]:
        raise NotProven(", ".join(failed))
    return dict(claims)


def _number(value: Any) -> float:
    return float(value) if isinstance(value, int | float) else 0.0
