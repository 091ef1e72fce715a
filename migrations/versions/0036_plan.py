"""The standing plan with its versions, hours of the years ahead, teams, scenarios, drafts and proposals."""

import sqlalchemy as sa
from alembic import op

revision = "0036"
down_revision = "0035"
branch_labels = None
depends_on = None

ORGANISATION = ("organisation_id", "identity_organisation")


def _keys(table: str, *columns: tuple[str, str]) -> list[sa.ForeignKeyConstraint]:
    return [sa.ForeignKeyConstraint([name], [f"{to}.id"], name=f"fk_{table}_{name}_{to}") for name, to in columns]


def _saved() -> list[sa.Column[object]]:
    return [
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("saved_at", sa.DateTime(), nullable=False),
        sa.Column("saved_by", sa.String(120), nullable=False),
    ]


def upgrade() -> None:
    op.create_table(
        "planning_team",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("organisation_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(80), nullable=False),
        sa.Column("areas", sa.String(400), nullable=False),
        *_saved(),
        sa.UniqueConstraint("organisation_id", "name", name="uq_planning_team_organisation_id_name"),
        *_keys("planning_team", ORGANISATION),
    )
    op.create_table(
        "planning_scenario",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("organisation_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(80), nullable=False),
        sa.Column("base", sa.Integer(), nullable=False),
        sa.Column("made_by_id", sa.Integer(), nullable=True),
        sa.Column("made_at", sa.DateTime(), nullable=False),
        sa.Column("gone", sa.Boolean(), nullable=False),
        *_saved(),
        sa.UniqueConstraint("organisation_id", "name", name="uq_planning_scenario_organisation_id_name"),
        *_keys("planning_scenario", ORGANISATION, ("made_by_id", "identity_person")),
    )
    op.create_table(
        "planning_plan",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("organisation_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("origin", sa.String(40), nullable=False),
        sa.Column("scenario_id", sa.Integer(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("made_by_id", sa.Integer(), nullable=True),
        sa.Column("made_at", sa.DateTime(), nullable=False),
        sa.UniqueConstraint("organisation_id", "number", name="uq_planning_plan_organisation_id_number"),
        *_keys("planning_plan", ORGANISATION, ("scenario_id", "planning_scenario"), ("made_by_id", "identity_person")),
    )
    op.create_table(
        "planning_line",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("organisation_id", sa.Integer(), nullable=False),
        sa.Column("plan_id", sa.Integer(), nullable=True),
        sa.Column("scenario_id", sa.Integer(), nullable=True),
        sa.Column("subprocess_id", sa.Integer(), nullable=False),
        sa.Column("year", sa.Integer(), nullable=True),
        sa.Column("season", sa.Integer(), nullable=False),
        sa.Column("light", sa.Boolean(), nullable=False),
        sa.Column("hours", sa.Integer(), nullable=False),
        sa.Column("instead", sa.Integer(), nullable=True),
        sa.Column("why", sa.String(60), nullable=False),
        sa.Column("told", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        *_keys(
            "planning_line",
            ORGANISATION,
            ("plan_id", "planning_plan"),
            ("scenario_id", "planning_scenario"),
            ("subprocess_id", "universe_subprocess"),
        ),
    )
    op.create_index("ix_planning_line_standing", "planning_line", ["organisation_id", "subprocess_id", "plan_id"])
    op.create_index("ix_planning_line_plan_id", "planning_line", ["plan_id"])
    op.create_index("ix_planning_line_scenario_id", "planning_line", ["scenario_id"])
    op.create_table(
        "planning_capacity",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("organisation_id", sa.Integer(), nullable=False),
        sa.Column("plan_id", sa.Integer(), nullable=True),
        sa.Column("scenario_id", sa.Integer(), nullable=True),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("team_id", sa.Integer(), nullable=True),
        sa.Column("hours", sa.Integer(), nullable=False),
        sa.Column("first_half", sa.Integer(), nullable=True),
        *_keys(
            "planning_capacity",
            ORGANISATION,
            ("plan_id", "planning_plan"),
            ("scenario_id", "planning_scenario"),
            ("team_id", "planning_team"),
        ),
    )
    op.create_index("ix_planning_capacity_standing", "planning_capacity", ["organisation_id", "year", "plan_id"])
    op.create_index("ix_planning_capacity_plan_id", "planning_capacity", ["plan_id"])
    op.create_index("ix_planning_capacity_scenario_id", "planning_capacity", ["scenario_id"])
    op.create_table(
        "planning_draft",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("organisation_id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("base", sa.Integer(), nullable=False),
        sa.Column("origin", sa.String(40), nullable=False),
        sa.Column("changes", sa.Text(), nullable=False),
        sa.UniqueConstraint("organisation_id", "person_id", name="uq_planning_draft_organisation_id_person_id"),
        *_keys("planning_draft", ORGANISATION, ("person_id", "identity_person")),
    )
    op.create_table(
        "planning_proposal",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("organisation_id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("asked_at", sa.DateTime(), nullable=False),
        sa.Column("base", sa.Integer(), nullable=False),
        sa.Column("years", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(40), nullable=False),
        sa.Column("step", sa.Integer(), nullable=False),
        sa.Column("ended_at", sa.DateTime(), nullable=True),
        sa.Column("question", sa.Text(), nullable=False),
        sa.Column("answer", sa.Text(), nullable=False),
        *_keys("planning_proposal", ORGANISATION, ("person_id", "identity_person")),
    )
    op.create_index("ix_planning_proposal_organisation", "planning_proposal", ["organisation_id", "id"])


def downgrade() -> None:
    raise RuntimeError("migrations only go forward; restore the backup taken before the upgrade")
