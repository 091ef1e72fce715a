"""Changes of the catalogue's structure, and what came of what."""

import sqlalchemy as sa
from alembic import op

revision = "0030"
down_revision = "0029"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "universe_structure",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("organisation_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(40), nullable=False),
        sa.Column("level", sa.String(40), nullable=False),
        sa.Column("effective_on", sa.Date(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(), nullable=False),
        sa.Column("recorded_by_id", sa.Integer()),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["identity_organisation.id"],
            name="fk_universe_structure_organisation_id_identity_organisation",
        ),
        sa.ForeignKeyConstraint(
            ["recorded_by_id"], ["identity_person.id"], name="fk_universe_structure_recorded_by_id_identity_person"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_universe_structure"),
    )  # fmt: skip
    op.create_index("ix_universe_structure_organisation_id", "universe_structure", ["organisation_id"])
    op.create_table(
        "universe_lineage",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("organisation_id", sa.Integer(), nullable=False),
        sa.Column("structure_id", sa.Integer(), nullable=False),
        sa.Column("object_type", sa.String(60), nullable=False),
        sa.Column("before_id", sa.Integer()),
        sa.Column("after_id", sa.Integer()),
        sa.Column("was", sa.String(300), nullable=False),
        sa.Column("inherits", sa.Boolean(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["identity_organisation.id"],
            name="fk_universe_lineage_organisation_id_identity_organisation",
        ),
        sa.ForeignKeyConstraint(
            ["structure_id"], ["universe_structure.id"], name="fk_universe_lineage_structure_id_universe_structure"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_universe_lineage"),
    )  # fmt: skip
    for name, columns in (
        ("organisation_id", ["organisation_id"]), ("structure_id", ["structure_id"]),
        ("after", ["object_type", "after_id"]), ("before", ["object_type", "before_id"]),
    ):  # fmt: skip
        op.create_index(f"ix_universe_lineage_{name}", "universe_lineage", columns)


def downgrade() -> None:
    raise RuntimeError("migrations only go forward; restore the backup taken before the upgrade")
