"""Found without reading the rows: last year's form, a sub-process's lines, what replaced or reversed another row."""

from alembic import op

revision = "0033"
down_revision = "0032"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("ix_assessment_assessment_process", "assessment_assessment", ["process_id", "year"])
    op.create_index("ix_assessment_line_subprocess", "assessment_line", ["subprocess_id", "assessment_id"])
    op.drop_index("ix_assessment_assessment_process_id", "assessment_assessment")
    op.drop_index("ix_assessment_line_subprocess_id", "assessment_line")
    op.create_index("ix_forum_decision_replaces_id", "forum_decision", ["replaces_id"])
    op.create_index("ix_rotation_coverage_reverses_id", "rotation_coverage", ["reverses_id"])


def downgrade() -> None:
    raise RuntimeError("migrations only go forward; restore the backup taken before the upgrade")
