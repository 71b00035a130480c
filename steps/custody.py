"""The signer's keys."""

from __future__ import annotations

from pytest_bdd import when

from restoreproof.checks.custody import CustodySurvey
from restoreproof.drill.inner.stages import Drill


@when("the custody records of the signer's keys are read", target_fixture="survey")
def read_custody(drill: Drill) -> CustodySurvey:
    return drill.look(CustodySurvey)
