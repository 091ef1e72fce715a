"""Work accounts and what their groups mean, emergency sign-ins, texts that wait while one signs in."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "signin_account",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("issuer", sa.String(length=255), nullable=False),
        sa.Column("subject", sa.String(length=255), nullable=False),
        sa.Column("linked_at", sa.DateTime(), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["identity_person.id"], name="fk_signin_account_person_id_identity_person"),
        sa.PrimaryKeyConstraint("id", name="pk_signin_account"),
        sa.UniqueConstraint("issuer", "subject", name="uq_signin_account_issuer_subject"),
    )
    op.create_index("ix_signin_account_person_id", "signin_account", ["person_id"])
    op.create_table(
        "signin_claims_map",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.Column("read_at", sa.DateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_signin_claims_map"),
    )
    op.create_table(
        "signin_claimed_grant",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("grant_id", sa.Integer(), nullable=False),
        sa.Column("claims_map_id", sa.Integer(), nullable=False),
        sa.Column("given_at", sa.DateTime(), nullable=False),
        sa.Column("ended_at", sa.DateTime(), nullable=True),
        sa.ForeignKeyConstraint(["account_id"], ["signin_account.id"], name="fk_signin_claimed_grant_account_id_signin_account"),
        sa.ForeignKeyConstraint(["grant_id"], ["identity_role_grant.id"], name="fk_signin_claimed_grant_grant_id_identity_role_grant"),
        sa.ForeignKeyConstraint(["claims_map_id"], ["signin_claims_map.id"], name="fk_signin_claimed_grant_claims_map_id_signin_claims_map"),
        sa.PrimaryKeyConstraint("id", name="pk_signin_claimed_grant"),
    )
    op.create_index("ix_signin_claimed_grant_account_id", "signin_claimed_grant", ["account_id"])
    op.create_index("ix_signin_claimed_grant_grant_id", "signin_claimed_grant", ["grant_id"])
    op.create_table(
        "signin_emergency",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("made_by", sa.String(length=120), nullable=False),
        sa.Column("made_at", sa.DateTime(), nullable=False),
        sa.Column("ends_at", sa.DateTime(), nullable=False),
        sa.Column("used_at", sa.DateTime(), nullable=True),
        sa.ForeignKeyConstraint(["person_id"], ["identity_person.id"], name="fk_signin_emergency_person_id_identity_person"),
        sa.PrimaryKeyConstraint("id", name="pk_signin_emergency"),
        sa.UniqueConstraint("digest", name="uq_signin_emergency_digest"),
    )
    op.create_index("ix_signin_emergency_person_id", "signin_emergency", ["person_id"])
    op.create_table(
        "signin_parked_draft",
        sa.Column("token", sa.String(length=64), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("fields", sa.Text(), nullable=False),
        sa.Column("parked_at", sa.DateTime(), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["identity_person.id"], name="fk_signin_parked_draft_person_id_identity_person"),
        sa.PrimaryKeyConstraint("token", name="pk_signin_parked_draft"),
    )
    op.create_index("ix_signin_parked_draft_parked_at", "signin_parked_draft", ["parked_at"])


def downgrade() -> None:
    raise RuntimeError("migrations only go forward; restore the backup taken before the upgrade")
