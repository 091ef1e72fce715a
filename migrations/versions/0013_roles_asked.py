"""Roles asked for and approved by two, and the register of database administrators and keepers of checkpoints."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "identity_role_request",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("role", sa.String(40), nullable=False),
        sa.Column("organisation_id", sa.Integer(), nullable=False),
        sa.Column("valid_to", sa.Date()),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("state", sa.String(40), nullable=False),
        sa.Column("asked_by_id", sa.Integer(), nullable=False),
        sa.Column("asked_at", sa.DateTime(), nullable=False),
        sa.Column("decided_by_id", sa.Integer()),
        sa.Column("decided_at", sa.DateTime()),
        sa.Column("note", sa.Text(), nullable=False),
        *_versioned(),
        sa.CheckConstraint(
            "decided_by_id <> asked_by_id AND decided_by_id <> person_id", name="ck_identity_role_request_s8_approver"
        ),
        *_keys("identity_role_request", "person_id", "asked_by_id", "decided_by_id"),
    )
    for name in ("person_id", "organisation_id"):
        op.create_index(f"ix_identity_role_request_{name}", "identity_role_request", [name])
    op.create_table(
        "identity_keeper",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("organisation_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(40), nullable=False),
        sa.Column("name", sa.String(120), nullable=False),
        sa.Column("name_key", sa.String(120), nullable=False),
        sa.Column("person_id", sa.Integer()),
        sa.Column("place", sa.String(200), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("ended_at", sa.DateTime()),
        *_versioned(),
        *_keys("identity_keeper", "person_id"),
    )


def _versioned() -> list[sa.Column[object]]:
    return [
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("saved_at", sa.DateTime(), nullable=False),
        sa.Column("saved_by", sa.String(120), nullable=False),
    ]


def _keys(table: str, *names: str) -> list[sa.ForeignKeyConstraint]:
    people = [
        sa.ForeignKeyConstraint([name], ["identity_person.id"], name=f"fk_{table}_{name}_identity_person")
        for name in names
    ]
    home = sa.ForeignKeyConstraint(
        ["organisation_id"], ["identity_organisation.id"], name=f"fk_{table}_organisation_id_identity_organisation"
    )
    return [home, *people]


def downgrade() -> None:
    raise RuntimeError("migrations only go forward; restore the backup taken before the upgrade")
