"""Where a file lies: SQLite's locks do not hold on a network share, so a database there is refused at start."""

from pathlib import Path

MOUNTS = Path("/proc/self/mountinfo")
NETWORK = {
    "nfs", "nfs4", "cifs", "smb3", "smbfs", "ncpfs", "afs", "ceph", "glusterfs", "lustre", "gpfs", "beegfs", "ocfs2",
    "fuse.sshfs", "fuse.glusterfs", "fuse.ceph", "fuse.s3fs", "fuse.davfs2", "fuse.rclone", "davfs",
}  # fmt: skip
"""File systems of other machines (https://sqlite.org/howtocorrupt.html section 2.1)."""


def file_system(path: Path, mounts: str) -> str:
    """The kind of file system a path lies on, by the kernel's table of mounts (proc_pid_mountinfo(5))."""
    found = ("", "")
    for line in mounts.splitlines():
        before, _, after = line.partition(" - ")
        point = before.split()[4].encode().decode("unicode_escape").encode("latin-1").decode()
        if path.is_relative_to(point) and len(point) >= len(found[0]):  # a later mount lies over an earlier one
            found = (point, after.split()[0])
    return found[1]


def refuse_network(url: str) -> None:
    """Refuse a SQLite database on a network share."""
    name = url.removeprefix("sqlite:///")
    if name == url or not name or name == ":memory:" or not MOUNTS.exists():
        return
    kind = file_system(Path(name).resolve(), MOUNTS.read_text(encoding="utf-8", errors="surrogateescape"))
    if kind in NETWORK:
        raise RuntimeError(
            f"The SQLite database lies on a network share ({kind}), where its locks do not hold and rows are lost. "
            "Put KONTROLRUL_DATA on a local disk, or set DATABASE_URL to a PostgreSQL server."
        )
