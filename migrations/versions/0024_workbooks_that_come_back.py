"""Imports of workbooks that were filled in, the files that wait, and the reversal of an imported review."""

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None


def _keys(of: str, *names: tuple[str, str]) -> list[sa.ForeignKeyConstraint]:
    return [sa.ForeignKeyConstraint([name], [f"{table}.id"], name=f"fk_{of}_{name}_{table}") for name, table in names]


def upgrade() -> None:
    people = [(name, "identity_person") for name in ("imported_by_id", "confirmed_by_id", "undone_by_id")]
    op.create_table(
        "papers_intake",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("organisation_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(40), nullable=False),
        sa.Column("year", sa.Integer(), nullable=True),
        sa.Column("filename", sa.String(200), nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("submitted", sa.Boolean(), nullable=False),
        sa.Column("rows", sa.Integer(), nullable=False),
        sa.Column("taken", sa.Text(), nullable=False),
        sa.Column("imported_by_id", sa.Integer(), nullable=False),
        sa.Column("imported_at", sa.DateTime(), nullable=False),
        sa.Column("confirmed_by_id", sa.Integer(), nullable=True),
        sa.Column("undone_by_id", sa.Integer(), nullable=True),
        sa.Column("undone_at", sa.DateTime(), nullable=True),
        sa.Column("undo_reason", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("saved_at", sa.DateTime(), nullable=False),
        sa.Column("saved_by", sa.String(120), nullable=False),
        *_keys("papers_intake", ("organisation_id", "identity_organisation"), *people),
    )
    op.create_table(
        "papers_intake_draft",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("organisation_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(40), nullable=False),
        sa.Column("year", sa.Integer(), nullable=True),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("on_behalf_of_id", sa.Integer(), nullable=True),
        sa.Column("uploaded_at", sa.DateTime(), nullable=False),
        sa.Column("filename", sa.String(200), nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("rows", sa.Text(), nullable=False),
        sa.Column("before", sa.Text(), nullable=False),
        sa.Column("intake_id", sa.Integer(), nullable=True),
        *_keys(
            "papers_intake_draft", ("organisation_id", "identity_organisation"), ("person_id", "identity_person"),
            ("on_behalf_of_id", "identity_person"), ("intake_id", "papers_intake"),
        ),
    )  # fmt: skip
    op.create_index("ix_papers_intake_draft_organisation_id", "papers_intake_draft", ["organisation_id"])
    op.execute(
        "ALTER TABLE rotation_coverage ADD COLUMN reverses_id INTEGER CONSTRAINT "
        "fk_rotation_coverage_reverses_id_rotation_coverage REFERENCES rotation_coverage (id)"
    )


def downgrade() -> None:
    raise RuntimeError("migrations only go forward; restore the backup taken before the upgrade")
