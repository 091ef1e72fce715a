"""Which rows each event tells of, filled from the payloads; payload and salt may be taken away by a redaction."""

import json

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

EVENT = sa.table("base_event", sa.column("seq", sa.Integer), sa.column("payload", sa.Text))
TOLD = sa.table(
    "base_told", sa.column("seq", sa.Integer), sa.column("table_name", sa.String), sa.column("row_id", sa.Integer)
)
CHUNK = 1000


def upgrade() -> None:
    op.create_table(
        "base_told",
        sa.Column("seq", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("table_name", sa.String(length=60), nullable=False),
        sa.Column("row_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("seq", "table_name", "row_id", name=op.f("pk_base_told")),
    )
    with op.batch_alter_table("base_event") as batch:
        batch.alter_column("payload", existing_type=sa.Text(), nullable=True)
        batch.alter_column("salt", existing_type=sa.LargeBinary(length=16), nullable=True)
    connection, last = op.get_bind(), 0
    while events := connection.execute(
        sa.select(EVENT).where(EVENT.c.seq > last).order_by(EVENT.c.seq).limit(CHUNK)
    ).all():
        told = {(seq, row["table"], row["id"]) for seq, payload in events for row in json.loads(payload)["rows"]}
        if told:
            connection.execute(sa.insert(TOLD), [dict(zip(TOLD.c.keys(), one, strict=True)) for one in sorted(told)])
        last = events[-1].seq
    op.create_index("ix_base_told_row", "base_told", ["table_name", "row_id", "seq"], unique=False)


def downgrade() -> None:
    raise RuntimeError("migrations only go forward; restore the backup taken before the upgrade")
