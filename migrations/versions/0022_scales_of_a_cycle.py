"""The scales of each cycle: anchors, bands, amounts, reasons and factors. A cycle from before follows the standard ones."""

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "assessment_scale_set",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("organisation_id", sa.Integer(), nullable=False),
        sa.Column("cycle_id", sa.Integer(), nullable=False),
        sa.Column("likelihood_da", sa.Text(), nullable=False),
        sa.Column("likelihood_en", sa.Text(), nullable=False),
        sa.Column("likelihood_help_da", sa.Text(), nullable=False),
        sa.Column("likelihood_help_en", sa.Text(), nullable=False),
        sa.Column("impact_da", sa.Text(), nullable=False),
        sa.Column("impact_en", sa.Text(), nullable=False),
        sa.Column("impact_help_da", sa.Text(), nullable=False),
        sa.Column("impact_help_en", sa.Text(), nullable=False),
        sa.Column("control_da", sa.Text(), nullable=False),
        sa.Column("control_en", sa.Text(), nullable=False),
        sa.Column("control_help_da", sa.Text(), nullable=False),
        sa.Column("control_help_en", sa.Text(), nullable=False),
        sa.Column("moderate_from", sa.Integer(), nullable=False),
        sa.Column("elevated_from", sa.Integer(), nullable=False),
        sa.Column("high_from", sa.Integer(), nullable=False),
        sa.Column("worst_impact", sa.String(length=40), nullable=False),
        sa.Column("impact_2_from_ore", sa.BigInteger(), nullable=False),
        sa.Column("impact_3_from_ore", sa.BigInteger(), nullable=False),
        sa.Column("impact_4_from_ore", sa.BigInteger(), nullable=False),
        sa.Column("impact_5_from_ore", sa.BigInteger(), nullable=False),
        sa.Column("leap_steps", sa.Integer(), nullable=False),
        sa.Column("reason_least", sa.Integer(), nullable=False),
        sa.Column("reason_most", sa.Integer(), nullable=False),
        sa.Column("ask_no_key_control", sa.Boolean(), nullable=False),
        sa.Column("ask_unchanged", sa.Boolean(), nullable=False),
        sa.Column("ask_copied", sa.Boolean(), nullable=False),
        sa.Column("ask_fraud", sa.Boolean(), nullable=False),
        sa.Column("weight_likelihood", sa.Integer(), nullable=False),
        sa.Column("weight_impact", sa.Integer(), nullable=False),
        sa.Column("weight_control", sa.Integer(), nullable=False),
        sa.Column("weight_amount", sa.Integer(), nullable=False),
        sa.Column("weight_change", sa.Integer(), nullable=False),
        sa.Column("weight_fraud", sa.Integer(), nullable=False),
        sa.Column("weight_uncertainty", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("saved_at", sa.DateTime(), nullable=False),
        sa.Column("saved_by", sa.String(length=120), nullable=False),
        sa.ForeignKeyConstraint(
            ["organisation_id"],
            ["identity_organisation.id"],
            name=op.f("fk_assessment_scale_set_organisation_id_identity_organisation"),
        ),
        sa.ForeignKeyConstraint(
            ["cycle_id"], ["wheel_cycle.id"], name=op.f("fk_assessment_scale_set_cycle_id_wheel_cycle")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_assessment_scale_set")),
        sa.UniqueConstraint("cycle_id", name=op.f("uq_assessment_scale_set_cycle_id")),
    )


def downgrade() -> None:
    raise RuntimeError("migrations only go forward; restore the backup taken before the upgrade")
