"""runbook.md: the restore in its order, in words and commands that a person can repeat."""

from __future__ import annotations

import shlex

import pytest

from restoreproof.plan import Plan
from restoreproof.record.reduce import reduce
from restoreproof.views import runbook
from restoreproof.views.path_aliases import ShortPaths
from restoreproof.views.runbook_steps import acts
from tests.stories import Story, closed, opened

RUN = "/srv/var/run/d1"


def restored(plan: Plan) -> Story:
    """A drill that ran two commands, started a service and passed a gate."""
    story = opened(plan)
    story.tell("stage-entered", stage="database")
    story.tell(
        "command", tool="initdb", argv=["/opt/pg/initdb", "-D", f"{RUN}/data"], returncode=0, seconds=0.5
    )
    story.tell("service-started", service="postgres", argv=["/opt/pg/postgres", f"--dir={RUN}/data"], pid=3)
    story.tell("service-ready", service="postgres", seconds=0.7)
    story.tell("phase", stage="database", name="pg_restore", seconds=0.2, bytes=1234)
    story.tell("stage-done", stage="database", seconds=1.0)
    story.tell("stage-entered", stage="objects")
    story.tell("command", tool="mc", argv=["mc", "cp", "a b"], returncode=1, seconds=2)
    story.tell("stage-failed", stage="objects", error="the copy failed", hint="look")
    story.tell("override", service="*", name="CA", why="the drill has its own")
    story.tell("review-approved", approver="policy OPS-7", stage="objects")
    return story


def page(plan: Plan, story: Story) -> str:
    """The runbook of a drill that left ``story``."""
    return runbook.runbook(reduce(plan, story.events), list(acts(story.events)))


def test_the_commands_stand_in_their_stage_in_order_with_how_they_ended(plan: Plan) -> None:
    said = page(plan, closed(restored(plan)))
    order = [
        "Gate: the target is isolated → proven",
        "## Stage 1: database",
        "Run initdb → exit code 0, 0.5 s",
        '    initdb -D "$RUN"/data',
        "Start the service postgres",
        '    postgres --dir="$RUN"/data',
        "pg_restore → done, bytes: 1,234, 0.2 s",
        "## Stage 2: objects",
        "Run mc → exit code 1, 2.0 s",
        "    mc cp 'a b'",
        "The stage failed → the copy failed",
        "approved by policy OPS-7",
        "## Afterwards",
        "The target is proven gone",
        "| CA | \\* | the drill has its own |",
    ]
    places = [said.find(part) for part in order]
    assert -1 not in places, order[places.index(-1)]
    assert places == sorted(places)


def test_it_says_where_each_input_came_from_and_what_the_short_words_stand_for(plan: Plan) -> None:
    said = page(plan, closed(restored(plan)))
    assert "| Backup set | s1 |" in said
    assert f"| $RUN | {RUN} |" in said
    assert "| initdb | /opt/pg/initdb |" in said
    assert plan.contract_sha256 in said


def test_a_drill_that_did_nothing_has_a_runbook_that_says_so(plan: Plan) -> None:
    said = page(plan, Story())
    assert "NOT VERIFIED" in said
    assert "NOT proven gone" in said
    assert "not-reached" in said


@pytest.mark.parametrize(
    "hostile", ["```\n# heading", "<script>alert(1)</script>", "[x](javascript:y)", "a|b\x1b[2J"]
)
def test_what_a_command_held_is_shown_and_acts_on_nothing(plan: Plan, hostile: str) -> None:
    story = opened(plan).tell("stage-entered", stage="database")
    story.tell("command", tool=hostile, argv=[hostile, hostile], returncode=None, seconds=None)
    said = page(plan, closed(story))
    assert "exit code unknown" in said
    assert "\x1b" not in said
    for line in said.splitlines():
        outside_code = not line.startswith("    ")
        assert not (
            outside_code and (line.startswith(("```", "# heading")) or "<script" in line.replace("\\<", ""))
        )


def test_of_very_many_commands_the_first_are_shown_and_the_rest_is_told(
    plan: Plan, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runbook, "_MANY", 3)
    said = page(plan, closed(restored(plan)))
    assert "Only the first 3 acts are shown" in said
    assert "mc cp" not in said


def test_a_shortened_command_is_the_same_command_once_its_words_are_put_back() -> None:
    argv = [
        "/opt/a/tool",
        "-D",
        f"{RUN}/x y",
        "--set=/sets/one/f;rm",
        "/sets/one",
        "/sets/oneself",
        "",
        "$RUN",
    ]
    paths = ShortPaths([argv], "d1", "/sets/one/")
    said = paths.command(argv)
    assert said.startswith("tool ")
    for word, path in paths.directories.items():
        said = said.replace(f'"{word}"', shlex.quote(path))
    assert shlex.split(said) == ["tool", *argv[1:]]
    assert '"$SET"self' not in paths.command(argv)


def test_two_programs_of_one_name_keep_their_paths() -> None:
    paths = ShortPaths([["/a/python", "-V"], ["/b/python", "-V"]], "", None)
    assert paths.programs == {}
    assert paths.command(["/a/python", "-V"]) == "/a/python -V"
