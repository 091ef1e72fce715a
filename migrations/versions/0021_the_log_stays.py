"""The database itself refuses that an event of the log is deleted, or anything in it changed but what a redaction takes.

A redaction takes payload, salt and the reason's text; `flask audit adopt` gives old events their codes.
"""

from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None

WRITTEN_ONCE = (
    "seq, at, person_id, person_name, role, on_behalf_of, request_key, action, object_type, object_id, object_version, "
    "organisation_id, payload_digest, leaf"
)
OTHER_PAYLOAD = {
    "sqlite": "NEW.payload IS NOT NULL AND NEW.payload IS NOT OLD.payload",
    "postgresql": "NEW.payload IS NOT NULL AND NEW.payload IS DISTINCT FROM OLD.payload",
}
WHEN = {
    "deleted": "DELETE ON base_event",
    "changed": f"UPDATE OF {WRITTEN_ONCE} ON base_event",
    "retold": "UPDATE OF payload ON base_event",
}
SAYS = "an event of the log is never deleted or changed"


def upgrade() -> None:
    kind = op.get_bind().dialect.name
    if kind == "postgresql":
        op.execute(
            f"CREATE FUNCTION base_event_stays() RETURNS trigger LANGUAGE plpgsql AS $$ "
            f"BEGIN RAISE EXCEPTION '{SAYS}'; END $$"
        )
        op.execute(
            "CREATE TRIGGER base_event_emptied BEFORE TRUNCATE ON base_event EXECUTE FUNCTION base_event_stays()"
        )
    for name, when in WHEN.items():
        only = f"WHEN ({OTHER_PAYLOAD[kind]}) " if name == "retold" else ""
        does = "EXECUTE FUNCTION base_event_stays()" if kind == "postgresql" else f"BEGIN SELECT RAISE(ABORT, '{SAYS}'); END"
        op.execute(f"CREATE TRIGGER base_event_{name} BEFORE {when} FOR EACH ROW {only}{does}")


def downgrade() -> None:
    raise RuntimeError("migrations only go forward; restore the backup taken before the upgrade")
