"""Rules of accounts and of different persons."""

import pytest

from controls.base.by import Reach
from controls.identity import rules
from controls.identity.duties import RULES, Duty, why_not_same
from controls.identity.permissions import BUSINESS_ROLES, ROLES, Permission, Role, reach


@pytest.mark.parametrize("duty", Duty)
def test_the_other_act_by_the_same_person_is_refused(duty: Duty) -> None:
    rule = RULES[duty]
    assert why_not_same(duty, [7], [7, None])[0].status == 403
    assert why_not_same(duty, [8, 7], [7])[0].params == {"a": rule.first, "b": rule.second}
    assert "Ann, Bo" in str(why_not_same(duty, [7], [7], (), ["Ann", "Bo"])[0])
    assert why_not_same(duty, [7], [8, None]) == []
    assert why_not_same(duty, [None], [None]) == []
    assert rule.first != rule.second


@pytest.mark.parametrize("duty", Duty)
def test_the_chair_excepts_from_all_but_four(duty: Duty) -> None:
    assert (why_not_same(duty, [7], [7], [7]) == []) is (duty not in (Duty.S1, Duty.S3, Duty.S6, Duty.S9))
    assert why_not_same(duty, [7, 8], [7, 8], [7]), "an exception reaches the one it was given"


def test_administrator_holds_no_business_role() -> None:
    for role in BUSINESS_ROLES:
        assert rules.why_not_hold(role, [Role.ADM])
        assert rules.why_not_hold(Role.ADM, [role])
    assert not rules.why_not_hold(Role.GRP, [Role.OWN])
    assert not set(ROLES[Role.ADM]) & {Permission.CONTENT_READ, Permission.CATALOGUE_READ, Permission.EVIDENCE_READ}


def test_reach_takes_the_farthest() -> None:
    found = reach([(Role.OWN, 1), (Role.CTL, 1), (Role.OWN, 2)])
    assert found[Permission.ASSESSMENT_FILL] == {1: Reach.ALL, 2: Reach.OWN}


@pytest.mark.parametrize(
    ("name", "taken", "code"),
    [
        ("ann.b", False, None),
        ("ann.b", True, "identity.name_taken"),
        ("Ann", False, "identity.bad_name"),
        ("", False, "identity.bad_name"),
    ],
)
def test_user_names(name: str, taken: bool, code: str | None) -> None:
    assert [r.code for r in rules.why_not_username(name, taken)] == ([code] if code else [])


def test_passwords_are_long() -> None:
    assert rules.why_not_password("x" * 11) and not rules.why_not_password("langt kodeor")


def test_codes() -> None:
    assert (
        rules.why_not_code("star", False) and rules.why_not_code("STAR", True) and not rules.why_not_code("STAR", False)
    )


def test_passwords_guessed_first_are_refused() -> None:
    for guessed in (
        "password1234", "Password123!", "adgangskode12", "Kontrolrul2026", "aaaaaaaaaaaa", "abababababab",
        "123456789012", "qwertyuiopåq", "PasswordPassword", "anne.kirkeby1", "Sommer2026!!",
    ):  # fmt: skip
        assert [reason.code for reason in rules.why_not_password(guessed, "annekirkeby")] == [
            "identity.common_password"
        ]
    for good in ("langt kodeord 2026", "hest batteri hæfteklamme", "correct horse battery", "Xk3!fq9Lw2pZ"):
        assert rules.why_not_password(good, "anne") == []
