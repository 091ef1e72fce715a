"""One-time codes by time (RFC 6238): secrets, codes, and the picture that an authenticator app reads."""

import pyotp
import segno

ISSUER = "Kontrolrul"


def new_secret() -> str:
    """A secret for an authenticator app, not yet anybody's."""
    return pyotp.random_base32()


def picture(secret: str, username: str) -> str:
    """The secret as a QR picture (an address of data)."""
    address = pyotp.TOTP(secret, name=username, issuer=ISSUER).provisioning_uri()
    return str(segno.make(address, error="m").svg_data_uri(scale=5, border=2))


def codes(secret: str, steps: range) -> dict[int, str]:
    """The codes of some time steps."""
    clock = pyotp.TOTP(secret)
    return {step: clock.generate_otp(step) for step in steps}
