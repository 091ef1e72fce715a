"""What is final is reopened by two persons, and the version until then is kept whole."""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "identity_reopening",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("organisation_id", sa.Integer(), nullable=False),
        sa.Column("object_type", sa.String(60), nullable=False),
        sa.Column("object_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("state", sa.String(40), nullable=False),
        sa.Column("asked_by_id", sa.Integer(), nullable=False),
        sa.Column("asked_at", sa.DateTime(), nullable=False),
        sa.Column("decided_by_id", sa.Integer()),
        sa.Column("decided_at", sa.DateTime()),
        sa.Column("answer", sa.Text(), nullable=False),
        sa.Column("snapshot", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("saved_at", sa.DateTime(), nullable=False),
        sa.Column("saved_by", sa.String(120), nullable=False),
        sa.CheckConstraint("decided_by_id <> asked_by_id", name="ck_identity_reopening_s11_approver"),
        *(
            sa.ForeignKeyConstraint([name], [f"{table}.id"], name=f"fk_identity_reopening_{name}_{table}")
            for name, table in (
                ("organisation_id", "identity_organisation"), ("asked_by_id", "identity_person"),
                ("decided_by_id", "identity_person"),
            )
        ),
    )  # fmt: skip
    op.create_index("ix_identity_reopening_object", "identity_reopening", ["object_type", "object_id"])
    op.create_index("ix_identity_reopening_open", "identity_reopening", ["state", "organisation_id"])


def downgrade() -> None:
    raise RuntimeError("migrations only go forward; restore the backup taken before the upgrade")
