"""A backup by the operations handbook: features/backup/documented.feature, of a running source.

No drill says these. The fixture ``documented`` is of whoever runs the feature; the reference stack's is in
tests/containers.
"""

from __future__ import annotations

from typing import Any

from pytest_bdd import given, then, when


@given("a running stack with history", target_fixture="source")
def running(documented: Any) -> Any:
    return documented


@when("the documented commands take a dump and copy it out")
def take(source: Any) -> None:
    source.take()


@when("the buckets are mirrored")
def mirror(source: Any) -> None:
    source.mirror()


@when("dump and mirror are adopted as a backup set")
def adopt(source: Any) -> None:
    source.adopt()


@when("the adopted set is drilled", target_fixture="drilled")
def drill(source: Any) -> Any:
    source.drill()
    assert source.drilled
    return source.drilled


@then("the drill ends NOT VERIFIED with exit code 3")
def not_verified(drilled: Any) -> None:
    assert (drilled.returncode, drilled.record["verdict"]) == (3, "NOT VERIFIED"), drilled.output[-4000:]


@then("roles, catalogue and identity are reported missing")
def missing(drilled: Any, source: Any) -> None:
    assert source.adopted
    assert {"roles", "catalogue", "identity"} <= set(source.adopted["lacks"])
    incomplete = " ".join(drilled.record["incomplete"])
    for part in ("roles", "catalogue", "identity"):
        assert f"lacks {part}" in incomplete
    assert "lacks identity" in drilled.check("restore/realm")["reason"]


@then("the rows and objects that are there were examined")
def examined(drilled: Any) -> None:
    looked = ("consumption-receipts", "audit-chain", "proof-object-keys", "certificate-artifacts")
    for check in (drilled.check(f"consistency/{name}") for name in looked):
        assert check["observations"], check["reason"]
        assert check["observations"][0]["examined"] > 0, check["reason"]


@then("nothing of them was found wrong")
def nothing_wrong(drilled: Any) -> None:
    assert not {"FAILED", "ERROR"} & set(drilled.outcomes.values())
