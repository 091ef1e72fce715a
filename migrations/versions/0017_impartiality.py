"""What a member of the forum tells of himself and a line, and how the others rule on it (S7)."""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "forum_impartiality",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("organisation_id", sa.Integer(), nullable=False),
        sa.Column("meeting_id", sa.Integer(), nullable=False),
        sa.Column("subprocess_id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("declaration", sa.String(40), nullable=False),
        sa.Column("circumstance", sa.Text(), nullable=False),
        sa.Column("declared_at", sa.DateTime(), nullable=False),
        sa.Column("ruling", sa.String(40), nullable=True),
        sa.Column("ruled_by", sa.String(400), nullable=False),
        sa.Column("ruled_at", sa.DateTime(), nullable=True),
        sa.Column("recorded_by_id", sa.Integer(), nullable=True),
        sa.Column("took_part", sa.Boolean(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("saved_at", sa.DateTime(), nullable=False),
        sa.Column("saved_by", sa.String(120), nullable=False),
        sa.UniqueConstraint(
            "meeting_id", "subprocess_id", "person_id",
            name="uq_forum_impartiality_meeting_id_subprocess_id_person_id",
        ),
        *(
            sa.ForeignKeyConstraint([name], [f"{table}.id"], name=f"fk_forum_impartiality_{name}_{table}")
            for name, table in (
                ("organisation_id", "identity_organisation"), ("meeting_id", "forum_meeting"),
                ("subprocess_id", "universe_subprocess"), ("person_id", "identity_person"),
                ("recorded_by_id", "identity_person"),
            )
        ),
    )  # fmt: skip


def downgrade() -> None:
    raise RuntimeError("migrations only go forward; restore the backup taken before the upgrade")
