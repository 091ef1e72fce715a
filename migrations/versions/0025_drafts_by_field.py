"""Answers replaced in a draft, which answers were copied, and the facts a form was submitted on."""

import sqlalchemy as sa
from alembic import op

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "assessment_replaced_draft",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("assessment_id", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("field", sa.String(80), nullable=False),
        sa.Column("was", sa.Text(), nullable=False),
        sa.Column("who", sa.String(120), nullable=False),
        sa.Column("at", sa.DateTime(), nullable=False),
        sa.Column("window", sa.String(40), nullable=False),
        sa.Column("clashed", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["assessment_id"], ["assessment_assessment.id"],
            name=op.f("fk_assessment_replaced_draft_assessment_id_assessment_assessment"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_assessment_replaced_draft")),
    )
    op.create_index(
        "ix_assessment_replaced_draft_version", "assessment_replaced_draft", ["assessment_id", "version"]
    )
    with op.batch_alter_table("assessment_assessment") as batch:
        batch.add_column(sa.Column("copied_answers", sa.String(200), nullable=False, server_default=""))
        batch.add_column(sa.Column("seen_amount_ore", sa.BigInteger(), nullable=True))
        batch.add_column(sa.Column("seen_owner_id", sa.Integer(), nullable=True))
        batch.add_column(sa.Column("seen_systems", sa.String(64), nullable=False, server_default=""))
        batch.create_foreign_key(
            op.f("fk_assessment_assessment_seen_owner_id_identity_person"), "identity_person", ["seen_owner_id"], ["id"]
        )


def downgrade() -> None:
    raise RuntimeError("migrations only go forward; restore the backup taken before the upgrade")
