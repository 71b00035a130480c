"""Variables come from the restored environment, and an unset one is named."""

from __future__ import annotations

import pytest

from restoreproof.contract import resolve
from restoreproof.contract.variables import variables_in
from restoreproof.errors import ContractError


def test_both_spellings_are_replaced_and_the_rest_is_kept() -> None:
    assert resolve("a-$ONE-${TWO}b$", {"ONE": "1", "TWO": "2"}) == "a-1-2b$"
    assert variables_in("a-$ONE-${TWO}b") == ["ONE", "TWO"]


@pytest.mark.parametrize("environment", [{}, {"BUCKET": ""}])
def test_an_unset_or_empty_variable_is_named(environment: dict[str, str]) -> None:
    with pytest.raises(ContractError, match=r"\$BUCKET"):
        resolve("$BUCKET", environment)


def test_a_near_name_is_suggested_and_no_value_is_shown() -> None:
    with pytest.raises(ContractError, match=r"did you mean \$BUCKETS") as caught:
        resolve("$BUCKET", {"BUCKETS": "hidden-value"})
    assert "hidden-value" not in str(caught.value)
