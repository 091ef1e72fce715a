"""The group's questions to authors with their answers, and a person's choice to have no keys."""

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "assessment_challenge",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("organisation_id", sa.Integer(), nullable=False),
        sa.Column("assessment_id", sa.Integer(), nullable=False),
        sa.Column("question", sa.Text(), nullable=False),
        sa.Column("asked_by_id", sa.Integer(), nullable=False),
        sa.Column("asked_at", sa.DateTime(), nullable=False),
        sa.Column("answer", sa.Text(), nullable=False),
        sa.Column("answered_by_id", sa.Integer(), nullable=True),
        sa.Column("answered_at", sa.DateTime(), nullable=True),
        sa.Column("withdrawn_by_id", sa.Integer(), nullable=True),
        sa.Column("withdrawn_at", sa.DateTime(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("saved_at", sa.DateTime(), nullable=False),
        sa.Column("saved_by", sa.String(120), nullable=False),
        *(
            sa.ForeignKeyConstraint([name], [f"{table}.id"], name=f"fk_assessment_challenge_{name}_{table}")
            for name, table in (
                ("organisation_id", "identity_organisation"), ("assessment_id", "assessment_assessment"),
                ("asked_by_id", "identity_person"), ("answered_by_id", "identity_person"),
                ("withdrawn_by_id", "identity_person"),
            )
        ),
    )  # fmt: skip
    op.create_index("ix_assessment_challenge_assessment_id", "assessment_challenge", ["assessment_id"])
    op.add_column("identity_person", sa.Column("keys_off", sa.Boolean(), nullable=True))


def downgrade() -> None:
    raise RuntimeError("migrations only go forward; restore the backup taken before the upgrade")
