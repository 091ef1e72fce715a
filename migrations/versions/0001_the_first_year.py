"""The tables of the first year: from organisations to findings."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "base_demo",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("shift_seconds", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_base_demo")),
    )
    op.create_table(
        "base_event",
        sa.Column("seq", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("at", sa.DateTime(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=True),
        sa.Column("person_name", sa.String(length=120), nullable=False),
        sa.Column("role", sa.String(length=40), nullable=False),
        sa.Column("on_behalf_of", sa.Integer(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("request_key", sa.String(length=64), nullable=False),
        sa.Column("action", sa.String(length=80), nullable=False),
        sa.Column("object_type", sa.String(length=60), nullable=False),
        sa.Column("object_id", sa.Integer(), nullable=True),
        sa.Column("object_version", sa.Integer(), nullable=True),
        sa.Column("organisation_id", sa.Integer(), nullable=True),
        sa.Column("payload", sa.Text(), nullable=False),
        sa.Column("salt", sa.LargeBinary(length=16), nullable=False),
        sa.Column("payload_digest", sa.LargeBinary(length=32), nullable=False),
        sa.Column("leaf", sa.LargeBinary(length=32), nullable=False),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_base_event")),
    )
    op.create_index("ix_base_event_action", "base_event", ["action"], unique=False)
    op.create_index("ix_base_event_object", "base_event", ["object_type", "object_id"], unique=False)
    op.create_index("ix_base_event_organisation_id", "base_event", ["organisation_id"], unique=False)

    op.create_table(
        "identity_organisation",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("code", sa.String(length=20), nullable=False),
        sa.Column("name_da", sa.String(length=200), nullable=False),
        sa.Column("name_en", sa.String(length=200), nullable=False),
        sa.Column("parent_id", sa.Integer(), nullable=True),
        sa.Column("path", sa.String(length=200), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("saved_at", sa.DateTime(), nullable=False),
        sa.Column("saved_by", sa.String(length=120), nullable=False),
        sa.ForeignKeyConstraint(
            ["parent_id"],
            ["identity_organisation.id"],
            name=op.f("fk_identity_organisation_parent_id_identity_organisation"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_identity_organisation")),
        sa.UniqueConstraint("code", name=op.f("uq_identity_organisation_code")),
    )
    op.create_index("ix_identity_organisation_path", "identity_organisation", ["path"], unique=False)

    op.create_table(
        "identity_person",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("username", sa.String(length=80), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("title", sa.String(length=120), nullable=False),
        sa.Column("unit", sa.String(length=120), nullable=False),
        sa.Column("email", sa.String(length=200), nullable=False),
        sa.Column("organisation_id", sa.Integer(), nullable=False),
        sa.Column("language", sa.String(length=2), nullable=False),
        sa.Column("password_hash", sa.String(length=200), nullable=True),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_to", sa.Date(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("saved_at", sa.DateTime(), nullable=False),
        sa.Column("saved_by", sa.String(length=120), nullable=False),
        sa.ForeignKeyConstraint(
            ["organisation_id"],
            ["identity_organisation.id"],
            name=op.f("fk_identity_person_organisation_id_identity_organisation"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_identity_person")),
        sa.UniqueConstraint("username", name=op.f("uq_identity_person_username")),
    )
    op.create_index("ix_identity_person_organisation_id", "identity_person", ["organisation_id"], unique=False)

    op.create_table(
        "universe_area",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("organisation_id", sa.Integer(), nullable=False),
        sa.Column("code", sa.String(length=40), nullable=False),
        sa.Column("name_da", sa.String(length=300), nullable=False),
        sa.Column("name_en", sa.String(length=300), nullable=False),
        sa.Column("sort_key", sa.String(length=200), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("saved_at", sa.DateTime(), nullable=False),
        sa.Column("saved_by", sa.String(length=120), nullable=False),
        sa.ForeignKeyConstraint(
            ["organisation_id"],
            ["identity_organisation.id"],
            name=op.f("fk_universe_area_organisation_id_identity_organisation"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_universe_area")),
        sa.UniqueConstraint("organisation_id", "code", name=op.f("uq_universe_area_organisation_id_code")),
    )
    op.create_table(
        "evidence_evidence",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("organisation_id", sa.Integer(), nullable=False),
        sa.Column("subject_type", sa.String(length=60), nullable=False),
        sa.Column("subject_id", sa.Integer(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("filename", sa.String(length=200), nullable=False),
        sa.Column("media_type", sa.String(length=100), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("shows", sa.Text(), nullable=False),
        sa.Column("covers_from", sa.Date(), nullable=True),
        sa.Column("covers_to", sa.Date(), nullable=True),
        sa.Column("uploaded_by_id", sa.Integer(), nullable=False),
        sa.Column("uploaded_at", sa.DateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organisation_id"],
            ["identity_organisation.id"],
            name=op.f("fk_evidence_evidence_organisation_id_identity_organisation"),
        ),
        sa.ForeignKeyConstraint(
            ["uploaded_by_id"], ["identity_person.id"], name=op.f("fk_evidence_evidence_uploaded_by_id_identity_person")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_evidence_evidence")),
    )
    op.create_index("ix_evidence_evidence_sha256", "evidence_evidence", ["sha256"], unique=False)
    op.create_index("ix_evidence_evidence_subject", "evidence_evidence", ["subject_type", "subject_id"], unique=False)

    op.create_table(
        "identity_role_grant",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("role", sa.String(40), nullable=False),
        sa.Column("organisation_id", sa.Integer(), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_to", sa.Date(), nullable=True),
        sa.Column("granted_by", sa.String(length=120), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("saved_at", sa.DateTime(), nullable=False),
        sa.Column("saved_by", sa.String(length=120), nullable=False),
        sa.ForeignKeyConstraint(
            ["organisation_id"],
            ["identity_organisation.id"],
            name=op.f("fk_identity_role_grant_organisation_id_identity_organisation"),
        ),
        sa.ForeignKeyConstraint(
            ["person_id"], ["identity_person.id"], name=op.f("fk_identity_role_grant_person_id_identity_person")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_identity_role_grant")),
        sa.UniqueConstraint(
            "person_id",
            "role",
            "organisation_id",
            "valid_from",
            name=op.f("uq_identity_role_grant_person_id_role_organisation_id_valid_from"),
        ),
    )
    op.create_index("ix_identity_role_grant_organisation_id", "identity_role_grant", ["organisation_id"], unique=False)
    op.create_index("ix_identity_role_grant_person_id", "identity_role_grant", ["person_id"], unique=False)

    op.create_table(
        "identity_sign_in",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("token", sa.String(length=64), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("started_at", sa.DateTime(), nullable=False),
        sa.Column("seen_at", sa.DateTime(), nullable=False),
        sa.Column("ended_at", sa.DateTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["person_id"], ["identity_person.id"], name=op.f("fk_identity_sign_in_person_id_identity_person")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_identity_sign_in")),
        sa.UniqueConstraint("token", name=op.f("uq_identity_sign_in_token")),
    )
    op.create_index("ix_identity_sign_in_person", "identity_sign_in", ["person_id"], unique=False)

    op.create_table(
        "universe_import_draft",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("organisation_id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("uploaded_at", sa.DateTime(), nullable=False),
        sa.Column("filename", sa.String(length=200), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("rows", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organisation_id"],
            ["identity_organisation.id"],
            name=op.f("fk_universe_import_draft_organisation_id_identity_organisation"),
        ),
        sa.ForeignKeyConstraint(
            ["person_id"], ["identity_person.id"], name=op.f("fk_universe_import_draft_person_id_identity_person")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_universe_import_draft")),
    )
    op.create_table(
        "universe_process",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("organisation_id", sa.Integer(), nullable=False),
        sa.Column("area_id", sa.Integer(), nullable=False),
        sa.Column("code", sa.String(length=40), nullable=False),
        sa.Column("name_da", sa.String(length=300), nullable=False),
        sa.Column("name_en", sa.String(length=300), nullable=False),
        sa.Column("sort_key", sa.String(length=200), nullable=False),
        sa.Column("owner_id", sa.Integer(), nullable=True),
        sa.Column("deputy_id", sa.Integer(), nullable=True),
        sa.Column("unit", sa.String(length=200), nullable=False),
        sa.Column("performer_unit", sa.String(length=200), nullable=False),
        sa.Column("systems", sa.Text(), nullable=False),
        sa.Column("legal_basis", sa.Text(), nullable=False),
        sa.Column("yearly_amount_ore", sa.BigInteger(), nullable=True),
        sa.Column("transactions", sa.BigInteger(), nullable=True),
        sa.Column("provider_share", sa.Integer(), nullable=True),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_to", sa.Date(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("saved_at", sa.DateTime(), nullable=False),
        sa.Column("saved_by", sa.String(length=120), nullable=False),
        sa.ForeignKeyConstraint(
            ["area_id"], ["universe_area.id"], name=op.f("fk_universe_process_area_id_universe_area")
        ),
        sa.ForeignKeyConstraint(
            ["deputy_id"], ["identity_person.id"], name=op.f("fk_universe_process_deputy_id_identity_person")
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id"],
            ["identity_organisation.id"],
            name=op.f("fk_universe_process_organisation_id_identity_organisation"),
        ),
        sa.ForeignKeyConstraint(
            ["owner_id"], ["identity_person.id"], name=op.f("fk_universe_process_owner_id_identity_person")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_universe_process")),
        sa.UniqueConstraint("organisation_id", "code", name=op.f("uq_universe_process_organisation_id_code")),
    )
    op.create_index("ix_universe_process_area_id", "universe_process", ["area_id"], unique=False)
    op.create_index("ix_universe_process_list", "universe_process", ["organisation_id", "sort_key"], unique=False)
    op.create_index("ix_universe_process_owner_id", "universe_process", ["owner_id"], unique=False)

    op.create_table(
        "wheel_cycle",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("organisation_id", sa.Integer(), nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(40), nullable=False),
        sa.Column("rule_set", sa.Integer(), nullable=False),
        sa.Column("capacity_hours", sa.Integer(), nullable=False),
        sa.Column("interval_high", sa.Integer(), nullable=False),
        sa.Column("interval_elevated", sa.Integer(), nullable=False),
        sa.Column("interval_moderate", sa.Integer(), nullable=False),
        sa.Column("interval_low", sa.Integer(), nullable=False),
        sa.Column("opened_by_id", sa.Integer(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("saved_at", sa.DateTime(), nullable=False),
        sa.Column("saved_by", sa.String(length=120), nullable=False),
        sa.ForeignKeyConstraint(
            ["opened_by_id"], ["identity_person.id"], name=op.f("fk_wheel_cycle_opened_by_id_identity_person")
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id"],
            ["identity_organisation.id"],
            name=op.f("fk_wheel_cycle_organisation_id_identity_organisation"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_wheel_cycle")),
        sa.UniqueConstraint("organisation_id", "year", name=op.f("uq_wheel_cycle_organisation_id_year")),
    )
    op.create_table(
        "assessment_assessment",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("organisation_id", sa.Integer(), nullable=False),
        sa.Column("cycle_id", sa.Integer(), nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("process_id", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(40), nullable=False),
        sa.Column("submitted_scores", sa.String(length=20), nullable=False),
        sa.Column("fraud", sa.Boolean(), nullable=True),
        sa.Column("fraud_reason", sa.Text(), nullable=False),
        sa.Column("change_direction", sa.String(40), nullable=True),
        sa.Column("change_kinds", sa.String(length=100), nullable=False),
        sa.Column("certainty", sa.String(40), nullable=True),
        sa.Column("propose_review", sa.String(40), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("copied", sa.Boolean(), nullable=False),
        sa.Column("reason_unchanged", sa.Text(), nullable=False),
        sa.Column("reason_step", sa.Text(), nullable=False),
        sa.Column("reason_no_key_control", sa.Text(), nullable=False),
        sa.Column("author_id", sa.Integer(), nullable=True),
        sa.Column("assessors", sa.String(length=400), nullable=False),
        sa.Column("submitted_at", sa.DateTime(), nullable=True),
        sa.Column("returned_by_id", sa.Integer(), nullable=True),
        sa.Column("returned_at", sa.DateTime(), nullable=True),
        sa.Column("return_comment", sa.Text(), nullable=False),
        sa.Column("calibrated_by_id", sa.Integer(), nullable=True),
        sa.Column("calibrated_at", sa.DateTime(), nullable=True),
        sa.Column("calibration_changed", sa.Boolean(), nullable=False),
        sa.Column("calibration_reason", sa.Text(), nullable=False),
        sa.Column("owner_objection", sa.Text(), nullable=False),
        sa.Column("approver_id", sa.Integer(), nullable=True),
        sa.Column("approved_at", sa.DateTime(), nullable=True),
        sa.Column("locked_at", sa.DateTime(), nullable=True),
        sa.Column("inherent_likelihood", sa.Integer(), nullable=True),
        sa.Column("inherent_impact", sa.Integer(), nullable=True),
        sa.Column("control_level", sa.Integer(), nullable=True),
        sa.Column("residual_likelihood", sa.Integer(), nullable=True),
        sa.Column("residual_impact", sa.Integer(), nullable=True),
        sa.Column("inherent_band", sa.String(40), nullable=True),
        sa.Column("residual_band", sa.String(40), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("saved_at", sa.DateTime(), nullable=False),
        sa.Column("saved_by", sa.String(length=120), nullable=False),
        sa.ForeignKeyConstraint(
            ["approver_id"], ["identity_person.id"], name=op.f("fk_assessment_assessment_approver_id_identity_person")
        ),
        sa.ForeignKeyConstraint(
            ["author_id"], ["identity_person.id"], name=op.f("fk_assessment_assessment_author_id_identity_person")
        ),
        sa.ForeignKeyConstraint(
            ["calibrated_by_id"],
            ["identity_person.id"],
            name=op.f("fk_assessment_assessment_calibrated_by_id_identity_person"),
        ),
        sa.ForeignKeyConstraint(
            ["cycle_id"], ["wheel_cycle.id"], name=op.f("fk_assessment_assessment_cycle_id_wheel_cycle")
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id"],
            ["identity_organisation.id"],
            name=op.f("fk_assessment_assessment_organisation_id_identity_organisation"),
        ),
        sa.ForeignKeyConstraint(
            ["process_id"], ["universe_process.id"], name=op.f("fk_assessment_assessment_process_id_universe_process")
        ),
        sa.ForeignKeyConstraint(
            ["returned_by_id"],
            ["identity_person.id"],
            name=op.f("fk_assessment_assessment_returned_by_id_identity_person"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_assessment_assessment")),
        sa.UniqueConstraint("cycle_id", "process_id", name=op.f("uq_assessment_assessment_cycle_id_process_id")),
    )
    op.create_index(
        "ix_assessment_assessment_list", "assessment_assessment", ["organisation_id", "year", "state"], unique=False
    )
    op.create_index("ix_assessment_assessment_process_id", "assessment_assessment", ["process_id"], unique=False)

    op.create_table(
        "recommendation_recommendation",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("organisation_id", sa.Integer(), nullable=False),
        sa.Column("cycle_id", sa.Integer(), nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(40), nullable=False),
        sa.Column("capacity_hours", sa.Integer(), nullable=False),
        sa.Column("introduction", sa.Text(), nullable=False),
        sa.Column("prepared_by_id", sa.Integer(), nullable=False),
        sa.Column("handed_over_by_id", sa.Integer(), nullable=True),
        sa.Column("handed_over_at", sa.DateTime(), nullable=True),
        sa.Column("rule_set", sa.Integer(), nullable=False),
        sa.Column("snapshot", sa.Text(), nullable=False),
        sa.Column("snapshot_hash", sa.String(length=64), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("saved_at", sa.DateTime(), nullable=False),
        sa.Column("saved_by", sa.String(length=120), nullable=False),
        sa.ForeignKeyConstraint(
            ["cycle_id"], ["wheel_cycle.id"], name=op.f("fk_recommendation_recommendation_cycle_id_wheel_cycle")
        ),
        sa.ForeignKeyConstraint(
            ["handed_over_by_id"],
            ["identity_person.id"],
            name=op.f("fk_recommendation_recommendation_handed_over_by_id_identity_person"),
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id"],
            ["identity_organisation.id"],
            name=op.f("fk_recommendation_recommendation_organisation_id_identity_organisation"),
        ),
        sa.ForeignKeyConstraint(
            ["prepared_by_id"],
            ["identity_person.id"],
            name=op.f("fk_recommendation_recommendation_prepared_by_id_identity_person"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_recommendation_recommendation")),
        sa.UniqueConstraint("cycle_id", "number", name=op.f("uq_recommendation_recommendation_cycle_id_number")),
    )
    op.create_table(
        "universe_subprocess",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("organisation_id", sa.Integer(), nullable=False),
        sa.Column("process_id", sa.Integer(), nullable=False),
        sa.Column("code", sa.String(length=40), nullable=False),
        sa.Column("name_da", sa.String(length=300), nullable=False),
        sa.Column("name_en", sa.String(length=300), nullable=False),
        sa.Column("sort_key", sa.String(length=200), nullable=False),
        sa.Column("typical_risk", sa.Text(), nullable=False),
        sa.Column("typical_key_control", sa.Text(), nullable=False),
        sa.Column("suggested_likelihood", sa.Integer(), nullable=True),
        sa.Column("suggested_impact", sa.Integer(), nullable=True),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_to", sa.Date(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("saved_at", sa.DateTime(), nullable=False),
        sa.Column("saved_by", sa.String(length=120), nullable=False),
        sa.ForeignKeyConstraint(
            ["organisation_id"],
            ["identity_organisation.id"],
            name=op.f("fk_universe_subprocess_organisation_id_identity_organisation"),
        ),
        sa.ForeignKeyConstraint(
            ["process_id"], ["universe_process.id"], name=op.f("fk_universe_subprocess_process_id_universe_process")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_universe_subprocess")),
        sa.UniqueConstraint("organisation_id", "code", name=op.f("uq_universe_subprocess_organisation_id_code")),
    )
    op.create_index("ix_universe_subprocess_list", "universe_subprocess", ["organisation_id", "sort_key"], unique=False)
    op.create_index("ix_universe_subprocess_process_id", "universe_subprocess", ["process_id"], unique=False)

    op.create_table(
        "wheel_step",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("cycle_id", sa.Integer(), nullable=False),
        sa.Column("organisation_id", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(40), nullable=False),
        sa.Column("planned_on", sa.Date(), nullable=False),
        sa.Column("deadline_on", sa.Date(), nullable=True),
        sa.Column("taken_at", sa.DateTime(), nullable=True),
        sa.Column("taken_by_id", sa.Integer(), nullable=True),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("sort", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("saved_at", sa.DateTime(), nullable=False),
        sa.Column("saved_by", sa.String(length=120), nullable=False),
        sa.ForeignKeyConstraint(["cycle_id"], ["wheel_cycle.id"], name=op.f("fk_wheel_step_cycle_id_wheel_cycle")),
        sa.ForeignKeyConstraint(
            ["organisation_id"],
            ["identity_organisation.id"],
            name=op.f("fk_wheel_step_organisation_id_identity_organisation"),
        ),
        sa.ForeignKeyConstraint(
            ["taken_by_id"], ["identity_person.id"], name=op.f("fk_wheel_step_taken_by_id_identity_person")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_wheel_step")),
        sa.UniqueConstraint("cycle_id", "state", name=op.f("uq_wheel_step_cycle_id_state")),
    )
    op.create_table(
        "assessment_draft",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("assessment_id", sa.Integer(), nullable=False),
        sa.Column("author_id", sa.Integer(), nullable=False),
        sa.Column("answers", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("saved_at", sa.DateTime(), nullable=False),
        sa.Column("saved_by", sa.String(length=120), nullable=False),
        sa.ForeignKeyConstraint(
            ["assessment_id"],
            ["assessment_assessment.id"],
            name=op.f("fk_assessment_draft_assessment_id_assessment_assessment"),
        ),
        sa.ForeignKeyConstraint(
            ["author_id"], ["identity_person.id"], name=op.f("fk_assessment_draft_author_id_identity_person")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_assessment_draft")),
        sa.UniqueConstraint("assessment_id", name=op.f("uq_assessment_draft_assessment_id")),
    )
    op.create_table(
        "assessment_line",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("organisation_id", sa.Integer(), nullable=False),
        sa.Column("assessment_id", sa.Integer(), nullable=False),
        sa.Column("subprocess_id", sa.Integer(), nullable=False),
        sa.Column("inherited", sa.Boolean(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("reason_step", sa.Text(), nullable=False),
        sa.Column("inherent_likelihood", sa.Integer(), nullable=True),
        sa.Column("inherent_impact", sa.Integer(), nullable=True),
        sa.Column("control_level", sa.Integer(), nullable=True),
        sa.Column("residual_likelihood", sa.Integer(), nullable=True),
        sa.Column("residual_impact", sa.Integer(), nullable=True),
        sa.Column("inherent_band", sa.String(40), nullable=True),
        sa.Column("residual_band", sa.String(40), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("saved_at", sa.DateTime(), nullable=False),
        sa.Column("saved_by", sa.String(length=120), nullable=False),
        sa.ForeignKeyConstraint(
            ["assessment_id"],
            ["assessment_assessment.id"],
            name=op.f("fk_assessment_line_assessment_id_assessment_assessment"),
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id"],
            ["identity_organisation.id"],
            name=op.f("fk_assessment_line_organisation_id_identity_organisation"),
        ),
        sa.ForeignKeyConstraint(
            ["subprocess_id"],
            ["universe_subprocess.id"],
            name=op.f("fk_assessment_line_subprocess_id_universe_subprocess"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_assessment_line")),
        sa.UniqueConstraint(
            "assessment_id", "subprocess_id", name=op.f("uq_assessment_line_assessment_id_subprocess_id")
        ),
    )
    op.create_index("ix_assessment_line_subprocess_id", "assessment_line", ["subprocess_id"], unique=False)

    op.create_table(
        "forum_meeting",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("organisation_id", sa.Integer(), nullable=False),
        sa.Column("about_id", sa.Integer(), nullable=False),
        sa.Column("cycle_id", sa.Integer(), nullable=False),
        sa.Column("recommendation_id", sa.Integer(), nullable=True),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("number", sa.String(length=20), nullable=False),
        sa.Column("held_on", sa.Date(), nullable=False),
        sa.Column("form", sa.String(40), nullable=False),
        sa.Column("state", sa.String(40), nullable=False),
        sa.Column("chair_id", sa.Integer(), nullable=True),
        sa.Column("recorder_id", sa.Integer(), nullable=True),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("confirmed_by_id", sa.Integer(), nullable=True),
        sa.Column("confirmed_at", sa.DateTime(), nullable=True),
        sa.Column("return_comment", sa.Text(), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("saved_at", sa.DateTime(), nullable=False),
        sa.Column("saved_by", sa.String(length=120), nullable=False),
        sa.ForeignKeyConstraint(
            ["about_id"], ["identity_organisation.id"], name=op.f("fk_forum_meeting_about_id_identity_organisation")
        ),
        sa.ForeignKeyConstraint(
            ["chair_id"], ["identity_person.id"], name=op.f("fk_forum_meeting_chair_id_identity_person")
        ),
        sa.ForeignKeyConstraint(
            ["confirmed_by_id"], ["identity_person.id"], name=op.f("fk_forum_meeting_confirmed_by_id_identity_person")
        ),
        sa.ForeignKeyConstraint(["cycle_id"], ["wheel_cycle.id"], name=op.f("fk_forum_meeting_cycle_id_wheel_cycle")),
        sa.ForeignKeyConstraint(
            ["organisation_id"],
            ["identity_organisation.id"],
            name=op.f("fk_forum_meeting_organisation_id_identity_organisation"),
        ),
        sa.ForeignKeyConstraint(
            ["recommendation_id"],
            ["recommendation_recommendation.id"],
            name=op.f("fk_forum_meeting_recommendation_id_recommendation_recommendation"),
        ),
        sa.ForeignKeyConstraint(
            ["recorder_id"], ["identity_person.id"], name=op.f("fk_forum_meeting_recorder_id_identity_person")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_forum_meeting")),
    )
    op.create_index("ix_forum_meeting_cycle_id", "forum_meeting", ["cycle_id"], unique=False)
    op.create_index("ix_forum_meeting_list", "forum_meeting", ["about_id", "held_on"], unique=False)

    op.create_table(
        "recommendation_line",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("organisation_id", sa.Integer(), nullable=False),
        sa.Column("recommendation_id", sa.Integer(), nullable=False),
        sa.Column("subprocess_id", sa.Integer(), nullable=False),
        sa.Column("recommended", sa.String(40), nullable=False),
        sa.Column("reason_codes", sa.String(length=200), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("hours", sa.Integer(), nullable=False),
        sa.Column("form", sa.String(40), nullable=False),
        sa.Column("proposed_lead_id", sa.Integer(), nullable=True),
        sa.Column("dissent", sa.Text(), nullable=False),
        sa.Column("review_year", sa.Integer(), nullable=False),
        sa.Column("defer_to", sa.Integer(), nullable=True),
        sa.Column("defer_code", sa.String(40), nullable=True),
        sa.Column("compensating_measure", sa.Text(), nullable=False),
        sa.Column("inherent_band", sa.String(40), nullable=True),
        sa.Column("inherent_score", sa.Integer(), nullable=True),
        sa.Column("due_year", sa.Integer(), nullable=True),
        sa.Column("author_id", sa.Integer(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("saved_at", sa.DateTime(), nullable=False),
        sa.Column("saved_by", sa.String(length=120), nullable=False),
        sa.ForeignKeyConstraint(
            ["author_id"], ["identity_person.id"], name=op.f("fk_recommendation_line_author_id_identity_person")
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id"],
            ["identity_organisation.id"],
            name=op.f("fk_recommendation_line_organisation_id_identity_organisation"),
        ),
        sa.ForeignKeyConstraint(
            ["proposed_lead_id"],
            ["identity_person.id"],
            name=op.f("fk_recommendation_line_proposed_lead_id_identity_person"),
        ),
        sa.ForeignKeyConstraint(
            ["recommendation_id"],
            ["recommendation_recommendation.id"],
            name=op.f("fk_recommendation_line_recommendation_id_recommendation_recommendation"),
        ),
        sa.ForeignKeyConstraint(
            ["subprocess_id"],
            ["universe_subprocess.id"],
            name=op.f("fk_recommendation_line_subprocess_id_universe_subprocess"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_recommendation_line")),
        sa.UniqueConstraint(
            "recommendation_id", "subprocess_id", name=op.f("uq_recommendation_line_recommendation_id_subprocess_id")
        ),
    )
    op.create_index("ix_recommendation_line_subprocess_id", "recommendation_line", ["subprocess_id"], unique=False)

    op.create_table(
        "review_control",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("organisation_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.String(length=40), nullable=False),
        sa.Column("subprocess_id", sa.Integer(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("key_control", sa.Boolean(), nullable=False),
        sa.Column("key_reason", sa.Text(), nullable=False),
        sa.Column("kind", sa.String(40), nullable=False),
        sa.Column("execution", sa.String(40), nullable=False),
        sa.Column("frequency", sa.String(40), nullable=False),
        sa.Column("occurrences_a_year", sa.Integer(), nullable=True),
        sa.Column("owner_role", sa.String(length=200), nullable=False),
        sa.Column("performer_role", sa.String(length=200), nullable=False),
        sa.Column("system", sa.String(length=200), nullable=False),
        sa.Column("shared_number", sa.String(length=40), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_to", sa.Date(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("saved_at", sa.DateTime(), nullable=False),
        sa.Column("saved_by", sa.String(length=120), nullable=False),
        sa.ForeignKeyConstraint(
            ["organisation_id"],
            ["identity_organisation.id"],
            name=op.f("fk_review_control_organisation_id_identity_organisation"),
        ),
        sa.ForeignKeyConstraint(
            ["subprocess_id"],
            ["universe_subprocess.id"],
            name=op.f("fk_review_control_subprocess_id_universe_subprocess"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_review_control")),
        sa.UniqueConstraint("organisation_id", "number", name=op.f("uq_review_control_organisation_id_number")),
    )
    op.create_index("ix_review_control_subprocess_id", "review_control", ["subprocess_id"], unique=False)

    op.create_table(
        "review_risk",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("organisation_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.String(length=40), nullable=False),
        sa.Column("subprocess_id", sa.Integer(), nullable=False),
        sa.Column("cause", sa.Text(), nullable=False),
        sa.Column("event", sa.Text(), nullable=False),
        sa.Column("consequence", sa.Text(), nullable=False),
        sa.Column("category", sa.String(40), nullable=False),
        sa.Column("assertions", sa.String(length=60), nullable=False),
        sa.Column("owner_id", sa.Integer(), nullable=True),
        sa.Column("valid_to", sa.Date(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("saved_at", sa.DateTime(), nullable=False),
        sa.Column("saved_by", sa.String(length=120), nullable=False),
        sa.ForeignKeyConstraint(
            ["organisation_id"],
            ["identity_organisation.id"],
            name=op.f("fk_review_risk_organisation_id_identity_organisation"),
        ),
        sa.ForeignKeyConstraint(
            ["owner_id"], ["identity_person.id"], name=op.f("fk_review_risk_owner_id_identity_person")
        ),
        sa.ForeignKeyConstraint(
            ["subprocess_id"], ["universe_subprocess.id"], name=op.f("fk_review_risk_subprocess_id_universe_subprocess")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_review_risk")),
        sa.UniqueConstraint("organisation_id", "number", name=op.f("uq_review_risk_organisation_id_number")),
    )
    op.create_index("ix_review_risk_subprocess_id", "review_risk", ["subprocess_id"], unique=False)

    op.create_table(
        "rotation_coverage",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("organisation_id", sa.Integer(), nullable=False),
        sa.Column("subprocess_id", sa.Integer(), nullable=False),
        sa.Column("covered_on", sa.Date(), nullable=False),
        sa.Column("degree", sa.String(40), nullable=False),
        sa.Column("form", sa.String(40), nullable=False),
        sa.Column("source", sa.String(40), nullable=False),
        sa.Column("review_number", sa.String(length=40), nullable=False),
        sa.Column("recorded_at", sa.DateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organisation_id"],
            ["identity_organisation.id"],
            name=op.f("fk_rotation_coverage_organisation_id_identity_organisation"),
        ),
        sa.ForeignKeyConstraint(
            ["subprocess_id"],
            ["universe_subprocess.id"],
            name=op.f("fk_rotation_coverage_subprocess_id_universe_subprocess"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rotation_coverage")),
    )
    op.create_index("ix_rotation_coverage_latest", "rotation_coverage", ["subprocess_id", "covered_on"], unique=False)

    op.create_table(
        "forum_decision",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("organisation_id", sa.Integer(), nullable=False),
        sa.Column("meeting_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.String(length=20), nullable=False),
        sa.Column("subprocess_id", sa.Integer(), nullable=False),
        sa.Column("recommended", sa.String(40), nullable=False),
        sa.Column("decided", sa.String(40), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("condition", sa.Text(), nullable=False),
        sa.Column("condition_owner_id", sa.Integer(), nullable=True),
        sa.Column("condition_due", sa.Date(), nullable=True),
        sa.Column("condition_met_on", sa.Date(), nullable=True),
        sa.Column("deferred_to", sa.Integer(), nullable=True),
        sa.Column("defer_code", sa.String(40), nullable=True),
        sa.Column("compensating_measure", sa.Text(), nullable=False),
        sa.Column("review_year", sa.Integer(), nullable=False),
        sa.Column("hours", sa.Integer(), nullable=False),
        sa.Column("form", sa.String(40), nullable=False),
        sa.Column("lead_id", sa.Integer(), nullable=True),
        sa.Column("recorded_by_id", sa.Integer(), nullable=True),
        sa.Column("added_by_forum", sa.Boolean(), nullable=False),
        sa.Column("added_by_id", sa.Integer(), nullable=True),
        sa.Column("votes_for", sa.Integer(), nullable=True),
        sa.Column("votes_against", sa.Integer(), nullable=True),
        sa.Column("votes_abstain", sa.Integer(), nullable=True),
        sa.Column("replaces_id", sa.Integer(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("saved_at", sa.DateTime(), nullable=False),
        sa.Column("saved_by", sa.String(length=120), nullable=False),
        sa.ForeignKeyConstraint(
            ["added_by_id"], ["identity_person.id"], name=op.f("fk_forum_decision_added_by_id_identity_person")
        ),
        sa.ForeignKeyConstraint(
            ["condition_owner_id"],
            ["identity_person.id"],
            name=op.f("fk_forum_decision_condition_owner_id_identity_person"),
        ),
        sa.ForeignKeyConstraint(
            ["lead_id"], ["identity_person.id"], name=op.f("fk_forum_decision_lead_id_identity_person")
        ),
        sa.ForeignKeyConstraint(
            ["meeting_id"], ["forum_meeting.id"], name=op.f("fk_forum_decision_meeting_id_forum_meeting")
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id"],
            ["identity_organisation.id"],
            name=op.f("fk_forum_decision_organisation_id_identity_organisation"),
        ),
        sa.ForeignKeyConstraint(
            ["recorded_by_id"], ["identity_person.id"], name=op.f("fk_forum_decision_recorded_by_id_identity_person")
        ),
        sa.ForeignKeyConstraint(
            ["replaces_id"], ["forum_decision.id"], name=op.f("fk_forum_decision_replaces_id_forum_decision")
        ),
        sa.ForeignKeyConstraint(
            ["subprocess_id"],
            ["universe_subprocess.id"],
            name=op.f("fk_forum_decision_subprocess_id_universe_subprocess"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_forum_decision")),
        sa.UniqueConstraint("meeting_id", "subprocess_id", name=op.f("uq_forum_decision_meeting_id_subprocess_id")),
    )
    op.create_index("ix_forum_decision_subprocess_id", "forum_decision", ["subprocess_id"], unique=False)

    op.create_table(
        "forum_presence",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("organisation_id", sa.Integer(), nullable=False),
        sa.Column("meeting_id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("function", sa.String(40), nullable=False),
        sa.Column("present", sa.Boolean(), nullable=False),
        sa.Column("stand_in_for_id", sa.Integer(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("saved_at", sa.DateTime(), nullable=False),
        sa.Column("saved_by", sa.String(length=120), nullable=False),
        sa.ForeignKeyConstraint(
            ["meeting_id"], ["forum_meeting.id"], name=op.f("fk_forum_presence_meeting_id_forum_meeting")
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id"],
            ["identity_organisation.id"],
            name=op.f("fk_forum_presence_organisation_id_identity_organisation"),
        ),
        sa.ForeignKeyConstraint(
            ["person_id"], ["identity_person.id"], name=op.f("fk_forum_presence_person_id_identity_person")
        ),
        sa.ForeignKeyConstraint(
            ["stand_in_for_id"], ["identity_person.id"], name=op.f("fk_forum_presence_stand_in_for_id_identity_person")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_forum_presence")),
        sa.UniqueConstraint("meeting_id", "person_id", name=op.f("uq_forum_presence_meeting_id_person_id")),
    )
    op.create_table(
        "review_risk_control",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("organisation_id", sa.Integer(), nullable=False),
        sa.Column("risk_id", sa.Integer(), nullable=False),
        sa.Column("control_id", sa.Integer(), nullable=False),
        sa.Column("degree", sa.String(40), nullable=True),
        sa.Column("assertions", sa.String(length=60), nullable=False),
        sa.Column("comment", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("saved_at", sa.DateTime(), nullable=False),
        sa.Column("saved_by", sa.String(length=120), nullable=False),
        sa.ForeignKeyConstraint(
            ["control_id"], ["review_control.id"], name=op.f("fk_review_risk_control_control_id_review_control")
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id"],
            ["identity_organisation.id"],
            name=op.f("fk_review_risk_control_organisation_id_identity_organisation"),
        ),
        sa.ForeignKeyConstraint(
            ["risk_id"], ["review_risk.id"], name=op.f("fk_review_risk_control_risk_id_review_risk")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_review_risk_control")),
        sa.UniqueConstraint("risk_id", "control_id", name=op.f("uq_review_risk_control_risk_id_control_id")),
    )
    op.create_index("ix_review_risk_control_control_id", "review_risk_control", ["control_id"], unique=False)

    op.create_table(
        "review_review",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("organisation_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.String(length=20), nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("subprocess_id", sa.Integer(), nullable=False),
        sa.Column("decision_id", sa.Integer(), nullable=True),
        sa.Column("state", sa.String(40), nullable=False),
        sa.Column("state_reason", sa.Text(), nullable=False),
        sa.Column("state_before", sa.String(40), nullable=True),
        sa.Column("form", sa.String(40), nullable=False),
        sa.Column("coverage", sa.String(40), nullable=True),
        sa.Column("scope", sa.Text(), nullable=False),
        sa.Column("period_from", sa.Date(), nullable=True),
        sa.Column("period_to", sa.Date(), nullable=True),
        sa.Column("lead_id", sa.Integer(), nullable=True),
        sa.Column("tester_id", sa.Integer(), nullable=True),
        sa.Column("quality_reviewer_id", sa.Integer(), nullable=True),
        sa.Column("independence_declared_on", sa.Date(), nullable=True),
        sa.Column("planned_on", sa.Date(), nullable=True),
        sa.Column("start_on", sa.Date(), nullable=True),
        sa.Column("draft_due", sa.Date(), nullable=True),
        sa.Column("walkthrough_on", sa.Date(), nullable=True),
        sa.Column("walkthrough_note", sa.Text(), nullable=False),
        sa.Column("hours_planned", sa.Integer(), nullable=False),
        sa.Column("hours_used", sa.Integer(), nullable=True),
        sa.Column("key_controls_reason", sa.Text(), nullable=False),
        sa.Column("draft_on", sa.Date(), nullable=True),
        sa.Column("hearing_from", sa.Date(), nullable=True),
        sa.Column("hearing_to", sa.Date(), nullable=True),
        sa.Column("owner_reply", sa.Text(), nullable=False),
        sa.Column("quality_reviewed_at", sa.DateTime(), nullable=True),
        sa.Column("quality_note", sa.Text(), nullable=False),
        sa.Column("approved_by_id", sa.Integer(), nullable=True),
        sa.Column("approved_at", sa.DateTime(), nullable=True),
        sa.Column("conclusion_design", sa.String(40), nullable=True),
        sa.Column("conclusion_operating", sa.String(40), nullable=True),
        sa.Column("overall_class", sa.String(40), nullable=True),
        sa.Column("conclusion", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("saved_at", sa.DateTime(), nullable=False),
        sa.Column("saved_by", sa.String(length=120), nullable=False),
        sa.CheckConstraint(
            "approved_by_id <> tester_id AND approved_by_id <> lead_id", name=op.f("ck_review_review_s3_approver")
        ),
        sa.CheckConstraint(
            "quality_reviewer_id <> tester_id AND quality_reviewer_id <> lead_id",
            name=op.f("ck_review_review_s3_reviewer"),
        ),
        sa.ForeignKeyConstraint(
            ["approved_by_id"], ["identity_person.id"], name=op.f("fk_review_review_approved_by_id_identity_person")
        ),
        sa.ForeignKeyConstraint(
            ["decision_id"], ["forum_decision.id"], name=op.f("fk_review_review_decision_id_forum_decision")
        ),
        sa.ForeignKeyConstraint(
            ["lead_id"], ["identity_person.id"], name=op.f("fk_review_review_lead_id_identity_person")
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id"],
            ["identity_organisation.id"],
            name=op.f("fk_review_review_organisation_id_identity_organisation"),
        ),
        sa.ForeignKeyConstraint(
            ["quality_reviewer_id"],
            ["identity_person.id"],
            name=op.f("fk_review_review_quality_reviewer_id_identity_person"),
        ),
        sa.ForeignKeyConstraint(
            ["subprocess_id"],
            ["universe_subprocess.id"],
            name=op.f("fk_review_review_subprocess_id_universe_subprocess"),
        ),
        sa.ForeignKeyConstraint(
            ["tester_id"], ["identity_person.id"], name=op.f("fk_review_review_tester_id_identity_person")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_review_review")),
        sa.UniqueConstraint("organisation_id", "number", name=op.f("uq_review_review_organisation_id_number")),
    )
    op.create_index("ix_review_review_decision_id", "review_review", ["decision_id"], unique=False)
    op.create_index("ix_review_review_lead_id", "review_review", ["lead_id"], unique=False)
    op.create_index("ix_review_review_list", "review_review", ["organisation_id", "year", "state"], unique=False)
    op.create_index("ix_review_review_quality_reviewer_id", "review_review", ["quality_reviewer_id"], unique=False)
    op.create_index("ix_review_review_subprocess_id", "review_review", ["subprocess_id"], unique=False)
    op.create_index("ix_review_review_tester_id", "review_review", ["tester_id"], unique=False)

    op.create_table(
        "effectiveness_test",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("organisation_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.String(length=40), nullable=False),
        sa.Column("review_id", sa.Integer(), nullable=False),
        sa.Column("control_id", sa.Integer(), nullable=False),
        sa.Column("refers_to_id", sa.Integer(), nullable=True),
        sa.Column("control_version", sa.Integer(), nullable=False),
        sa.Column("control_copy", sa.Text(), nullable=False),
        sa.Column("state", sa.String(40), nullable=False),
        sa.Column("method", sa.String(40), nullable=False),
        sa.Column("table_version", sa.Integer(), nullable=True),
        sa.Column("population", sa.Text(), nullable=False),
        sa.Column("population_size", sa.Integer(), nullable=True),
        sa.Column("population_source", sa.Text(), nullable=False),
        sa.Column("extracted_by", sa.String(length=120), nullable=False),
        sa.Column("extracted_on", sa.Date(), nullable=True),
        sa.Column("completeness", sa.Text(), nullable=False),
        sa.Column("population_hash", sa.String(length=64), nullable=False),
        sa.Column("sample_risk", sa.String(40), nullable=True),
        sa.Column("confidence", sa.String(length=20), nullable=False),
        sa.Column("tolerable_rate", sa.String(length=20), nullable=False),
        sa.Column("expected_exceptions", sa.Integer(), nullable=True),
        sa.Column("sample_size", sa.Integer(), nullable=True),
        sa.Column("seed", sa.String(length=32), nullable=False),
        sa.Column("drawn_at", sa.DateTime(), nullable=True),
        sa.Column("achieved_confidence", sa.String(length=20), nullable=False),
        sa.Column("upper_limit", sa.String(length=20), nullable=False),
        sa.Column("exceptions", sa.Integer(), nullable=True),
        sa.Column("suggested", sa.String(40), nullable=True),
        sa.Column("outcome", sa.String(40), nullable=True),
        sa.Column("outcome_reason", sa.Text(), nullable=False),
        sa.Column("conclusion", sa.Text(), nullable=False),
        sa.Column("tester_id", sa.Integer(), nullable=False),
        sa.Column("tested_on", sa.Date(), nullable=True),
        sa.Column("reviewer_id", sa.Integer(), nullable=True),
        sa.Column("reviewed_on", sa.Date(), nullable=True),
        sa.Column("hours", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("saved_at", sa.DateTime(), nullable=False),
        sa.Column("saved_by", sa.String(length=120), nullable=False),
        sa.CheckConstraint("reviewer_id <> tester_id", name=op.f("ck_effectiveness_test_s3_reviewer")),
        sa.ForeignKeyConstraint(
            ["control_id"], ["review_control.id"], name=op.f("fk_effectiveness_test_control_id_review_control")
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id"],
            ["identity_organisation.id"],
            name=op.f("fk_effectiveness_test_organisation_id_identity_organisation"),
        ),
        sa.ForeignKeyConstraint(
            ["refers_to_id"],
            ["effectiveness_test.id"],
            name=op.f("fk_effectiveness_test_refers_to_id_effectiveness_test"),
        ),
        sa.ForeignKeyConstraint(
            ["review_id"], ["review_review.id"], name=op.f("fk_effectiveness_test_review_id_review_review")
        ),
        sa.ForeignKeyConstraint(
            ["reviewer_id"], ["identity_person.id"], name=op.f("fk_effectiveness_test_reviewer_id_identity_person")
        ),
        sa.ForeignKeyConstraint(
            ["tester_id"], ["identity_person.id"], name=op.f("fk_effectiveness_test_tester_id_identity_person")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_effectiveness_test")),
        sa.UniqueConstraint("review_id", "control_id", name=op.f("uq_effectiveness_test_review_id_control_id")),
    )
    op.create_index("ix_effectiveness_test_review_id", "effectiveness_test", ["review_id"], unique=False)

    op.create_table(
        "finding_finding",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("organisation_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.String(length=20), nullable=False),
        sa.Column("review_id", sa.Integer(), nullable=True),
        sa.Column("subprocess_id", sa.Integer(), nullable=False),
        sa.Column("control_id", sa.Integer(), nullable=True),
        sa.Column("condition", sa.Text(), nullable=False),
        sa.Column("criterion", sa.Text(), nullable=False),
        sa.Column("cause", sa.Text(), nullable=False),
        sa.Column("consequence", sa.Text(), nullable=False),
        sa.Column("severity", sa.String(40), nullable=False),
        sa.Column("compensating_control", sa.Text(), nullable=False),
        sa.Column("recommendation", sa.Text(), nullable=False),
        sa.Column("management_response", sa.Text(), nullable=False),
        sa.Column("owner_id", sa.Integer(), nullable=True),
        sa.Column("author_id", sa.Integer(), nullable=True),
        sa.Column("verifier_id", sa.Integer(), nullable=True),
        sa.Column("confirmed_on", sa.Date(), nullable=True),
        sa.Column("deadline_original", sa.Date(), nullable=True),
        sa.Column("deadline_current", sa.Date(), nullable=True),
        sa.Column("extensions", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(40), nullable=False),
        sa.Column("repeat_of_id", sa.Integer(), nullable=True),
        sa.Column("closed_on", sa.Date(), nullable=True),
        sa.Column("closed_by_id", sa.Integer(), nullable=True),
        sa.Column("closing_note", sa.Text(), nullable=False),
        sa.Column("risk_accepted_by_id", sa.Integer(), nullable=True),
        sa.Column("risk_accepted_until", sa.Date(), nullable=True),
        sa.Column("risk_acceptance_reason", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("saved_at", sa.DateTime(), nullable=False),
        sa.Column("saved_by", sa.String(length=120), nullable=False),
        sa.CheckConstraint("closed_by_id <> owner_id", name=op.f("ck_finding_finding_closed_by_another")),
        sa.ForeignKeyConstraint(
            ["author_id"], ["identity_person.id"], name=op.f("fk_finding_finding_author_id_identity_person")
        ),
        sa.ForeignKeyConstraint(
            ["closed_by_id"], ["identity_person.id"], name=op.f("fk_finding_finding_closed_by_id_identity_person")
        ),
        sa.ForeignKeyConstraint(
            ["control_id"], ["review_control.id"], name=op.f("fk_finding_finding_control_id_review_control")
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id"],
            ["identity_organisation.id"],
            name=op.f("fk_finding_finding_organisation_id_identity_organisation"),
        ),
        sa.ForeignKeyConstraint(
            ["owner_id"], ["identity_person.id"], name=op.f("fk_finding_finding_owner_id_identity_person")
        ),
        sa.ForeignKeyConstraint(
            ["repeat_of_id"], ["finding_finding.id"], name=op.f("fk_finding_finding_repeat_of_id_finding_finding")
        ),
        sa.ForeignKeyConstraint(
            ["review_id"], ["review_review.id"], name=op.f("fk_finding_finding_review_id_review_review")
        ),
        sa.ForeignKeyConstraint(
            ["risk_accepted_by_id"],
            ["identity_person.id"],
            name=op.f("fk_finding_finding_risk_accepted_by_id_identity_person"),
        ),
        sa.ForeignKeyConstraint(
            ["subprocess_id"],
            ["universe_subprocess.id"],
            name=op.f("fk_finding_finding_subprocess_id_universe_subprocess"),
        ),
        sa.ForeignKeyConstraint(
            ["verifier_id"], ["identity_person.id"], name=op.f("fk_finding_finding_verifier_id_identity_person")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_finding_finding")),
        sa.UniqueConstraint("organisation_id", "number", name=op.f("uq_finding_finding_organisation_id_number")),
    )
    op.create_index("ix_finding_finding_list", "finding_finding", ["organisation_id", "state"], unique=False)
    op.create_index("ix_finding_finding_owner_id", "finding_finding", ["owner_id"], unique=False)
    op.create_index("ix_finding_finding_review_id", "finding_finding", ["review_id"], unique=False)
    op.create_index("ix_finding_finding_subprocess_id", "finding_finding", ["subprocess_id"], unique=False)

    op.create_table(
        "review_design_test",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("organisation_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.String(length=40), nullable=False),
        sa.Column("review_id", sa.Integer(), nullable=False),
        sa.Column("control_id", sa.Integer(), nullable=False),
        sa.Column("control_version", sa.Integer(), nullable=False),
        sa.Column("control_copy", sa.Text(), nullable=False),
        sa.Column("outcome", sa.String(40), nullable=False),
        sa.Column("conclusion", sa.Text(), nullable=False),
        sa.Column("tester_id", sa.Integer(), nullable=False),
        sa.Column("tested_on", sa.Date(), nullable=False),
        sa.Column("reviewer_id", sa.Integer(), nullable=True),
        sa.Column("reviewed_on", sa.Date(), nullable=True),
        sa.Column("hours", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("saved_at", sa.DateTime(), nullable=False),
        sa.Column("saved_by", sa.String(length=120), nullable=False),
        sa.CheckConstraint("reviewer_id <> tester_id", name=op.f("ck_review_design_test_s3_reviewer")),
        sa.ForeignKeyConstraint(
            ["control_id"], ["review_control.id"], name=op.f("fk_review_design_test_control_id_review_control")
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id"],
            ["identity_organisation.id"],
            name=op.f("fk_review_design_test_organisation_id_identity_organisation"),
        ),
        sa.ForeignKeyConstraint(
            ["review_id"], ["review_review.id"], name=op.f("fk_review_design_test_review_id_review_review")
        ),
        sa.ForeignKeyConstraint(
            ["reviewer_id"], ["identity_person.id"], name=op.f("fk_review_design_test_reviewer_id_identity_person")
        ),
        sa.ForeignKeyConstraint(
            ["tester_id"], ["identity_person.id"], name=op.f("fk_review_design_test_tester_id_identity_person")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_review_design_test")),
        sa.UniqueConstraint("review_id", "control_id", name=op.f("uq_review_design_test_review_id_control_id")),
    )
    op.create_index("ix_review_design_test_review_id", "review_design_test", ["review_id"], unique=False)

    op.create_table(
        "effectiveness_item",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("organisation_id", sa.Integer(), nullable=False),
        sa.Column("test_id", sa.Integer(), nullable=False),
        sa.Column("rank", sa.Integer(), nullable=False),
        sa.Column("item_key", sa.String(length=200), nullable=False),
        sa.Column("reserve", sa.Boolean(), nullable=False),
        sa.Column("result", sa.String(40), nullable=True),
        sa.Column("nature", sa.String(40), nullable=True),
        sa.Column("amount_ore", sa.BigInteger(), nullable=True),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("replaces_rank", sa.Integer(), nullable=True),
        sa.Column("tested_on", sa.Date(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("saved_at", sa.DateTime(), nullable=False),
        sa.Column("saved_by", sa.String(length=120), nullable=False),
        sa.ForeignKeyConstraint(
            ["organisation_id"],
            ["identity_organisation.id"],
            name=op.f("fk_effectiveness_item_organisation_id_identity_organisation"),
        ),
        sa.ForeignKeyConstraint(
            ["test_id"], ["effectiveness_test.id"], name=op.f("fk_effectiveness_item_test_id_effectiveness_test")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_effectiveness_item")),
        sa.UniqueConstraint("test_id", "rank", name=op.f("uq_effectiveness_item_test_id_rank")),
    )
    op.create_table(
        "finding_action",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("organisation_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.String(length=20), nullable=False),
        sa.Column("finding_id", sa.Integer(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("owner_id", sa.Integer(), nullable=False),
        sa.Column("deadline_original", sa.Date(), nullable=False),
        sa.Column("deadline_current", sa.Date(), nullable=False),
        sa.Column("state", sa.String(40), nullable=False),
        sa.Column("done_on", sa.Date(), nullable=True),
        sa.Column("done_note", sa.Text(), nullable=False),
        sa.Column("verifier_id", sa.Integer(), nullable=True),
        sa.Column("verified_by_id", sa.Integer(), nullable=True),
        sa.Column("verified_on", sa.Date(), nullable=True),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("saved_at", sa.DateTime(), nullable=False),
        sa.Column("saved_by", sa.String(length=120), nullable=False),
        sa.CheckConstraint("verified_by_id <> owner_id", name=op.f("ck_finding_action_s12_verifier")),
        sa.ForeignKeyConstraint(
            ["finding_id"], ["finding_finding.id"], name=op.f("fk_finding_action_finding_id_finding_finding")
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id"],
            ["identity_organisation.id"],
            name=op.f("fk_finding_action_organisation_id_identity_organisation"),
        ),
        sa.ForeignKeyConstraint(
            ["owner_id"], ["identity_person.id"], name=op.f("fk_finding_action_owner_id_identity_person")
        ),
        sa.ForeignKeyConstraint(
            ["verified_by_id"], ["identity_person.id"], name=op.f("fk_finding_action_verified_by_id_identity_person")
        ),
        sa.ForeignKeyConstraint(
            ["verifier_id"], ["identity_person.id"], name=op.f("fk_finding_action_verifier_id_identity_person")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_finding_action")),
        sa.UniqueConstraint("organisation_id", "number", name=op.f("uq_finding_action_organisation_id_number")),
    )
    op.create_index("ix_finding_action_finding_id", "finding_action", ["finding_id"], unique=False)
    op.create_index("ix_finding_action_owner_id", "finding_action", ["owner_id"], unique=False)

    op.create_table(
        "finding_extension",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("organisation_id", sa.Integer(), nullable=False),
        sa.Column("finding_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("old_deadline", sa.Date(), nullable=False),
        sa.Column("new_deadline", sa.Date(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("asked_by_id", sa.Integer(), nullable=False),
        sa.Column("approved_by_id", sa.Integer(), nullable=True),
        sa.Column("approved_on", sa.Date(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("saved_at", sa.DateTime(), nullable=False),
        sa.Column("saved_by", sa.String(length=120), nullable=False),
        sa.CheckConstraint("approved_by_id <> asked_by_id", name=op.f("ck_finding_extension_approved_by_another")),
        sa.ForeignKeyConstraint(
            ["approved_by_id"], ["identity_person.id"], name=op.f("fk_finding_extension_approved_by_id_identity_person")
        ),
        sa.ForeignKeyConstraint(
            ["asked_by_id"], ["identity_person.id"], name=op.f("fk_finding_extension_asked_by_id_identity_person")
        ),
        sa.ForeignKeyConstraint(
            ["finding_id"], ["finding_finding.id"], name=op.f("fk_finding_extension_finding_id_finding_finding")
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id"],
            ["identity_organisation.id"],
            name=op.f("fk_finding_extension_organisation_id_identity_organisation"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_finding_extension")),
        sa.UniqueConstraint("finding_id", "number", name=op.f("uq_finding_extension_finding_id_number")),
    )


def downgrade() -> None:
    raise RuntimeError("migrations only go forward; restore the backup taken before the upgrade")
