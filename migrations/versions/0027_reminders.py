"""Reminders with their receipts, and messages to people that are shown for ninety days and sent by mail."""

import sqlalchemy as sa
from alembic import op

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None


def _keys(table: str, *columns: tuple[str, str]) -> list[sa.ForeignKeyConstraint]:
    return [sa.ForeignKeyConstraint([name], [f"{to}.id"], name=f"fk_{table}_{name}_{to}") for name, to in columns]


def upgrade() -> None:
    op.create_table(
        "reminder_reminder",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("organisation_id", sa.Integer(), nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("sent_by_id", sa.Integer(), nullable=True),
        sa.Column("sent_at", sa.DateTime(), nullable=False),
        *_keys("reminder_reminder", ("organisation_id", "identity_organisation"), ("sent_by_id", "identity_person")),
    )
    op.create_index("ix_reminder_reminder_organisation_id", "reminder_reminder", ["organisation_id"])
    op.create_table(
        "reminder_receipt",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("organisation_id", sa.Integer(), nullable=False),
        sa.Column("reminder_id", sa.Integer(), nullable=False),
        sa.Column("assessment_id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=True),
        sa.Column("sent_on", sa.Date(), nullable=False),
        sa.Column("outcome", sa.String(40), nullable=False),
        *_keys(
            "reminder_receipt", ("organisation_id", "identity_organisation"), ("reminder_id", "reminder_reminder"),
            ("assessment_id", "assessment_assessment"), ("person_id", "identity_person"),
        ),
    )
    op.create_index("ix_reminder_receipt_reminder_id", "reminder_receipt", ["reminder_id"])
    op.create_index("ix_reminder_receipt_person", "reminder_receipt", ["person_id", "sent_on"])
    op.create_table(
        "base_outbox",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(40), nullable=False),
        sa.Column("params", sa.Text(), nullable=False),
        sa.Column("path", sa.String(300), nullable=False),
        sa.Column("once", sa.String(120), nullable=True),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.Column("sent_at", sa.DateTime(), nullable=True),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("fault", sa.String(80), nullable=False),
        *_keys("base_outbox", ("person_id", "identity_person")),
        sa.UniqueConstraint("once", name="uq_base_outbox_once"),
    )
    op.create_index("ix_base_outbox_person", "base_outbox", ["person_id", "created_at"])
    op.create_index("ix_base_outbox_sent_at", "base_outbox", ["sent_at"])


def downgrade() -> None:
    raise RuntimeError("migrations only go forward; restore the backup taken before the upgrade")
