"""The house's own law: who may import whom, `by` first, an event in each action, a permission on each route, Danish."""

import ast
import csv
import gettext as compiled
import re
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po

ROOT = Path(__file__).resolve().parents[2]
CONTROLS = ROOT / "controls"
ROW = (
    "base", "identity", "credential", "signin", "evidence", "universe", "wheel", "assessment", "rotation", "planning",
    "recommendation", "forum", "review", "effectiveness", "finding", "calibration", "reminder", "visiting", "accounts",
    "staffing", "register", "overview", "history", "papers", "jobs",
)  # fmt: skip
SLICES = ROW[1:]
KNOW_ALL = ("app", "cli", "wiring", "demo")
IMPURE = ("tables", "queries", "actions", "forms", "routes", "runner")
LEFT = {  # what a file may import from slices to its left (house.md section 2)
    "tables": {"pure"}, "queries": {"tables", "queries", "pure"}, "actions": {"queries", "actions", "pure"},
    "forms": {"pure"}, "routes": {"queries", "pure"}, "pure": {"pure"}, "runner": {"queries", "actions", "pure"},
}  # fmt: skip
OWN = {
    "tables": {"pure"}, "queries": {"tables", "pure"}, "actions": {"tables", "queries", "pure"}, "forms": {"pure"},
    "routes": {"queries", "actions", "forms", "routes", "pure"}, "pure": {"pure"},
    "runner": {"queries", "actions", "pure"},
}  # fmt: skip
OUTSIDE = {
    "tables": {"sqlalchemy"}, "queries": {"sqlalchemy", "filetype"}, "forms": {"wtforms"}, "pure": set(),
    "actions": {"sqlalchemy"}, "routes": {"flask", "flask_babel", "werkzeug"},
    "runner": {"apscheduler", "flask", "sqlalchemy"},  # the scheduler, in jobs only
}  # fmt: skip
BASE = {
    "pure": {"why", "by", "merkle", "seal"}, "tables": {"db", "audit"}, "forms": {"form", "why"},
    "routes": {
        "background", "by", "why", "db", "demo", "form", "files", "task", "held", "clock", "settings", "passwords",
        "passkeys", "totp", "openid",
    },
}  # fmt: skip
PAPERS_OUTSIDE = {"openpyxl", "lxml", "flask_babel", "cryptography"}  # the last: the checker, which stands alone
OPTIMISER = {"highspy", "numpy"}  # of the planner's model alone, which takes and gives plain values


def modules() -> Iterator[tuple[str, str, Path]]:
    """Slice, kind of file and path of every module in a slice."""
    for slice_ in SLICES:
        for path in sorted((CONTROLS / slice_).glob("**/*.py")):
            if path.name != "__init__.py":
                yield slice_, kind(path.stem), path


@cache
def danish(name: str) -> Catalog:
    """The Danish catalogue of a domain."""
    with (CONTROLS / f"translations/da/LC_MESSAGES/{name}.po").open("rb") as file:
        return read_po(file, locale="da")


@cache
def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text())


def imports(path: Path) -> Iterator[str]:
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            if node.module.startswith("controls") and node.module.count(".") <= 1:
                yield from (f"{node.module}.{name.name}" for name in node.names)
            else:
                yield node.module


def kind(name: str) -> str:
    """The kind of a file; `routes_what_if.py` holds routes too, of a slice with many pages."""
    first = name.split("_")[0]
    return first if name in IMPURE or first == "routes" else "pure"


def test_the_row_is_kept() -> None:
    """A slice imports slices to its left only, and of them only what the file table allows."""
    broken = []
    for slice_, file, path in modules():
        for name in imports(path):
            parts = name.split(".")
            if parts[0] != "controls" or len(parts) < 3:
                continue
            other, wanted = parts[1], kind(parts[2])
            where = f"{path.relative_to(ROOT)} imports {name}"
            if other == "base":
                allowed = BASE.get(file)
                if allowed is not None and parts[2] not in allowed and slice_ != "papers":
                    broken.append(f"{where}: {file} files of a slice may use base's {sorted(allowed)}")
            elif other == "web":
                if file != "routes":
                    broken.append(f"{where}: only routes know web")
            elif other == slice_:
                if wanted not in OWN[file] and slice_ != "papers":
                    broken.append(f"{where}: {file} may use own {sorted(OWN[file])}")
            elif other in KNOW_ALL or other not in ROW:
                broken.append(f"{where}: nobody imports {other}")
            elif ROW.index(other) > ROW.index(slice_):
                broken.append(f"{where}: {other} stands to the right; publish a list and fill it in wiring.py")
            elif wanted not in LEFT[file] and other != "identity" and slice_ != "papers":
                broken.append(f"{where}: {file} may use {sorted(LEFT[file])} of slices to the left")
    assert not broken, "\n".join(broken)


def test_outside_packages() -> None:
    """Rules need nothing but the standard library; each kind of file has its few packages."""
    broken = []
    for slice_, file, path in modules():
        allowed = OUTSIDE[file] | (PAPERS_OUTSIDE | OUTSIDE["queries"] if slice_ == "papers" else set())
        allowed = OPTIMISER if (slice_, path.name) == ("rotation", "model.py") else allowed
        for name in imports(path):
            top = name.split(".")[0]
            if top != "controls" and top not in sys.stdlib_module_names and top not in allowed:
                broken.append(f"{path.relative_to(ROOT)} imports {name}: {file} may use {sorted(allowed)}")
    assert not broken, "\n".join(broken)


def functions(path: Path) -> Iterator[ast.FunctionDef]:
    yield from (node for node in tree(path).body if isinstance(node, ast.FunctionDef))


def test_actions_say_who_and_record() -> None:
    """Each public action has `by` first and records an event, or writes drafts, sign-ins and begun job runs only."""
    silent = {"check_password", "seen", "keep_draft", "drop_draft", "save_draft", "claim", "progress"}
    # The act that takes a part tells it.
    silent |= {"take_part", "hold", "must_hold", "take_test", "take_sign", "set_line", "stay_off_line"}
    broken = []
    for slice_, file, path in modules():
        if file != "actions":
            continue
        bodies = {node.name: node for node in functions(path)}
        for name, node in bodies.items():
            if name.startswith("_") or name in silent:
                continue
            if not node.args.args or node.args.args[0].arg != "by":
                broken.append(f"{slice_}.actions.{name}: `by` comes first")
            if not _records(node, bodies, set()):
                broken.append(f"{slice_}.actions.{name}: call audit.record, or an action that does")
    assert not broken, "\n".join(broken)


def _records(node: ast.FunctionDef, bodies: dict[str, ast.FunctionDef], seen: set[str]) -> bool:
    if node.name in seen:
        return False
    seen.add(node.name)
    for call in ast.walk(node):
        if isinstance(call, ast.Call):
            text = ast.unparse(call.func)
            callers = (
                "actions", "accounts", "credentials", "identity", "universe", "wheel", "rotation", "assessing",
            )  # fmt: skip
            if text == "audit.record" or text.split(".")[-2:-1] in ([name] for name in callers):
                return True
            if text in bodies and _records(bodies[text], bodies, seen):
                return True
    return False


def test_a_write_is_answered_inside_its_transaction() -> None:
    """A page that writes returns `answer.done(…)` inside `with transaction()`: the answer is kept with the change."""
    broken = []
    for slice_, file, path in modules():
        if file != "routes" or slice_ in ("identity", "signin"):  # the door: never keep a cookie
            continue
        for node in ast.walk(tree(path)):
            writes = isinstance(node, ast.With) and ast.unparse(node.items[0].context_expr) == "transaction()"
            if writes and not any(isinstance(inner, ast.Return) for inner in ast.walk(node)):
                broken.append(f"{path.relative_to(ROOT)}:{node.lineno}: return answer.done(…) inside the transaction")
    assert not broken, "\n".join(broken)


def test_events_are_recorded() -> None:
    """A declared event is recorded somewhere in its own file."""
    broken = []
    for _slice, file, path in modules():
        if file == "actions":
            source = path.read_text()
            for name in re.findall(r"^([A-Z_]+) = audit\.declare\(", source, re.M):
                if len(re.findall(rf"\b{name}\b", source)) < 2:
                    broken.append(f"{path.relative_to(ROOT)}: {name} is declared and never recorded")
    assert not broken, "\n".join(broken)


def test_forbidden_calls() -> None:
    """Only base commits, asks the time, opens files; randomness in samples is never unseeded."""
    broken = []
    for _slice, _file, path in modules():
        for node in ast.walk(tree(path)):
            if isinstance(node, ast.Call):
                text = ast.unparse(node.func)
                if (
                    text.endswith((".commit", "datetime.now", "date.today", ".utcnow"))
                    or text == "open"
                    or text.startswith("random.")
                ):
                    broken.append(f"{path.relative_to(ROOT)}:{node.lineno} calls {text}: that lives in base/")
    assert not broken, "\n".join(broken)


def test_macros_and_templates_are_used() -> None:
    """No macro is imported and not used; no template is never rendered."""
    broken = []
    sources = {path: path.read_text() for path in (ROOT / "templates").rglob("*.html")}
    code = "\n".join(path.read_text() for path in CONTROLS.rglob("*.py"))
    everything = code + "\n".join(sources.values())
    for path, source in sources.items():
        for names in re.findall(r'{%-? from "[^"]+" import ([^%]+?) -?%}', source):
            for name in (part.split(" as ")[-1].split(" with ")[0].strip() for part in names.split(",")):
                if len(re.findall(rf"\b{name}\b", source)) < 2 + (f"/{name}.html" in source):
                    broken.append(f"{path.relative_to(ROOT)}: macro {name} is imported and not used")
        relative = str(path.relative_to(ROOT / "templates"))
        if f'"{relative}"' not in everything:
            broken.append(f"{relative} is never rendered")
    assert not broken, "\n".join(broken)


def test_templates_hold_no_script_or_style() -> None:
    """No inline script, style or handler: the content policy would refuse them."""
    found = []
    for path in (ROOT / "templates").rglob("*.html"):
        text = path.read_text()
        if re.search(r"\sstyle=|<script(?![^>]*\ssrc=)|\son[a-z]+=", text):
            found.append(str(path.relative_to(ROOT)))
    assert not found


def test_danish_is_complete() -> None:
    """Every string has Danish, and the compiled catalogue is the one beside it."""
    folder = CONTROLS / "translations" / "da" / "LC_MESSAGES"
    for name in ("messages", "wtforms"):
        catalogue = danish(name)
        lacking = [
            m.id
            for m in catalogue
            if m.id and (not m.string or (isinstance(m.string, tuple) and not all(m.string)) or m.fuzzy)
        ]
        assert not lacking, f"{name}.po lacks Danish for {lacking[:10]}"
        with (folder / f"{name}.mo").open("rb") as file:
            machine = compiled.GNUTranslations(file)
        for message in catalogue:
            if message.id and isinstance(message.id, str):
                assert machine.gettext(message.id) == message.string, f"{name}.mo is older than {name}.po: compile it"


@cache
def marked_in(folder: Path) -> dict[str, set[str]]:
    """The marked strings of each file: code, or templates."""
    method = [("**.py", "python"), ("**.html", "jinja2")]
    keywords = {"_": None, "N_": None, "gettext": None, "ngettext": (1, 2), "lazy_gettext": None, "_l": None}
    found: dict[str, set[str]] = {}
    for file, _line, message, _comments, _context in extract_from_dir(folder, method, {}, keywords):
        found.setdefault(file, set()).add(message if isinstance(message, str) else message[0])
    return found


def test_danish_follows_the_sources() -> None:
    """The catalogue holds every marked string of the sources, and no other."""
    marked = {
        text for folder in (CONTROLS, ROOT / "templates") for texts in marked_in(folder).values() for text in texts
    }
    catalogue = danish("messages")
    kept = {m.id if isinstance(m.id, str) else m.id[0] for m in catalogue if m.id}
    assert not marked - kept, f"not in messages.po: {sorted(marked - kept)[:10]}"
    assert not kept - marked, f"no longer in the sources: {sorted(kept - marked)[:10]}"


def test_readme_tells_settings_and_permissions() -> None:
    """Each setting, permission and command is in README."""
    readme = (ROOT / "README.md").read_text()
    settings = re.findall(r'"(KONTROLRUL_[A-Z]+|DATABASE_URL)"', (CONTROLS / "base/settings.py").read_text())
    permissions = re.findall(r'= "([a-z]+:[a-z]+)"', (CONTROLS / "identity/permissions.py").read_text())
    commands = [
        "flask demo",
        "flask db upgrade",
        "flask organisation add",
        "flask user add",
        "flask import catalogue",
        "flask export workbook",
        "flask export catalogue",
        "flask assets install",
    ]
    lacking = [word for word in [*settings, *permissions, *commands] if word not in readme]
    assert not lacking, f"README does not tell: {lacking}"


@pytest.mark.parametrize("slice_", [name for name in SLICES if (CONTROLS / name).is_dir()])
def test_each_room_has_a_sign(slice_: str) -> None:
    """Each package's `__init__` is a docstring only, so that rules stay importable alone."""
    body = tree(CONTROLS / slice_ / "__init__.py").body
    assert len(body) == 1 and ast.get_docstring(tree(CONTROLS / slice_ / "__init__.py"))


def test_danish_words_are_the_glossarys() -> None:
    """No Danish text uses a word that the glossary says to avoid."""
    with (ROOT / "tests/data/glossary.csv").open(encoding="utf-8") as file:
        avoided = {word.strip() for row in csv.DictReader(file) for word in (row["avoid_da"] or "").split(";")} - {""}
    pattern = re.compile(r"\b(" + "|".join(re.escape(word) for word in sorted(avoided)) + r")\b", re.IGNORECASE)
    catalogue = danish("messages")
    found = []
    for message in catalogue:
        for text in message.string if isinstance(message.string, tuple) else (message.string,):
            if message.id and pattern.search(text or ""):
                found.append(f"{pattern.search(text).group()!r} in {text!r}")
    assert not found, "\n".join(found)


def lix(text: str) -> tuple[int, float]:
    """Words of a text and its LIX: words a sentence, and per cent of words above six letters (Björnsson 1968)."""
    words = re.findall(r"[^\W_]+(?:[-'’][^\W_]+)*", re.sub(r"%\(\w+\)[sd]|\{\w+\}", "x", text))
    sentences = len(re.findall(r"[.:?!…](?=\W*\s|\W*$)", text)) or 1
    return len(words), len(words) / sentences + 100 * sum(len(word) > 6 for word in words) / max(1, len(words))


def test_danish_is_easy_to_read() -> None:
    """Each text of 12 words or more has a LIX of at most 50, and so have the sentences of each page together.

    In shorter ones one word of the glossary (arbejds- og koordinationsgruppen) decides; they count with their page.
    """
    danish_of: dict[str, tuple[str, ...]] = {}
    for m in danish("messages"):
        if m.id:
            danish_of[m.id if isinstance(m.id, str) else m.id[0]] = (
                (m.string,) if isinstance(m.string, str) else m.string
            )
    texts = [text for each in danish_of.values() for text in each]
    for file, marked in marked_in(ROOT / "templates").items():
        said = [danish_of.get(text, ("",))[-1] for text in sorted(marked)]
        page = " ".join(text for text in said if text.rstrip().endswith((".", "?")))
        texts += [f"{file}: {page}"] if lix(page)[0] >= 60 else []
    hard = [f"LIX {score:.0f}: {text}" for text in texts for words, score in [lix(text)] if words >= 12 and score > 50]
    assert not hard, "\n".join(hard)
