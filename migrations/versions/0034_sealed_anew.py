"""Minutes from which a text was removed have a checksum of what stands, beside that of what was locked."""

import sqlalchemy as sa
from alembic import op

revision = "0034"
down_revision = "0033"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("forum_meeting", sa.Column("resealed", sa.String(64), nullable=True))


def downgrade() -> None:
    raise RuntimeError("migrations only go forward; restore the backup taken before the upgrade")
