"""Closing a year is proposed by one and confirmed by another, and so is a catalogue's import."""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute(
        "ALTER TABLE wheel_cycle ADD COLUMN close_proposed_by_id INTEGER CONSTRAINT "
        "fk_wheel_cycle_close_proposed_by_id_identity_person REFERENCES identity_person (id)"
    )
    op.add_column("wheel_cycle", sa.Column("close_proposed_at", sa.DateTime()))
    op.add_column("wheel_cycle", sa.Column("close_reason", sa.Text(), nullable=False, server_default=""))
    op.create_table(
        "universe_import",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("organisation_id", sa.Integer(), nullable=False),
        sa.Column("filename", sa.String(200), nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("imported_by_id", sa.Integer(), nullable=False),
        sa.Column("imported_at", sa.DateTime(), nullable=False),
        sa.Column("confirmed_by_id", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("saved_at", sa.DateTime(), nullable=False),
        sa.Column("saved_by", sa.String(120), nullable=False),
        sa.CheckConstraint("confirmed_by_id <> imported_by_id", name="ck_universe_import_s15_confirmer"),
        *(
            sa.ForeignKeyConstraint([name], [f"{table}.id"], name=f"fk_universe_import_{name}_{table}")
            for name, table in (
                ("organisation_id", "identity_organisation"), ("imported_by_id", "identity_person"),
                ("confirmed_by_id", "identity_person"),
            )
        ),
    )  # fmt: skip


def downgrade() -> None:
    raise RuntimeError("migrations only go forward; restore the backup taken before the upgrade")
