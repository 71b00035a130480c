"""A dump of a newer PostgreSQL than the target's is the machine's affair: it says nothing of the backup."""

from __future__ import annotations

import pytest

from restoreproof.assets.compatibility import refuse_newer
from restoreproof.errors import EnvironmentUnfitError, ExitCode


def test_a_newer_dump_is_refused_by_name_and_not_verified() -> None:
    with pytest.raises(EnvironmentUnfitError, match="pg_dump 19, and the target is PostgreSQL 18") as refused:
        refuse_newer({"pg_dump": "19.1"}, 18)
    assert refused.value.exit_code is ExitCode.NOT_VERIFIED


@pytest.mark.parametrize("tools", [{"pg_dump": "18.9"}, {"pg_dump": "15.2"}, {"pg_dump": "unknown"}, {}])
def test_the_same_an_older_and_an_unknown_one_are_tried(tools: dict[str, str]) -> None:
    refuse_newer(tools, 18)
