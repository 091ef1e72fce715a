"""Which texts a redaction may take, and why the others never need it: every text column is in one of two lists."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from controls.base import seal

CONTROL = ("text", "key_reason", "owner_role", "performer_role", "system")
REDACTABLE: dict[str, tuple[str, ...]] = {
    "assessment_assessment": (
        "calibration_reason", "fraud_reason", "owner_objection", "reason", "reason_no_key_control", "reason_step",
        "reason_unchanged", "return_comment",
    ),
    "assessment_challenge": ("answer", "question"),
    "assessment_line": ("reason", "reason_step"),
    "credential_passkey": ("name",),
    "effectiveness_item": ("item_key", "note"),
    "effectiveness_test": (
        "completeness", "conclusion", "control_copy", "extracted_by", "outcome_reason", "population",
        "population_source",
    ),
    "evidence_evidence": ("external_reference", "filename", "replaces_reason", "shows"),
    "evidence_hold": ("lift_reason", "reason"),
    "evidence_request": ("answer", "reason"),
    "finding_action": ("done_note", "note", "text"),
    "finding_extension": ("reason",),
    "finding_finding": (
        "cause", "closing_note", "compensating_control", "condition", "consequence", "criterion",
        "management_response", "recommendation", "risk_acceptance_reason",
    ),
    "forum_decision": ("compensating_measure", "condition", "reason"),
    "forum_impartiality": ("circumstance",),
    "forum_meeting": ("note", "return_comment"),
    "history_redaction": ("explanation", "note"),
    "identity_exception": ("reason",),
    "identity_keeper": ("place",),
    "identity_person": ("email", "title", "unit"),
    "identity_reopening": ("answer", "reason", "snapshot"),
    "identity_role_request": ("note", "reason"),
    "identity_stand_in": ("reason",),
    "identity_visiting_grant": ("end_reason", "reason"),
    "papers_intake": ("filename", "undo_reason"),
    "planning_line": ("reason",),
    "planning_plan": ("reason",),
    "planning_scenario": ("name",),
    "recommendation_line": ("compensating_measure", "dissent", "text"),
    "recommendation_recommendation": ("introduction", "snapshot"),
    "review_control": CONTROL,
    "review_design_test": ("conclusion", "control_copy"),
    "review_review": (
        "conclusion", "key_controls_reason", "owner_reply", "quality_note", "scope", "state_reason", "walkthrough_note",
    ),
    "review_risk": ("cause", "consequence", "event"),
    "review_risk_control": ("comment",),
    "signin_emergency": ("reason",),
    "universe_import": ("filename",),
    "universe_lineage": ("reason",),
    "universe_process": ("legal_basis", "performer_unit", "systems", "unit"),
    "universe_structure": ("reason",),
    "universe_subprocess": ("typical_key_control", "typical_risk"),
    "wheel_cycle": ("close_reason",),
    "wheel_step": ("note",),
}  # fmt: skip
"""The columns of each logged table in which people write freely, and those that keep copies of such texts."""

NUMBER, CHECKSUM = "a number or code that the product gives", "a checksum or a seed"
CHOICES, COUNTED = "choices from a list", "a share or scores, as counted"
NAMED = "written by the product: who acted is told as long as the act is (GDPR article 17(3)(b))"
PLACE, ORDER = "the name of a table or column", "made of a code, for sorting"
CATALOGUE = "the name of a process or an organisation, confirmed by a second person"
SCALES = "the year's scales: what a step is called and how to choose it, about nobody"
MACHINE = "written by the product for itself: numbers, codes and checksums"

NEVER: dict[str, str] = {
    "achieved_confidence": COUNTED, "assertions": CHOICES, "assessors": "ids of people", "change_kinds": CHOICES,
    "code": NUMBER, "column_name": PLACE, "confidence": COUNTED, "copied_answers": CHOICES,
    "granted_by": NAMED, "hash": CHECKSUM,
    "hashes": MACHINE, "language": CHOICES, "made_by": NAMED, "media_type": "the type of a file, from a list",
    "name_da": CATALOGUE, "name_en": CATALOGUE, "number": NUMBER, "object_type": PLACE, "path": NUMBER,
    "population_hash": CHECKSUM, "reason_codes": CHOICES, "resealed": CHECKSUM, "review_number": NUMBER,
    "ruled_by": "ids of people", "saved_by": NAMED, "seed": CHECKSUM, "seen_systems": CHECKSUM,
    "sha256": CHECKSUM, "shared_number": NUMBER, "snapshot_hash": CHECKSUM,
    "sort_key": ORDER, "subject_type": PLACE, "submitted_scores": COUNTED, "tolerable_rate": COUNTED,
    "upper_limit": COUNTED,
    "evidence_check.told": MACHINE,
    "history_check.found": MACHINE,
    "identity_keeper.name": "who keeps checkpoints or administers the database: S16 cannot be shown without the name",
    "identity_keeper.name_key": "the same name in small letters, by which S16 compares",
    "identity_person.name": "whose account it is: told as long as what was done with it (GDPR article 17(3)(b))",
    "identity_person.username": "the account's own name, never given to another",
    "papers_intake.taken": MACHINE,
    "planning_line.told": MACHINE,
    "planning_line.why": MACHINE,
    "planning_team.areas": "codes of areas",
    "planning_team.name": "the name of a team, not of a person",
    "signin_account.issuer": "the address of the OpenID provider",
    "signin_account.subject": "the number that the OpenID provider gives an account; unlinking ends it",
    "signin_claims_map.content": "the groups of the OpenID provider, and the roles that they give",
    "signin_claims_map.digest": CHECKSUM,
    "universe_lineage.was": CATALOGUE,
    **{
        f"assessment_scale_set.{of}_{part}": SCALES
        for of in ("likelihood", "impact", "control") for part in ("da", "en", "help_da", "help_en")
    },
}  # fmt: skip
"""Every other text column (by its name, or in one table only), and why nothing need ever be taken out of it."""


def inside(table: str, column: str, value: str) -> Iterator[tuple[str, ...]]:
    """Where free texts stand in a column that keeps copies of them as JSON."""
    whole = json.loads(value) if value else {}
    if column == "control_copy":
        yield from ((name,) for name in CONTROL if name in whole)
    elif table == "recommendation_recommendation":
        yield ("introduction",)
        for number, line in enumerate(whole.get("lines", ())):
            yield from (("lines", str(number), name) for name in REDACTABLE["recommendation_line"] if name in line)
    else:
        yield from _of_rows(whole)


def _of_rows(whole: Mapping[str, Any]) -> Iterator[tuple[str, ...]]:
    """Texts in rows kept by table."""
    for table, rows in whole.items():
        for number, row in enumerate(rows if table in REDACTABLE else ()):
            for column in REDACTABLE[table]:
                at = (table, str(number), column)
                if column == "control_copy":
                    yield from ((*at, *path) for path in inside(table, column, row.get(column) or ""))
                elif column in row:
                    yield at


def fields(table: str, row: Mapping[str, Any]) -> list[str]:
    """What may be asked to be removed from a row: columns, and the texts inside those that keep copies."""
    found = []
    for column in REDACTABLE.get(table, ()):
        if column not in COPIES:
            found.append(column)
            continue
        for path in inside(table, column, row[column] or ""):
            text = seal.found(json.loads(row[column]), path)
            found += ["/".join((column, *path))] if text else []
    return found


COPIES = frozenset({"control_copy", "snapshot"})
"""Columns that keep copies of texts, as JSON."""


def split(field: str) -> tuple[str, tuple[str, ...]]:
    """The column of a field, and where in it the text stands."""
    column, *path = field.split("/")
    return column, tuple(path)


def text_at(field: str, value: object) -> str:
    """The text of a field, from what its column holds."""
    _column, path = split(field)
    told = seal.found(json.loads(str(value)), path) if path and value else value
    return str(told or "")
