"""The ledger of parts, exceptions of the chair, stand-ins, and a person's second account."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

FIXED = "duty NOT IN ('S1', 'S3', 'S6', 'S9')"


def upgrade() -> None:
    op.create_table(
        "identity_stand_in",
        sa.Column("id", sa.Integer(), primary_key=True),
        *_people("person_id", "stand_in_id"),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_to", sa.Date(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        _person("chosen_by_id", nullable=True),
        sa.Column("ended_at", sa.DateTime()),
        *_versioned(),
        sa.CheckConstraint("person_id <> stand_in_id", name="ck_identity_stand_in_another"),
        sa.CheckConstraint("valid_from <= valid_to", name="ck_identity_stand_in_order"),
        *_keys("identity_stand_in", "person_id", "stand_in_id", "chosen_by_id"),
    )
    op.create_index("ix_identity_stand_in_person_id", "identity_stand_in", ["person_id"])
    op.create_index("ix_identity_stand_in_stand_in_id", "identity_stand_in", ["stand_in_id"])
    op.create_table(
        "identity_exception",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("organisation_id", sa.Integer(), nullable=False),
        sa.Column("duty", sa.String(40), nullable=False),
        *_people("person_id"),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_to", sa.Date(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        *_people("granted_by_id"),
        sa.Column("granted_at", sa.DateTime(), nullable=False),
        sa.Column("ended_at", sa.DateTime()),
        _person("ended_by_id", nullable=True),
        *_versioned(),
        sa.CheckConstraint(FIXED, name="ck_identity_exception_never_fixed"),
        sa.CheckConstraint("valid_from <= valid_to", name="ck_identity_exception_order"),
        sa.CheckConstraint("person_id <> granted_by_id", name="ck_identity_exception_granted_by_another"),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["identity_organisation.id"],
            name="fk_identity_exception_organisation_id_identity_organisation",
        ),
        *_keys("identity_exception", "person_id", "granted_by_id", "ended_by_id"),
    )  # fmt: skip
    op.create_index("ix_identity_exception_organisation_id", "identity_exception", ["organisation_id"])
    op.create_index("ix_identity_exception_person_id", "identity_exception", ["person_id"])
    op.create_table(
        "identity_part",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("duty", sa.String(40), nullable=False),
        sa.Column("object_type", sa.String(60), nullable=False),
        sa.Column("object_id", sa.Integer(), nullable=False),
        sa.Column("within", sa.Integer(), nullable=False),
        sa.Column("side", sa.String(40), nullable=False),
        *_people("person_id"),
        sa.Column("exception_id", sa.Integer()),
        sa.Column("taken_at", sa.DateTime(), nullable=False),
        sa.CheckConstraint(f"exception_id IS NULL OR {FIXED}", name="ck_identity_part_never_fixed"),
        sa.UniqueConstraint(
            "duty", "object_type", "object_id", "within", "person_id", "side",
            name=op.f("uq_identity_part_duty_object_type_object_id_within_person_id_side"),
        ),
        sa.ForeignKeyConstraint(
            ["exception_id"], ["identity_exception.id"], name="fk_identity_part_exception_id_identity_exception"
        ),
        *_keys("identity_part", "person_id"),
    )  # fmt: skip
    op.create_index("ix_identity_part_person_id", "identity_part", ["person_id"])
    op.create_index(
        "uq_identity_part_one_side", "identity_part", ["duty", "object_type", "object_id", "within", "person_id"],
        unique=True, sqlite_where=sa.text("exception_id IS NULL"), postgresql_where=sa.text("exception_id IS NULL"),
    )  # fmt: skip
    # Both databases take a column with its key this way; a table made anew would lose the keys that point at it.
    op.execute(
        "ALTER TABLE identity_person ADD COLUMN same_person_as_id INTEGER CONSTRAINT "
        "fk_identity_person_same_person_as_id_identity_person REFERENCES identity_person (id)"
    )
    op.execute(
        "ALTER TABLE identity_sign_in ADD COLUMN standing_in_id INTEGER CONSTRAINT "
        "fk_identity_sign_in_standing_in_id_identity_stand_in REFERENCES identity_stand_in (id)"
    )


def _person(name: str, nullable: bool) -> sa.Column[int]:
    return sa.Column(name, sa.Integer(), nullable=nullable)


def _people(*names: str) -> list[sa.Column[int]]:
    return [_person(name, nullable=False) for name in names]


def _versioned() -> list[sa.Column[object]]:
    return [
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("saved_at", sa.DateTime(), nullable=False),
        sa.Column("saved_by", sa.String(120), nullable=False),
    ]


def _keys(table: str, *names: str) -> list[sa.ForeignKeyConstraint]:
    return [
        sa.ForeignKeyConstraint([name], ["identity_person.id"], name=f"fk_{table}_{name}_identity_person")
        for name in names
    ]


def downgrade() -> None:
    raise RuntimeError("migrations only go forward; restore the backup taken before the upgrade")
