"""The helper that opens strangers' files: each process has its own, and it is ended with the process."""

import os
import subprocess
import sys
from pathlib import Path
from typing import IO

ROOT = Path(__file__).parents[2]
PROGRAM = """
import os, sys
from controls.base import child

def asked(word):
    with open(sys.argv[1], "rb") as file:
        return child.run("tests.base.test_child:told", file.fileno(), word)

print(*asked("first"))
if os.fork() == 0:
    print(*asked("forked"))
    sys.exit()
os.wait()
print(*asked("second"))
"""


def told(file: IO[bytes], word: str) -> list[object]:
    """What the helper's child answers: its parent, a word of the caller's, and what the file holds."""
    return [os.getppid(), word, file.read().decode()]


def test_each_process_has_its_own_helper_and_ends_it(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_text("contents")
    done = subprocess.run([sys.executable, "-u", "-W", "always", "-c", PROGRAM, path], cwd=ROOT, capture_output=True,
                          text=True, timeout=60)  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
    first, forked, second = (line.split() for line in done.stdout.splitlines())
    assert [line[1:] for line in (first, forked, second)] == [
        [word, "contents"] for word in ("first", "forked", "second")
    ]
    assert first[0] == second[0] != forked[0]
    assert not any(Path(f"/proc/{helper}").exists() for helper in (first[0], forked[0]))
