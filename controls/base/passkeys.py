"""Passkeys (W3C Web Authentication, level 2): what the browser is asked, and whether its answer holds."""

import json
from collections.abc import Iterable
from dataclasses import dataclass

import webauthn
from webauthn.helpers import base64url_to_bytes, bytes_to_base64url
from webauthn.helpers.exceptions import WebAuthnException
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

NAME = "Kontrolrul"
LONGEST = 20_000
"""Characters of an answer that are read at all."""


class NotProven(Exception):
    """The answer does not hold."""


@dataclass(frozen=True)
class Asked:
    """What the browser is asked (JSON), and the challenge its answer must sign."""

    options: str
    challenge: str


@dataclass(frozen=True)
class Made:
    """A passkey that the browser has made."""

    credential: bytes
    public_key: bytes
    sign_count: int


def ask_to_make(host: str, person_id: int, username: str, name: str, known: Iterable[bytes]) -> Asked:
    """Ask the browser to make a passkey for a person, on a device that has none of these."""
    asked = webauthn.generate_registration_options(
        rp_id=host, rp_name=NAME, user_id=person_id.to_bytes(8, "big"), user_name=username, user_display_name=name,
        exclude_credentials=[PublicKeyCredentialDescriptor(id=one) for one in known],
        authenticator_selection=AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.REQUIRED, user_verification=UserVerificationRequirement.REQUIRED
        ),
    )  # fmt: skip
    return Asked(webauthn.options_to_json(asked), bytes_to_base64url(asked.challenge))


def made(answer: str, challenge: str, host: str, origin: str) -> Made:
    """The passkey in the browser's answer."""
    if not challenge:
        raise NotProven("nothing was asked")
    try:
        found = webauthn.verify_registration_response(
            credential=answer[:LONGEST], expected_challenge=base64url_to_bytes(challenge), expected_rp_id=host,
            expected_origin=origin, require_user_verification=True,
        )  # fmt: skip
    except (WebAuthnException, ValueError, KeyError, TypeError) as error:
        raise NotProven(str(error)) from error
    return Made(found.credential_id, found.credential_public_key, found.sign_count)


def ask_to_prove(host: str, known: Iterable[bytes] = ()) -> Asked:
    """Ask the browser for a passkey: one of these, or any it has for this host."""
    asked = webauthn.generate_authentication_options(
        rp_id=host, allow_credentials=[PublicKeyCredentialDescriptor(id=one) for one in known],
        user_verification=UserVerificationRequirement.REQUIRED,
    )  # fmt: skip
    return Asked(webauthn.options_to_json(asked), bytes_to_base64url(asked.challenge))


def credential_of(answer: str) -> bytes:
    """Which passkey an answer is by."""
    try:
        return base64url_to_bytes(str(json.loads(answer[:LONGEST])["rawId"]))
    except (ValueError, KeyError, TypeError) as error:
        raise NotProven("no credential") from error


def proven(answer: str, challenge: str, host: str, origin: str, public_key: bytes, sign_count: int) -> int:
    """The count of uses in an answer that holds; a count that goes back tells of a copy and does not hold."""
    if not challenge:
        raise NotProven("nothing was asked")
    try:
        found = webauthn.verify_authentication_response(
            credential=answer[:LONGEST], expected_challenge=base64url_to_bytes(challenge), expected_rp_id=host,
            expected_origin=origin, credential_public_key=public_key, credential_current_sign_count=sign_count,
            require_user_verification=True,
        )  # fmt: skip
    except (WebAuthnException, ValueError, KeyError, TypeError) as error:
        raise NotProven(str(error)) from error
    return int(found.new_sign_count)
