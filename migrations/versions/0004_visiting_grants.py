"""People lent from one agency to another for a task in one process, review or cycle."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

PEOPLE = ("visitor_id", "asked_by_id", "agreed_by_id", "role_asked_by_id", "granted_by_id", "ended_by_id")
HOUSES = ("home_organisation_id", "host_organisation_id")


def upgrade() -> None:
    op.create_table(
        "identity_visiting_grant",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("visitor_id", sa.Integer(), nullable=False),
        sa.Column("home_organisation_id", sa.Integer(), nullable=False),
        sa.Column("host_organisation_id", sa.Integer(), nullable=False),
        sa.Column("task", sa.String(length=40), nullable=False),
        sa.Column("object_type", sa.String(length=40), nullable=False),
        sa.Column("object_id", sa.Integer(), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_to", sa.Date(), nullable=False),
        sa.Column("state", sa.String(length=40), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("asked_by_id", sa.Integer(), nullable=False),
        sa.Column("asked_on", sa.Date(), nullable=False),
        sa.Column("agreed_by_id", sa.Integer(), nullable=True),
        sa.Column("agreed_on", sa.Date(), nullable=True),
        sa.Column("role_asked_by_id", sa.Integer(), nullable=True),
        sa.Column("role_asked_on", sa.Date(), nullable=True),
        sa.Column("granted_by_id", sa.Integer(), nullable=True),
        sa.Column("granted_on", sa.Date(), nullable=True),
        sa.Column("ended_by_id", sa.Integer(), nullable=True),
        sa.Column("ended_on", sa.Date(), nullable=True),
        sa.Column("end_reason", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("saved_at", sa.DateTime(), nullable=False),
        sa.Column("saved_by", sa.String(length=120), nullable=False),
        sa.CheckConstraint(
            "granted_by_id <> asked_by_id AND granted_by_id <> role_asked_by_id AND granted_by_id <> visitor_id",
            name=op.f("ck_identity_visiting_grant_s8_granter"),
        ),
        sa.CheckConstraint(
            "agreed_by_id <> asked_by_id AND agreed_by_id <> visitor_id",
            name=op.f("ck_identity_visiting_grant_s8_lender"),
        ),
        *(
            sa.ForeignKeyConstraint(
                [column], ["identity_person.id"],
                name=op.f(f"fk_identity_visiting_grant_{column}_identity_person"),
            )
            for column in PEOPLE
        ),
        *(
            sa.ForeignKeyConstraint(
                [column], ["identity_organisation.id"],
                name=op.f(f"fk_identity_visiting_grant_{column}_identity_organisation"),
            )
            for column in HOUSES
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_identity_visiting_grant")),
    )
    for name, columns in (
        ("object", ["object_type", "object_id"]), ("visitor_id", ["visitor_id"]),
        ("host_organisation_id", ["host_organisation_id"]),
    ):
        op.create_index(f"ix_identity_visiting_grant_{name}", "identity_visiting_grant", columns)


def downgrade() -> None:
    raise RuntimeError("migrations only go forward; restore the backup taken before the upgrade")
