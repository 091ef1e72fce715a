"""A catalogue file that waits says on whose behalf it was brought (S15)."""

from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute(
        "ALTER TABLE universe_import_draft ADD COLUMN on_behalf_of_id INTEGER CONSTRAINT "
        "fk_universe_import_draft_on_behalf_of_id_identity_person REFERENCES identity_person (id)"
    )


def downgrade() -> None:
    raise RuntimeError("migrations only go forward; restore the backup taken before the upgrade")
