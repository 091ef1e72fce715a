"""Controls are found by whether they have an owner: every page of the group asks whether anything has none."""

from alembic import op

revision = "0032"
down_revision = "0031"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("ix_review_control_owner", "review_control", ["organisation_id", "owner_id"])


def downgrade() -> None:
    raise RuntimeError("migrations only go forward; restore the backup taken before the upgrade")
