"""Evidence: when a file was scanned for viruses, and its number in another system; empty for the files that are there."""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("evidence_evidence", sa.Column("external_reference", sa.String(200), nullable=True))
    op.add_column("evidence_evidence", sa.Column("scanned_at", sa.DateTime(), nullable=True))


def downgrade() -> None:
    raise RuntimeError("migrations only go forward; restore the backup taken before the upgrade")
