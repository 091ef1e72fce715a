"""Authenticator apps, recovery codes, passkeys, counts of wrong answers; a password that must be changed."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("identity_person", sa.Column("must_change", sa.Boolean(), nullable=True))
    op.create_table(
        "credential_totp",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("secret", sa.String(length=200), nullable=False),
        sa.Column("last_step", sa.Integer(), nullable=False),
        sa.Column("added_at", sa.DateTime(), nullable=False),
        sa.Column("ended_at", sa.DateTime(), nullable=True),
        sa.ForeignKeyConstraint(["person_id"], ["identity_person.id"], name="fk_credential_totp_person_id_identity_person"),
        sa.PrimaryKeyConstraint("id", name="pk_credential_totp"),
    )
    op.create_index("ix_credential_totp_person_id", "credential_totp", ["person_id"])
    op.create_table(
        "credential_recovery_code",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("made_at", sa.DateTime(), nullable=False),
        sa.Column("used_at", sa.DateTime(), nullable=True),
        sa.Column("ended_at", sa.DateTime(), nullable=True),
        sa.ForeignKeyConstraint(["person_id"], ["identity_person.id"], name="fk_credential_recovery_code_person_id_identity_person"),
        sa.PrimaryKeyConstraint("id", name="pk_credential_recovery_code"),
    )
    op.create_index("ix_credential_recovery_code_person_id", "credential_recovery_code", ["person_id"])
    op.create_table(
        "credential_passkey",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("credential", sa.LargeBinary(length=1023), nullable=False),
        sa.Column("public_key", sa.LargeBinary(), nullable=False),
        sa.Column("sign_count", sa.Integer(), nullable=False),
        sa.Column("added_at", sa.DateTime(), nullable=False),
        sa.Column("used_at", sa.DateTime(), nullable=True),
        sa.Column("ended_at", sa.DateTime(), nullable=True),
        sa.ForeignKeyConstraint(["person_id"], ["identity_person.id"], name="fk_credential_passkey_person_id_identity_person"),
        sa.PrimaryKeyConstraint("id", name="pk_credential_passkey"),
        sa.UniqueConstraint("credential", name="uq_credential_passkey_credential"),
    )
    op.create_index("ix_credential_passkey_person_id", "credential_passkey", ["person_id"])
    op.create_table(
        "signin_throttle",
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("last_at", sa.DateTime(), nullable=False),
        sa.PrimaryKeyConstraint("key", name="pk_signin_throttle"),
    )
    op.create_index("ix_signin_throttle_last_at", "signin_throttle", ["last_at"])


def downgrade() -> None:
    raise RuntimeError("migrations only go forward; restore the backup taken before the upgrade")
