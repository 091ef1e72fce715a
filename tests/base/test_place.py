"""SQLite is kept on local disks only."""

from pathlib import Path

import pytest

from controls.base import place
from controls.base.place import file_system

MOUNTS = """\
22 1 254:0 / / rw,relatime shared:1 - ext4 /dev/vda rw
30 22 0:25 / /srv/share rw,relatime shared:9 - nfs4 server:/x rw,vers=4.2
31 22 0:26 / /srv/my\\040files rw,relatime - cifs //server/x rw
32 30 0:27 / /srv/share/local rw - tmpfs tmpfs rw
33 22 0:28 / /home/me rw - fuse.sshfs me@server: rw
"""


@pytest.mark.parametrize(("path", "kind"), [
    ("/var/lib/data/x.sqlite", "ext4"), ("/srv/share/x.sqlite", "nfs4"), ("/srv/my files/x.sqlite", "cifs"),
    ("/srv/share/local/x.sqlite", "tmpfs"), ("/home/me/x.sqlite", "fuse.sshfs"), ("/srv/sharex/y", "ext4"),
])  # fmt: skip
def test_the_file_system_of_a_path(path: str, kind: str) -> None:
    assert file_system(Path(path), MOUNTS) == kind


def test_a_database_on_a_share_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    mounts = tmp_path / "mounts"
    mounts.write_text(MOUNTS)
    monkeypatch.setattr(place, "MOUNTS", mounts)
    for path in ("/srv/share/x.sqlite", "/home/me/x.sqlite"):
        with pytest.raises(RuntimeError, match="network share"):
            place.refuse_network(f"sqlite:///{path}")
    for url in ("sqlite:////var/x.sqlite", "sqlite:///:memory:", "sqlite://", "postgresql+psycopg:///srv/share/x"):
        place.refuse_network(url)
