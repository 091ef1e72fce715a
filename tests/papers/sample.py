"""A year in small, written straight into the tables with one test event: something on every sheet."""

from contextlib import suppress
from datetime import date, datetime, timedelta
from hashlib import sha256
from typing import Any

from controls.accounts import actions as accounts
from controls.assessment import tables as assessment
from controls.assessment import words as assessed
from controls.base import audit
from controls.base.db import db, transaction
from controls.base.why import Refused
from controls.effectiveness import tables as effectiveness
from controls.effectiveness import words as tested
from controls.evidence.tables import Evidence
from controls.finding import tables as finding
from controls.finding import words as found
from controls.forum import tables as forum
from controls.forum import words as decided
from controls.identity import actions as identity
from controls.identity.duties import Duty, Side
from controls.identity.permissions import Role
from controls.identity.tables import Reopening, VisitingGrant
from controls.identity.visits import Visited, VisitState, VisitTask
from controls.identity.words import RequestState
from controls.planning import tables as planning
from controls.planning import words as planned
from controls.recommendation import tables as recommendation
from controls.recommendation import words as recommended
from controls.review import tables as review
from controls.review import words as reviewed
from controls.rotation import words as rotation
from controls.rotation.tables import Coverage
from controls.universe import tables as universe
from controls.universe.words import Kind as What
from controls.universe.words import Level
from controls.wheel import tables as wheel
from controls.wheel.words import State as Phase
from tests import make
from tests.photograph import photographed

FILLED = audit.EVENTS.get("test.filled") or audit.declare("test.filled", "Filled for a test")
CHANGED = audit.EVENTS.get("test.changed") or audit.declare("test.changed", "Changed for a test")
LENT = audit.EVENTS.get("test.lent") or audit.declare("test.lent", "Lent for a test")
PDF = b"%PDF-1.4\n1 0 obj\n<< >>\nendobj\ntrailer\n<< >>\n%%EOF\n"
"""What the evidence holds; a test that reads it stores it."""
FORMULA = "=cmd|' /C calc'!A0"


class Year:
    """STAR's 2026 with two processes of two sub-processes each."""

    def __init__(self, subprocesses: int = 2) -> None:
        self.at: datetime = make.NOW
        self.organisation = make.organisation("STAR")
        self.owner = make.person("ejer", Role.OWN, self.organisation, name="Ejer Ejersen")
        self.tester = make.person("tester", Role.CTL, self.organisation, name="Test Testesen")
        self.other = make.person("leder", Role.CTL, self.organisation, name="Leder Ledersen")
        self.auditor = make.person("revisor", Role.AUD, self.organisation, name="Revisor Revisen")
        self.group = make.person("gruppe", Role.GRP, self.organisation, name="Gruppe Gruppesen")
        with transaction():
            self._ground(subprocesses)
            self._choice()
            self._proof()
            audit.record(make.by(self.group), FILLED, self.cycle)
        self._duties()

    def _duties(self) -> None:
        """An exemption of the chair, and an attempt to stand on both sides of a rule."""
        chair = make.person("formand", Role.VDC, self.organisation, name="Forma Ndsen")
        with transaction():
            accounts.grant_exception(
                make.by(chair), self.organisation.id, Duty.S5, self.tester.id, self.at.date(), date(2026, 12, 31),
                "Sekretariatet har skrevet indstillingen.",
            )  # fmt: skip
            identity.take_part(make.by(self.group), Duty.S14, self.cycle, Side.FIRST)
            audit.record(make.by(self.group), FILLED, self.cycle)
        with suppress(Refused), transaction():
            identity.take_part(make.by(self.group), Duty.S14, self.cycle, Side.SECOND)
        self._borrowed()

    def _borrowed(self) -> None:
        """Somebody with two roles that do not go together, and a tester borrowed from an agency below."""
        both = make.person("dobbelt", Role.CTL, self.organisation, name="Dobbelt Rolle")
        lender = make.organisation("UDLAAN", "STAR")
        guest = make.person("gaest", None, lender, name="Gæst Gæstesen", unit="Kontrol")
        with transaction():
            identity.grant_role(make.system(), both.id, Role.GRP, self.organisation.id)
            self.visit = VisitingGrant(
                visitor_id=guest.id, home_organisation_id=lender.id, host_organisation_id=self.organisation.id,
                task=VisitTask.TESTER, object_type=Visited.REVIEW, object_id=self.review.id,
                valid_from=date(2026, 3, 1), valid_to=date(2026, 11, 30), state=VisitState.GRANTED,
                reason="Ingen i huset må teste", asked_by_id=self.group.id, asked_on=date(2026, 2, 2),
                agreed_by_id=self.other.id, agreed_on=date(2026, 2, 3), role_asked_by_id=self.owner.id,
                role_asked_on=date(2026, 2, 4), granted_by_id=self.auditor.id, granted_on=date(2026, 2, 5),
            )  # fmt: skip
            self.add(self.visit)
            audit.record(make.by(self.group), LENT, self.visit)

    def add(self, row: Any) -> Any:
        """A row of the organisation, saved by the group."""
        if hasattr(type(row), "organisation_id") and row.organisation_id is None:
            row.organisation_id = self.organisation.id
        if hasattr(type(row), "saved_at"):
            row.saved_at, row.saved_by = self.at, "Gruppe Gruppesen"
        db.session.add(row)
        db.session.flush()
        return row

    def _ground(self, subprocesses: int) -> None:
        start = date(2022, 1, 3)
        self.cycle = self.add(wheel.Cycle(
            year=2026, state=Phase.REVIEWING, rule_set=1, capacity_hours=900, interval_high=2, interval_elevated=3,
            interval_moderate=5, interval_low=5, opened_by_id=self.group.id,
        ))  # fmt: skip
        for at, state in enumerate(Phase):
            self.add(wheel.Step(
                cycle_id=self.cycle.id, state=state, planned_on=date(2026, 1 + at, 2), sort=at,
                taken_at=datetime(2026, 1 + at, 5, 9, 30, tzinfo=self.at.tzinfo) if at < 3 else None,
                taken_by_id=self.group.id if at < 3 else None,
            ))  # fmt: skip
        area = self.add(universe.Area(code="KRE", name_da="Kreditorer", name_en="Creditors", sort_key="KRE"))
        self.subprocesses = []
        for p in (1, 2):
            process = self.add(universe.Process(
                area_id=area.id, code=f"KRE-{p}", name_da=f"Køb {p}", name_en=f"Purchase {p}", sort_key=f"KRE-{p}",
                owner_id=self.owner.id, unit="Økonomi", systems="=Navision; SAP\x07", legal_basis="@SUM(A1)",
                yearly_amount_ore=123_456_789_01, transactions=4711, valid_from=start,
            ))  # fmt: skip
            self.form = form = self.add(assessment.Assessment(
                cycle_id=self.cycle.id, year=2026, process_id=process.id, state=assessed.State.APPROVED,
                inherent_likelihood=4, inherent_impact=4, control_level=3, residual_likelihood=2, residual_impact=4,
                inherent_band=assessed.Band.HIGH, residual_band=assessed.Band.MODERATE, fraud=p == 1,
                fraud_reason=FORMULA if p == 1 else "", change_direction=assessed.Direction.UP,
                change_kinds="system;law", certainty=assessed.Certainty.HIGH, propose_review=assessed.Proposal.YES,
                reason="+1 fordi", author_id=self.owner.id, submitted_at=self.at, approver_id=self.group.id,
                approved_at=self.at + timedelta(days=3), submitted_scores="4 4 3 2 4",
            ))  # fmt: skip
            for n in range(1, subprocesses + 1):
                sub = self.add(universe.Subprocess(
                    process_id=process.id, code=f"KRE-{p}.{n}", name_da=f"Delproces {p}.{n}",
                    name_en=f"Sub-process {p}.{n}", sort_key=f"KRE-{p}.{n:06}", valid_from=start,
                ))  # fmt: skip
                self.subprocesses.append(sub)
                self.add(assessment.Line(
                    assessment_id=form.id, subprocess_id=sub.id, inherited=n > 1, inherent_likelihood=4,
                    inherent_impact=4, control_level=3, residual_likelihood=2, residual_impact=4,
                    inherent_band=assessed.Band.HIGH, residual_band=assessed.Band.MODERATE, reason="-2 skridt",
                ))  # fmt: skip

    def _choice(self) -> None:
        first, second = self.subprocesses[:2]
        paper = self.add(recommendation.Recommendation(
            cycle_id=self.cycle.id, year=2026, number=1, state=recommended.State.HANDED_OVER, capacity_hours=900,
            prepared_by_id=self.group.id, handed_over_by_id=self.group.id, handed_over_at=self.at,
            snapshot_hash="ab" * 32,
        ))  # fmt: skip
        for sub, word in ((first, recommended.Recommended.REVIEW), (second, recommended.Recommended.NOT)):
            self.add(recommendation.Line(
                recommendation_id=paper.id, subprocess_id=sub.id, recommended=word, reason_codes="overdue;high_risk",
                text="\tTabulator først", hours=40, form=rotation.Form.ORDINARY, review_year=2026,
                inherent_band=assessed.Band.HIGH, inherent_score=16, due_year=2026,
            ))  # fmt: skip
        meeting = self.add(forum.Meeting(
            about_id=self.organisation.id, cycle_id=self.cycle.id, recommendation_id=paper.id, year=2026,
            number="2026/1",
            held_on=date(2026, 6, 12), form=decided.MeetingForm.MEETING, state=decided.State.LOCKED,
            confirmed_by_id=self.other.id, confirmed_at=self.at, hash="cd" * 32,
        ))  # fmt: skip
        for person, function in ((self.other, decided.Function.CHAIR), (self.group, decided.Function.SECRETARY)):
            self.add(forum.Presence(meeting_id=meeting.id, person_id=person.id, function=function, present=True))
        self.add(forum.Impartiality(
            meeting_id=meeting.id, subprocess_id=first.id, person_id=self.group.id,
            declaration=decided.Declared.DISCLOSED, circumstance="Min ægtefælle er ansat dér.", declared_at=self.at,
            ruling=decided.Ruling.DISQUALIFIED, ruled_by=f";{self.other.id};", ruled_at=self.at, took_part=False,
            recorded_by_id=self.other.id,
        ))  # fmt: skip
        plan = self.add(planning.Plan(
            number=1, origin=planned.Origin.HAND, reason="Sagen er stor", made_by_id=self.group.id, made_at=self.at,
        ))  # fmt: skip
        self.add(planning.Line(plan_id=plan.id, subprocess_id=second.id, year=2027, hours=40, reason="Efter skiftet"))
        self.add(planning.Capacity(plan_id=plan.id, year=2027, hours=900))
        self.decision = self.add(forum.Decision(
            meeting_id=meeting.id, number="B-2026-01", subprocess_id=first.id,
            recommended=recommended.Recommended.REVIEW, decided=decided.Decided.CHOSEN, review_year=2026, hours=40,
            form=rotation.Form.ORDINARY,
        ))  # fmt: skip
        self.add(forum.Decision(
            meeting_id=meeting.id, number="B-2026-02", subprocess_id=second.id,
            recommended=recommended.Recommended.NOT, decided=decided.Decided.CHOSEN, reason="Forum vil se den",
            review_year=2026, hours=30, form=rotation.Form.LIGHT,
        ))  # fmt: skip

    def _proof(self) -> None:
        sub = self.subprocesses[0]
        self.add(Coverage(
            subprocess_id=sub.id, covered_on=date(2024, 10, 4), degree=rotation.Degree.FULL,
            form=rotation.Form.ORDINARY, source=rotation.Source.IMPORT, review_number="G-2024-01", recorded_at=self.at,
        ))  # fmt: skip
        renamed = self.add(universe.Structure(
            kind=What.RENAMED, level=Level.SUBPROCESS, effective_on=date(2026, 3, 2), reason=FORMULA,
            recorded_at=self.at, recorded_by_id=self.group.id,
        ))  # fmt: skip
        self.add(universe.Lineage(
            structure_id=renamed.id, object_type=universe.Subprocess.__tablename__, before_id=sub.id, after_id=sub.id,
            was="=Gammelt navn",
        ))  # fmt: skip
        self.review = self.add(review.Review(
            number="G-2026-01", year=2026, subprocess_id=sub.id, decision_id=self.decision.id,
            state=reviewed.State.IN_PROGRESS, form=rotation.Form.ORDINARY, scope="Alt", lead_id=self.other.id,
            tester_id=self.tester.id, hours_planned=40, period_from=date(2025, 7, 1), period_to=date(2026, 6, 30),
        ))  # fmt: skip
        self.add(Reopening(
            object_type="review_review", object_id=self.review.id, number=1, reason="Forkert periode", answer="Enig",
            state=RequestState.APPROVED, asked_by_id=self.tester.id, asked_at=self.at, decided_by_id=self.group.id,
            decided_at=self.at + timedelta(days=1), snapshot='{"review_review":[{"conclusion":"Ingen fejl"}]}',
        ))  # fmt: skip
        self.add(Reopening(
            object_type="assessment_assessment", object_id=self.form.id, number=1, reason="Forkert tal", answer="Enig",
            state=RequestState.APPROVED, asked_by_id=self.tester.id, asked_at=self.at, decided_by_id=self.group.id,
            decided_at=self.at + timedelta(days=1), snapshot='{"assessment_assessment":[{"reason":"Som sidste år"}]}',
        ))  # fmt: skip
        risk = self.add(review.Risk(
            number="KRE-1.1-R1", subprocess_id=sub.id, cause="Årsag", event=FORMULA, consequence="x" * 40_000,
            category=reviewed.Category.FRAUD, assertions="FUL;NOJ", owner_id=self.owner.id,
        ))  # fmt: skip
        self.add(review.Risk(
            number="KRE-1.1-R2", subprocess_id=sub.id, cause="Å", event="b", consequence="c",
            category=reviewed.Category.LOSS,
        ))  # fmt: skip
        control = {
            "subprocess_id": sub.id, "text": "Linje 1\r\nLinje 2", "key_control": True,
            "kind": reviewed.Kind.PREVENTIVE,
            "execution": reviewed.Execution.MANUAL, "frequency": reviewed.Frequency.MONTHLY, "occurrences_a_year": 12,
            "valid_from": date(2022, 1, 3),
        }  # fmt: skip
        used = self.add(review.Control(number="KRE-1.1-K1", **control))
        self.add(review.Control(number="KRE-1.1-K2", **control))
        self.add(review.RiskControl(risk_id=risk.id, control_id=used.id, degree=reviewed.Cover.FULL, assertions="FUL"))
        self.add(review.DesignTest(
            number="T-2026-01-U", review_id=self.review.id, control_id=used.id, control_version=1, control_copy="{}",
            outcome=reviewed.DesignOutcome.APPROPRIATE, conclusion="God", tester_id=self.tester.id,
            tested_on=date(2026, 3, 2), hours=2,
        ))  # fmt: skip
        test = self.add(effectiveness.OperatingTest(
            number="T-2026-01-F", review_id=self.review.id, control_id=used.id, control_version=1, control_copy="{}",
            state=tested.State.CONCLUDED, method=tested.Method.FREQUENCY_TABLE, population="Alle", population_size=12,
            sample_risk=tested.SampleRisk.NORMAL, confidence="0.95", tolerable_rate="0.05", sample_size=3,
            seed="0f" * 16, drawn_at=self.at, exceptions=1, outcome=reviewed.Outcome.NOT, conclusion="Afvigelse",
            tester_id=self.tester.id, tested_on=date(2026, 3, 9),
        ))  # fmt: skip
        for rank in (1, 2, 3, 4):
            self.add(effectiveness.SampleItem(
                test_id=test.id, rank=rank, item_key=f"=bilag-{rank}", reserve=rank == 4,
                result=tested.Result.EXCEPTION if rank == 2 else tested.Result.PASS if rank < 4 else None,
                nature=tested.Nature.ISOLATED if rank == 2 else None, amount_ore=1_234_56 if rank == 2 else None,
                tested_on=date(2026, 3, 9) if rank < 4 else None,
            ))  # fmt: skip
        self.finding = self.add(finding.Finding(
            number="F-2026-01", review_id=self.review.id, subprocess_id=sub.id, control_id=used.id, condition="Forhold",
            criterion="Kriterium", cause="Årsag", consequence="Følge", severity=found.Severity.DEFICIENCY,
            owner_id=self.owner.id, confirmed_on=date(2026, 3, 10), deadline_original=date(2026, 9, 1),
            deadline_current=date(2026, 9, 1), state=found.State.ACTION_AGREED,
        ))  # fmt: skip
        self.add(finding.Action(
            number="H-2026-01", finding_id=self.finding.id, text="Ret det", owner_id=self.owner.id,
            deadline_original=date(2026, 9, 1), deadline_current=date(2026, 9, 1), state=found.ActionState.AGREED,
        ))  # fmt: skip
        self.add(Evidence(
            subject_type="effectiveness_test", subject_id=test.id, sha256=sha256(PDF).hexdigest(), filename="bilag.pdf",
            media_type="application/pdf", size=len(PDF), shows="Viser det", uploaded_by_id=self.tester.id,
            uploaded_at=self.at,
        ))  # fmt: skip

    def change(self, title: str) -> None:
        """Change the finding's condition, so that the log has a before and an after."""
        with transaction():
            row = db.session.get_one(finding.Finding, self.finding.id)
            row.condition = title
            audit.record(make.by(self.group, reason="Rettet"), CHANGED, row)


filled = photographed(Year)
