"""What a server is asked about its database, on a real one, also in the words that an older one knows."""

from __future__ import annotations

from restoreproof.assets.base import StackContext
from restoreproof.assets.postgres.connection import connect
from restoreproof.assets.postgres.database import traits_query


def test_a_server_tells_how_its_database_sorts_and_an_older_one_is_not_asked_for_versions(
    stack_context: StackContext,
) -> None:
    with connect(stack_context.runtime, "target", "postgres") as connection:
        now, before = (connection.execute(traits_query(version)).fetchone() for version in (180000, 140000))
    assert now is not None
    assert (now["provider"], now["collation"], now["collation_version"]) == ("builtin", "C.UTF-8", "1")
    assert before == {**now, "collation_version": None}
