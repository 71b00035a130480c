"""A part that an adopted set never had takes with it what rests on it, by name, and nothing else."""

from __future__ import annotations

from typing import Any

import pytest

from restoreproof.backups.missing import PartMissing
from restoreproof.drill.inner.stages import StageNotReached
from restoreproof.drill.missing_parts import Absences, Present
from restoreproof.errors import ServiceFailedError

LACKING = PartMissing("secrets", "no environment")


def test_a_stage_of_which_nothing_came_is_not_reached_and_the_next_one_is(make: Any, memory: Any) -> None:
    memory.breaks["restore page"] = LACKING
    drill = make()
    with pytest.raises(StageNotReached, match="the adopted set lacks secrets: no environment"):
        drill.advance_to("second")
    drill.advance_to("third")
    assert "stage third" in memory.done
    assert {"text": f"asset page is absent: {LACKING}"} in memory.of("note")
    assert not memory.of("stage-failed")


def test_a_stage_of_which_something_came_is_reached(make: Any, memory: Any) -> None:
    memory.breaks["restore rows"] = LACKING
    make().advance_to("first")


def test_what_resumes_nothing_is_not_reached(make: Any, memory: Any) -> None:
    memory.breaks["start worker"] = LACKING
    drill = make()
    with pytest.raises(StageNotReached, match="lacks secrets"):
        drill.advance_to("third")
    drill.finish()
    assert "stop worker" not in memory.done


def test_a_service_that_fails_where_something_is_absent_is_absent_too(make: Any, memory: Any) -> None:
    memory.breaks["restore rows"] = LACKING
    memory.breaks["start web"] = ServiceFailedError("web: not ready")
    make().advance_to("second")
    assert any("web did not start without it" in note["text"] for note in memory.of("note"))


def test_a_service_that_fails_where_nothing_is_absent_fails_its_stage(make: Any, memory: Any) -> None:
    memory.breaks["start web"] = ServiceFailedError("web: not ready")
    with pytest.raises(StageNotReached, match="not ready"):
        make().advance_to("second")
    assert memory.of("stage-failed")


def test_an_absent_service_has_no_address(memory: Any) -> None:
    def lack() -> None:
        raise LACKING

    absences = Absences(memory)
    absences.bring("web", lack)
    memory.name = memory.clock = "memory"
    memory.endpoint = lambda service, port: f"{service}:{port}"
    present = Present(memory, absences)
    assert str(present.endpoint("store")) == "store:main"
    with pytest.raises(PartMissing, match="secrets"):
        present.endpoint("web")
    memory.require = lambda service: memory.note(f"require {service}")
    present.require("store")
    assert memory.done == ["require store"]
    with pytest.raises(PartMissing, match="secrets"):
        present.require("web")
    with pytest.raises(PartMissing, match="secrets"):
        present.started_at("web")
