"""Rules of different persons that the chair may except from are kept by the ledger alone, which knows exceptions."""

from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None

CHECKS = {
    "identity_visiting_grant": ("ck_identity_visiting_grant_s8_granter", "ck_identity_visiting_grant_s8_lender"),
    "identity_role_request": ("ck_identity_role_request_ck_identity_role_request_s8_approver",),
    "identity_reopening": ("ck_identity_reopening_ck_identity_reopening_s11_approver",),
    "finding_action": ("ck_finding_action_s12_verifier",),
    "finding_finding": ("ck_finding_finding_closed_by_another",),
    "history_redaction": ("ck_history_redaction_s13_approver",),
    "universe_import": ("ck_universe_import_ck_universe_import_s15_confirmer",),
}
"""By table, as the databases name them: some steps gave a whole name, to which the naming convention added its own."""


def upgrade() -> None:
    for table, names in CHECKS.items():
        with op.batch_alter_table(table) as batch:
            for name in names:
                batch.drop_constraint(op.f(name), type_="check")


def downgrade() -> None:
    raise RuntimeError("migrations only go forward; restore the backup taken before the upgrade")
