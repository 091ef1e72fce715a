"""Rules of the door."""

from datetime import UTC, datetime, timedelta

import pytest

from controls.signin import rules

FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
EDGE = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537 (KHTML) Chrome/141 Safari/537 Edg/141"
SAFARI = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1 (KHTML, like Gecko) Safari/604.1"


@pytest.mark.parametrize(
    ("header", "name"),
    [(FIREFOX, "Firefox, Linux"), (EDGE, "Edge, Windows"), (SAFARI, "Safari, iPhone"), ("curl/8", ""), ("", "")],
)
def test_a_browser_is_known_by_name_and_system(header: str, name: str) -> None:
    assert rules.agent(header) == name


def test_an_address_is_kept_as_its_network() -> None:
    assert rules.network("192.0.2.77") == "192.0.2.0/24"
    assert rules.network("2001:db8:1:2::5") == "2001:db8:1::/48"


def test_what_goes_along() -> None:
    posted = [("a", "1"), ("csrf_token", "t"), ("a", "2"), ("again", "password"), ("again_password", "p"), ("b", "")]
    assert rules.carried(posted) == [("a", "1"), ("a", "2"), ("b", "")]


AT = datetime(2026, 3, 17, 9, 0, tzinfo=UTC)


def test_the_wait_grows_from_one_second_and_has_an_end() -> None:
    scope = rules.Scope("pair", "anne 192.0.2.1")
    waits = [rules.wait(scope, count, AT, AT).total_seconds() for count in range(1, 25)]
    assert waits[:8] == [0, 0, 0, 0, 1, 2, 4, 8] and waits[-1] == 15 * 60
    assert waits == sorted(waits)
    assert rules.wait(scope, 8, AT, AT + timedelta(seconds=3)) == timedelta(seconds=5)
    assert rules.wait(scope, 1000, AT, AT + rules.FORGET) == timedelta()


def test_a_known_browser_is_counted_on_its_own() -> None:
    mark = rules.device_mark("key", "anne", "nonce")
    assert rules.device("key", "anne", mark) == "nonce"
    for key, name, cookie in (
        ("key", "bent", mark),
        ("other", "anne", mark),
        ("key", "anne", ""),
        ("key", "anne", "x.y"),
    ):
        assert rules.device(key, name, cookie) == ""
    assert [scope.kind for scope in rules.scopes("anne", "192.0.2.1", "nonce")] == ["device"]
    assert [scope.kind for scope in rules.scopes("anne", "192.0.2.1", "")] == ["pair", "address", "account"]


def test_addresses_are_counted_one_by_one_and_by_household() -> None:
    assert rules.counted_address("192.0.2.7") == "192.0.2.7"
    assert (
        rules.counted_address("2001:db8:1:2::5") == rules.counted_address("2001:db8:1:2:ffff::9") == "2001:db8:1:2::/64"
    )


def test_the_wait_is_told_in_seconds_or_minutes() -> None:
    assert str(rules.waiting(7)).endswith("Wait 7 seconds, then try again.")
    assert str(rules.waiting(301)).endswith("Wait 6 minutes, then try again.")
