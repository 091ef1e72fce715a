"""Who has line duty in a process, and from when; who owns and performs a control, by name."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "universe_line_duty",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("organisation_id", sa.Integer(), nullable=False),
        sa.Column("process_id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(40), nullable=False),
        sa.Column("control_id", sa.Integer()),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_to", sa.Date()),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("saved_at", sa.DateTime(), nullable=False),
        sa.Column("saved_by", sa.String(120), nullable=False),
        *(
            sa.ForeignKeyConstraint([name], [f"{table}.id"], name=f"fk_universe_line_duty_{name}_{table}")
            for name, table in (
                ("organisation_id", "identity_organisation"), ("process_id", "universe_process"),
                ("person_id", "identity_person"), ("control_id", "review_control"),
            )
        ),
    )  # fmt: skip
    op.create_index("ix_universe_line_duty_process_id", "universe_line_duty", ["process_id"])
    for name in ("owner_id", "performer_id"):
        op.execute(
            f"ALTER TABLE review_control ADD COLUMN {name} INTEGER CONSTRAINT "
            f"fk_review_control_{name}_identity_person REFERENCES identity_person (id)"
        )


def downgrade() -> None:
    raise RuntimeError("migrations only go forward; restore the backup taken before the upgrade")
