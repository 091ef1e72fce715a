"""What was answered about staffing and earlier reviews, and who has taken over a condition of a decision."""

import sqlalchemy as sa
from alembic import op

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None

HOLDER = "fk_forum_decision_condition_holder_id_identity_person"


def upgrade() -> None:
    op.create_table(
        "staffing_answer",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("organisation_id", sa.Integer(), nullable=False),
        sa.Column("asked", sa.String(40), nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("missing", sa.Integer(), nullable=False),
        sa.Column("answered_by_id", sa.Integer(), nullable=False),
        sa.Column("answered_on", sa.Date(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("saved_at", sa.DateTime(), nullable=False),
        sa.Column("saved_by", sa.String(120), nullable=False),
        sa.UniqueConstraint("organisation_id", "asked", "year", name="uq_staffing_answer_organisation_id_asked_year"),
        *(
            sa.ForeignKeyConstraint([name], [f"{table}.id"], name=f"fk_staffing_answer_{name}_{table}")
            for name, table in (("organisation_id", "identity_organisation"), ("answered_by_id", "identity_person"))
        ),
    )
    with op.batch_alter_table("forum_decision") as decision:
        decision.add_column(sa.Column("condition_holder_id", sa.Integer(), nullable=True))
        decision.create_foreign_key(HOLDER, "identity_person", ["condition_holder_id"], ["id"])


def downgrade() -> None:
    raise RuntimeError("migrations only go forward; restore the backup taken before the upgrade")
