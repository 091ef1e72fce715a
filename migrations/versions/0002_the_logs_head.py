"""The log's head row and the code of each event; `flask audit adopt` fills them in a log that has events."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "base_log_head",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("frontier", sa.LargeBinary(), nullable=False),
        sa.Column("root", sa.LargeBinary(length=32), nullable=False),
        sa.Column("mac", sa.LargeBinary(length=32), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_base_log_head")),
    )
    op.add_column("base_event", sa.Column("mac", sa.LargeBinary(length=32), nullable=True))


def downgrade() -> None:
    raise RuntimeError("migrations only go forward; restore the backup taken before the upgrade")
