"""Each sign-in tells how and from where it was begun, and when it was last proven."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("identity_sign_in") as table:
        table.add_column(sa.Column("how", sa.String(length=20), nullable=True))
        table.add_column(sa.Column("agent", sa.String(length=80), nullable=True))
        table.add_column(sa.Column("address", sa.String(length=45), nullable=True))
        table.add_column(sa.Column("fresh_at", sa.DateTime(), nullable=True))
    op.execute("UPDATE identity_sign_in SET how = '', agent = '', address = '', fresh_at = started_at")
    with op.batch_alter_table("identity_sign_in") as table:
        for name, kind in (("how", 20), ("agent", 80), ("address", 45)):
            table.alter_column(name, existing_type=sa.String(length=kind), nullable=False)
        table.alter_column("fresh_at", existing_type=sa.DateTime(), nullable=False)


def downgrade() -> None:
    raise RuntimeError("migrations only go forward; restore the backup taken before the upgrade")
