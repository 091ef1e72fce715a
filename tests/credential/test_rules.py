"""Which one-time codes count, how recovery codes are read, and when a password may be changed."""

from datetime import UTC, datetime, timedelta

import pyotp
from hypothesis import given
from hypothesis import strategies as st

from controls.base import totp
from controls.credential import rules

AT = datetime(2026, 3, 17, 9, 0, 15, tzinfo=UTC)
SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"


def test_codes_are_those_of_rfc_6238() -> None:
    """The RFC's own test vector (appendix B, SHA-1), cut to six digits."""
    secret = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
    for second, code in ((59, "287082"), (1111111109, "081804"), (2000000000, "279037")):
        at = datetime.fromtimestamp(second, UTC)
        assert totp.codes(secret, rules.steps(at))[rules.step_at(at)] == code


def test_a_code_counts_a_step_early_or_late_and_once() -> None:
    now, codes = rules.step_at(AT), totp.codes(SECRET, rules.steps(AT))
    for off in (-1, 0, 1):
        typed = pyotp.TOTP(SECRET).at(AT + timedelta(seconds=30 * off))
        assert rules.accepted(codes, typed, 0) == now + off
        assert rules.accepted(codes, f" {typed[:3]} {typed[3:]} ", now + off - 1) == now + off
        assert rules.accepted(codes, typed, now + off) is None
    for off in (-2, 2):
        assert rules.accepted(codes, pyotp.TOTP(SECRET).at(AT + timedelta(seconds=30 * off)), 0) is None


@given(st.text(max_size=40))
def test_no_other_text_counts(typed: str) -> None:
    codes = totp.codes(SECRET, rules.steps(AT))
    if "".join(typed.split()) not in codes.values():
        assert rules.accepted(codes, typed, 0) is None


def test_a_recovery_code_is_read_however_it_is_typed() -> None:
    assert rules.tidy(" k7f2 m9xq-3D4L ") == "K7F2-M9XQ-3D4L"
    assert rules.looks_like_recovery("k7f2m9xq3d4l") and not rules.looks_like_recovery("123456")
    assert not rules.looks_like_recovery("k7f2m9xq3d40")


def test_a_password_is_changed_with_the_old_one_and_twice_alike() -> None:
    assert rules.why_not_change(True, "gammel kode 1", "ny lang kode 2", "ny lang kode 2") == []
    told = rules.why_not_change(False, "ens", "ens", "andet")
    assert [(reason.code.split(".")[1], reason.field) for reason in told] == [
        ("wrong_old", "old"), ("same_password", "new"), ("not_twice", "again"),
    ]  # fmt: skip
