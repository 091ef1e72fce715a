"""The few accounts that have ended are found at once: every page of the group asks what they have left."""

from alembic import op

revision = "0029"
down_revision = "0028"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("ix_identity_person_ended", "identity_person", ["valid_to"])


def downgrade() -> None:
    raise RuntimeError("migrations only go forward; restore the backup taken before the upgrade")
