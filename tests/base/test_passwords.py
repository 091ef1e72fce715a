"""Passwords cost what they should, in the product as it is imported anew (the other tests hash with less work)."""

import importlib.util

from controls.base import passwords


def test_a_hash_costs_what_rfc_9106_says() -> None:
    """Argon2id, 64 MB, three passes, four lanes (section 4, second choice), also where nobody is known."""
    found = importlib.util.find_spec(passwords.__name__)
    assert found is not None and found.loader is not None
    anew = importlib.util.module_from_spec(found)
    found.loader.exec_module(anew)
    stored = anew.digest("en ret lang sætning")
    assert anew is not passwords and anew.fits(stored, "en ret lang sætning") and not anew.fits(None, "en ret lang")
    for one in (stored, anew._dummy):
        assert one.startswith("$argon2id$v=19$m=65536,t=3,p=4$")
