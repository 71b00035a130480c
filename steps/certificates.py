"""Certificates, as their holders and whoever verifies them speak of them."""

from __future__ import annotations

from typing import Annotated

from pytest_bdd import parsers, then, when

from restoreproof.checks.verification import VerificationSurvey
from restoreproof.contract.ref import Ref
from restoreproof.drill.inner.stages import Drill


@when(parsers.parse('certificates are submitted to "{endpoint}"'), target_fixture="survey")
def submit_certificates(drill: Drill, endpoint: Annotated[str, Ref("endpoint")]) -> VerificationSurvey:
    return drill.look(VerificationSurvey, endpoint=endpoint)


@then("genuine certificates are confirmed")
def genuine_certificates_are_confirmed(drill: Drill, survey: VerificationSurvey) -> None:
    drill.observe(survey.confirms())


@then("tampered certificates are refused")
def tampered_certificates_are_refused(drill: Drill, survey: VerificationSurvey) -> None:
    drill.observe(survey.refuses())
