"""Rules of the door: what is kept of a browser and an address, and what goes along when it is asked who it is."""

from collections.abc import Iterable
from ipaddress import ip_address, ip_network

from controls.base.why import N_, Why

AGAIN, PASSWORD, BACK = "again", "again_password", "again_back"
"""Fields of the question who it is, beside the carried ones of the form that was posted."""
WRONG_PASSWORD = Why("signin.wrong_password", N_("The password is wrong. What you typed is kept."), 401)

BROWSERS = (("Edg/", "Edge"), ("OPR/", "Opera"), ("Firefox/", "Firefox"), ("Chrome/", "Chrome"), ("Safari/", "Safari"))
SYSTEMS = (
    ("Android", "Android"), ("iPhone", "iPhone"), ("iPad", "iPad"), ("Windows", "Windows"), ("Mac OS", "macOS"),
    ("Linux", "Linux"),
)  # fmt: skip


def agent(header: str) -> str:
    """A browser's name and system, enough for a person to know it again."""
    found = [next((name for mark, name in kinds if mark in header), "") for kinds in (BROWSERS, SYSTEMS)]
    return ", ".join(name for name in found if name)


def network(address: str) -> str:
    """The network an address is in (a /24, or a /48 of IPv6), which tells a place and not a machine."""
    parsed = ip_address(address)
    return str(ip_network((parsed, 24 if parsed.version == 4 else 48), strict=False))


def carried(posted: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    """The posted fields that go along, in their order: all but the form's token and the answer to the question."""
    return [(name, value) for name, value in posted if name not in ("csrf_token", "request_key", AGAIN, PASSWORD, BACK)]
