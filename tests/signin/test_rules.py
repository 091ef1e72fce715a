"""Rules of the door."""

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
