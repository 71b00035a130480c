"""A set that is exchanged after it was verified: what is restored is what was hashed."""

from __future__ import annotations

from restoreproof.backups import open_set
from restoreproof.outcome import Verdict
from restoreproof.record.reduce import reduce
from tests.attack.swaps import drill_while
from tests.stories import healthy, plan_of
from tests.workshop import Workshop

CHECKS = "set-identity or proof-object-keys"


def test_a_set_whose_files_are_exchanged_after_the_verification_is_restored_as_it_was_verified(
    workshop: Workshop,
) -> None:
    copy = workshop.copy_of_set("swapped")

    def swap() -> None:
        for path in (path for path in copy.rglob("*") if path.is_file()):
            path.write_bytes(b"swapped")

    drilled = drill_while(workshop, swap, "--set", copy, "-k", CHECKS)
    assert drilled.record["verdict"] == "PARTIAL", drilled.output[-3000:]
    assert set(drilled.outcomes.values()) == {"PASSED"}
    assert drilled.record["backup_set"]["location"] == str(copy)
    assert drilled.record["incomplete"] == []
    assert open_set(workshop.set, "wipe").manifest.set_id == drilled.record["backup_set"]["set_id"]


def test_a_set_left_in_place_that_changed_is_not_verified_and_named() -> None:
    plan = plan_of()
    story = healthy(plan).tell("input-changed", name="the set s1", what="shop.dump: SHA-256 1")
    record = reduce(plan, story.events)
    assert record.verdict is Verdict.NOT_VERIFIED
    assert "the set s1 changed while it was drilled: shop.dump: SHA-256 1" in record.incomplete
