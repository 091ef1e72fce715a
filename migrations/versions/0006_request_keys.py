"""Request keys: which forms were sent in the last two days, and the answer each was given."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "base_request_key",
        sa.Column("person_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("at", sa.DateTime(), nullable=False),
        sa.Column("location", sa.Text(), nullable=False),
        sa.Column("said", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("person_id", "digest", name=op.f("pk_base_request_key")),
    )
    op.create_index(op.f("ix_base_request_key_at"), "base_request_key", ["at"])


def downgrade() -> None:
    raise RuntimeError("migrations only go forward; restore the backup taken before the upgrade")
