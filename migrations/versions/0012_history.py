"""Runs of the verification, removals of personal texts, and indexes by which the log's page finds the newest lines."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "history_check",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=True),
        sa.Column("started_at", sa.DateTime(), nullable=False),
        sa.Column("finished_at", sa.DateTime(), nullable=False),
        sa.Column("events", sa.Integer(), nullable=False),
        sa.Column("faults", sa.Integer(), nullable=False),
        sa.Column("found", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["person_id"], ["identity_person.id"], name=op.f("fk_history_check_person_id_identity_person")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_history_check")),
    )
    op.create_table(
        "history_redaction",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("organisation_id", sa.Integer(), nullable=False),
        sa.Column("object_type", sa.String(length=60), nullable=False),
        sa.Column("object_id", sa.Integer(), nullable=False),
        sa.Column("column_name", sa.String(length=60), nullable=False),
        sa.Column("legal_basis", sa.String(length=40), nullable=False),
        sa.Column("explanation", sa.Text(), nullable=False),
        sa.Column("state", sa.String(length=40), nullable=False),
        sa.Column("asked_by_id", sa.Integer(), nullable=False),
        sa.Column("asked_at", sa.DateTime(), nullable=False),
        sa.Column("decided_by_id", sa.Integer(), nullable=True),
        sa.Column("decided_at", sa.DateTime(), nullable=True),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("events", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("saved_at", sa.DateTime(), nullable=False),
        sa.Column("saved_by", sa.String(length=120), nullable=False),
        sa.CheckConstraint("decided_by_id <> asked_by_id", name=op.f("ck_history_redaction_s13_approver")),
        sa.ForeignKeyConstraint(
            ["organisation_id"],
            ["identity_organisation.id"],
            name=op.f("fk_history_redaction_organisation_id_identity_organisation"),
        ),
        sa.ForeignKeyConstraint(
            ["asked_by_id"], ["identity_person.id"], name=op.f("fk_history_redaction_asked_by_id_identity_person")
        ),
        sa.ForeignKeyConstraint(
            ["decided_by_id"], ["identity_person.id"], name=op.f("fk_history_redaction_decided_by_id_identity_person")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_history_redaction")),
    )
    op.create_index("ix_history_redaction_object", "history_redaction", ["object_type", "object_id"], unique=False)
    op.create_index("ix_history_redaction_organisation_id", "history_redaction", ["organisation_id"], unique=False)
    op.drop_index("ix_base_event_action", table_name="base_event")
    op.drop_index("ix_base_event_organisation_id", table_name="base_event")
    op.create_index("ix_base_event_action", "base_event", ["action", "seq"], unique=False)
    op.create_index("ix_base_event_organisation", "base_event", ["organisation_id", "seq"], unique=False)
    op.create_index("ix_base_event_person", "base_event", ["person_id", "seq"], unique=False)
    op.create_index("ix_base_event_kind", "base_event", ["object_type", "seq"], unique=False)
    op.create_index("ix_base_event_at", "base_event", ["at"], unique=False)


def downgrade() -> None:
    raise RuntimeError("migrations only go forward; restore the backup taken before the upgrade")
