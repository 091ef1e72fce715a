"""A frozen whole whose texts can be taken out while its checksum still holds.

The checksum is over canonical JSON in which each of the texts stands as `{"digest": SHA-256(salt ‖ text)}`. The salts
lie beside the whole; a text that is taken out leaves its digest and takes its salt along, so that it cannot be guessed.
"""

import hashlib
import json
import secrets
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from controls.base.merkle import canonical, payload_digest

SALTS, GONE = "salts", "gone"
Path = Sequence[str]
"""Where a text stands: keys and numbers from the outside in; JSON that is kept as a text is looked into."""


def salt() -> bytes:
    """Salt for one text."""
    return secrets.token_bytes(16)


def sealed(value: Mapping[str, Any], paths: Iterable[Path], make: Callable[[], bytes]) -> tuple[str, str]:
    """The canonical text of the whole with a salt for each text at these paths, and its checksum."""
    whole = json.loads(canonical(value))
    salts = {"/".join(path): make().hex() for path in paths if found(whole, path)}
    whole |= {SALTS: salts, GONE: {}}
    return canonical(whole), checksum(whole)


def checksum(whole: Mapping[str, Any]) -> str:
    """The SHA-256 that a whole must have; one without salts is hashed as it stands."""
    bare: Any = {name: part for name, part in whole.items() if name not in (SALTS, GONE)}
    for place, salt in whole.get(SALTS, {}).items():
        path = place.split("/")
        bare = changed(bare, path, digest(salt, found(bare, path)))
    for place, told in whole.get(GONE, {}).items():
        bare = changed(bare, place.split("/"), told)
    return hashlib.sha256(canonical(bare).encode()).hexdigest()


def blank(text: str, path: Path, mark: str) -> str:
    """The canonical text with the mark where a text stood, and the text's digest in place of its salt."""
    whole, place = json.loads(text), "/".join(path)
    was = found(whole, path)
    if not isinstance(was, str) or was in ("", mark):
        return text
    whole = changed(whole, path, mark)
    if place in whole.get(SALTS, {}):
        salt = whole[SALTS].pop(place)
        whole[GONE][place] = digest(salt, was)
    return canonical(whole)


def digest(salt: str, text: str) -> dict[str, str]:
    """How a text stands in what is hashed."""
    return {"digest": payload_digest(bytes.fromhex(salt), text).hex()}


def found(value: Any, path: Path) -> Any:
    """What stands at a path; None where there is no such place."""
    for at, key in enumerate(path):
        if isinstance(value, str):
            return found(json.loads(value), path[at:]) if value.startswith(("{", "[")) else None
        if isinstance(value, list):
            value = value[int(key)] if key.isdigit() and int(key) < len(value) else None
        else:
            value = value.get(key) if isinstance(value, dict) else None
    return value


def changed(value: Any, path: Path, new: Any) -> Any:
    """A copy of the value with something else at the path; JSON kept as a text stays such a text."""
    if not path:
        return new
    if isinstance(value, str):
        return canonical(changed(json.loads(value), path, new))
    if isinstance(value, list):
        at = int(path[0])
        return [changed(one, path[1:], new) if number == at else one for number, one in enumerate(value)]
    return {**value, path[0]: changed(value[path[0]], path[1:], new)}
