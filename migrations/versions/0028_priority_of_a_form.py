"""The priority figure of a form, where its year weighs factors."""

import sqlalchemy as sa
from alembic import op

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("assessment_assessment", sa.Column("priority", sa.Integer(), nullable=True))


def downgrade() -> None:
    raise RuntimeError("migrations only go forward; restore the backup taken before the upgrade")
