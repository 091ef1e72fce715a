"""What waits for somebody is found by its state: every page counts it, and most rows of most years are over."""

from alembic import op

revision = "0031"
down_revision = "0030"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("ix_assessment_assessment_state", "assessment_assessment", ["state", "organisation_id"])
    op.create_index("ix_review_review_state", "review_review", ["state", "organisation_id"])
    op.create_index("ix_finding_finding_state", "finding_finding", ["state"])


def downgrade() -> None:
    raise RuntimeError("migrations only go forward; restore the backup taken before the upgrade")
