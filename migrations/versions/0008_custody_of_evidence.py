"""Custody of evidence: versions, data class, withdrawal and disposal by two people, holds, retention, signatures, checks.

The new columns of a file are empty for the files that are there: those are first versions without a class, in force.
"""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def _people(table, *columns):
    return [
        sa.ForeignKeyConstraint([c], ["identity_person.id"], name=op.f(f"fk_{table}_{c}_identity_person"))
        for c in columns
    ]


def _organisation(table):
    return sa.ForeignKeyConstraint(
        ["organisation_id"], ["identity_organisation.id"], name=op.f(f"fk_{table}_organisation_id_identity_organisation")
    )


def _file(table, column="evidence_id"):
    return sa.ForeignKeyConstraint(
        [column], ["evidence_evidence.id"], name=op.f(f"fk_{table}_{column}_evidence_evidence")
    )


def _versioned():
    return [
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("saved_at", sa.DateTime(), nullable=False),
        sa.Column("saved_by", sa.String(length=120), nullable=False),
    ]


def upgrade() -> None:
    with op.batch_alter_table("evidence_evidence") as batch:
        batch.add_column(sa.Column("data_class", sa.String(length=40), nullable=True))
        batch.add_column(sa.Column("replaces_id", sa.Integer(), nullable=True))
        batch.add_column(sa.Column("replaces_reason", sa.Text(), nullable=True))
        batch.add_column(sa.Column("edition", sa.Integer(), nullable=True))
        batch.add_column(sa.Column("replaced_at", sa.DateTime(), nullable=True))
        batch.add_column(sa.Column("withdrawn_at", sa.DateTime(), nullable=True))
        batch.add_column(sa.Column("disposed_at", sa.DateTime(), nullable=True))
        batch.create_foreign_key(
            op.f("fk_evidence_evidence_replaces_id_evidence_evidence"), "evidence_evidence", ["replaces_id"], ["id"]
        )
    op.create_index("uq_evidence_evidence_replaces_id", "evidence_evidence", ["replaces_id"], unique=True)
    op.create_index(
        "ix_evidence_evidence_kept", "evidence_evidence", ["organisation_id", "disposed_at", "uploaded_at"], unique=False
    )

    op.create_table(
        "evidence_request",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("organisation_id", sa.Integer(), nullable=False),
        sa.Column("evidence_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("state", sa.String(length=40), nullable=False),
        sa.Column("asked_by_id", sa.Integer(), nullable=False),
        sa.Column("asked_at", sa.DateTime(), nullable=False),
        sa.Column("decided_by_id", sa.Integer(), nullable=True),
        sa.Column("decided_at", sa.DateTime(), nullable=True),
        sa.Column("answer", sa.Text(), nullable=False),
        *_versioned(),
        _organisation("evidence_request"),
        _file("evidence_request"),
        *_people("evidence_request", "asked_by_id", "decided_by_id"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_evidence_request")),
    )
    op.create_index("ix_evidence_request_open", "evidence_request", ["state", "organisation_id"], unique=False)
    op.create_index("ix_evidence_request_evidence_id", "evidence_request", ["evidence_id"], unique=False)

    op.create_table(
        "evidence_hold",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("organisation_id", sa.Integer(), nullable=False),
        sa.Column("evidence_id", sa.Integer(), nullable=False),
        sa.Column("until", sa.Date(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("set_by_id", sa.Integer(), nullable=False),
        sa.Column("set_at", sa.DateTime(), nullable=False),
        sa.Column("lifted_by_id", sa.Integer(), nullable=True),
        sa.Column("lifted_at", sa.DateTime(), nullable=True),
        sa.Column("lift_reason", sa.Text(), nullable=False),
        *_versioned(),
        _organisation("evidence_hold"),
        _file("evidence_hold"),
        *_people("evidence_hold", "set_by_id", "lifted_by_id"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_evidence_hold")),
    )
    op.create_index("ix_evidence_hold_evidence_id", "evidence_hold", ["evidence_id"], unique=False)

    op.create_table(
        "evidence_retention",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("organisation_id", sa.Integer(), nullable=False),
        sa.Column("data_class", sa.String(length=40), nullable=False),
        sa.Column("years", sa.Integer(), nullable=False),
        *_versioned(),
        _organisation("evidence_retention"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_evidence_retention")),
        sa.UniqueConstraint(
            "organisation_id", "data_class", name=op.f("uq_evidence_retention_organisation_id_data_class")
        ),
    )

    op.create_table(
        "evidence_binding",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("organisation_id", sa.Integer(), nullable=False),
        sa.Column("subject_type", sa.String(length=60), nullable=False),
        sa.Column("subject_id", sa.Integer(), nullable=False),
        sa.Column("signed_by_id", sa.Integer(), nullable=True),
        sa.Column("signed_at", sa.DateTime(), nullable=False),
        sa.Column("hashes", sa.Text(), nullable=False),
        sa.Column("broken_at", sa.DateTime(), nullable=True),
        sa.Column("broken_by_id", sa.Integer(), nullable=True),
        _organisation("evidence_binding"),
        _file("evidence_binding", "broken_by_id"),
        *_people("evidence_binding", "signed_by_id"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_evidence_binding")),
    )
    op.create_index("ix_evidence_binding_subject", "evidence_binding", ["subject_type", "subject_id"], unique=False)
    op.create_index("ix_evidence_binding_organisation_id", "evidence_binding", ["organisation_id"], unique=False)

    op.create_table(
        "evidence_check",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("at", sa.DateTime(), nullable=False),
        sa.Column("files", sa.Integer(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("faults", sa.Integer(), nullable=False),
        sa.Column("told", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_evidence_check")),
    )
    op.create_index("ix_evidence_check_at", "evidence_check", ["at"], unique=False)


def downgrade() -> None:
    raise RuntimeError("migrations only go forward; restore the backup taken before the upgrade")
