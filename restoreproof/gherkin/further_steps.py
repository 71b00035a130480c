"""A scenario goes on after a *Then* that did not pass, with those that say more of the same look."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import takewhile
from typing import Any

import pytest
from pytest_bdd.scenario import _execute_step_function, get_step_function

from restoreproof.outcome import CheckNotVerified, NotPassed

_STATES = "then"


class FurtherSteps:
    """A pytest plugin on pytest-bdd's hook for a failed step.

    pytest-bdd ends a scenario with its first failed step, so a cut chain would say "0 gaps" and never come to
    its head. Each *Then* up to the next *Given* or *When* is executed with all its hooks, observes for
    itself, and is told like any other step. The scenario ends as its worst one did.
    """

    @pytest.hookimpl(trylast=True)
    def pytest_bdd_step_error(
        self, request: pytest.FixtureRequest, scenario: Any, step: Any, exception: BaseException
    ) -> None:
        if not isinstance(exception, NotPassed):
            return  # it observed nothing: what follows may rest on what it did not come to
        for following in _thens_after(scenario, step):
            context = get_step_function(request=request, step=following)
            if context is None:
                return
            try:
                _execute_step_function(request, scenario, following, context)
            except (Exception, pytest.skip.Exception) as error:
                # This hook was called for that step too, and has gone on after it.
                if isinstance(exception, CheckNotVerified) and isinstance(error, AssertionError):
                    raise
                return


def _thens_after(scenario: Any, step: Any) -> Iterator[Any]:
    """Yield the steps after ``step`` up to the first that is no *Then* (*And* is what it follows)."""
    place = next(number for number, other in enumerate(scenario.steps) if other is step)
    return takewhile(lambda following: following.type == _STATES, scenario.steps[place + 1 :])
