"""How the restored platform was brought up, what it does for its users, and how long that took."""

from __future__ import annotations

from typing import Any

from pytest_bdd import parsers, then, when

from restoreproof.checks.canary import CanaryJob
from restoreproof.checks.configuration import ReleaseSurvey
from restoreproof.checks.database import Recovery, RecoveryTime
from restoreproof.checks.order import OrderSurvey
from restoreproof.checks.queues import QueueSurvey, UntouchedQueue
from restoreproof.checks.sinks import SinkSurvey
from restoreproof.checks.smoke import EndpointSurvey, Login
from restoreproof.checks.verification import VerificationSurvey
from restoreproof.drill.inner.stages import Drill


@when("the recorded release is compared with the release on hand", target_fixture="survey")
def compare_release(drill: Drill) -> Any:
    return drill.survey("release")


@then("its version and digests are recorded and equal")
def its_version_and_digests_are_recorded_and(drill: Drill, survey: ReleaseSurvey) -> None:
    drill.observe(survey.recorded())


@when("the traces of the restore are put in the order of their times", target_fixture="survey")
def order_traces(drill: Drill) -> Any:
    return drill.survey("restore order")


@then("no stage came before the one it rests on")
def no_stage_came_before_the_one_it(drill: Drill, survey: OrderSurvey) -> None:
    drill.observe(survey.linear())


@then("the workers resumed last")
def the_workers_resumed_last(drill: Drill, survey: OrderSurvey) -> None:
    drill.observe(survey.held())


@when(parsers.parse('"{endpoint}" is asked for'), target_fixture="survey")
def ask_endpoint(drill: Drill, endpoint: str) -> Any:
    return drill.survey("endpoint", endpoint=endpoint)


@then("it answers")
def it_answers(drill: Drill, survey: EndpointSurvey) -> None:
    drill.observe(survey.answered())


@then("every answer is what the restored rows record")
def every_answer_is_what_the_restored_rows(drill: Drill, survey: EndpointSurvey) -> None:
    drill.observe(survey.intact())


@then("it lists the restored rows")
def it_lists_the_restored_rows(drill: Drill, survey: EndpointSurvey) -> None:
    drill.observe(survey.listed())


@when(parsers.parse('"{person}" logs in through the browser'), target_fixture="survey")
def log_in(drill: Drill, person: str) -> Any:
    return drill.survey("login", person=person)


@then("the login is accepted, and nothing is shown without it")
def the_login_is_accepted(drill: Drill, survey: Login) -> None:
    drill.observe(survey.accepted())


@when(parsers.parse('certificates are submitted to "{endpoint}"'), target_fixture="survey")
def submit_certificates(drill: Drill, endpoint: str) -> Any:
    return drill.survey("verification", endpoint=endpoint)


@then("genuine certificates are confirmed")
def genuine_certificates_are_confirmed(drill: Drill, survey: VerificationSurvey) -> None:
    drill.observe(survey.confirms())


@then("tampered certificates are refused")
def tampered_certificates_are_refused(drill: Drill, survey: VerificationSurvey) -> None:
    drill.observe(survey.refuses())


@when("the ways out of the platform are watched", target_fixture="survey")
def watch_sinks(drill: Drill) -> Any:
    return drill.survey("sinks")


@then("none of them has recorded an effect")
def none_of_them_has_recorded_an_effect(drill: Drill, survey: SinkSurvey) -> None:
    drill.observe(survey.silent())


@then("each of them would have recorded one")
def each_would_have_recorded(drill: Drill) -> None:
    drill.observe(drill.survey("sink controls").noticed())


@then("whoever may only write there can't read")
def write_only_cannot_read(drill: Drill) -> None:
    drill.observe(drill.survey("sink controls").write_only())


@when("a canary job is queued", target_fixture="survey")
def queue_canary(drill: Drill) -> Any:
    return drill.survey("canary")


@then("a worker completes it")
def a_worker_completes_it(drill: Drill, survey: CanaryJob) -> None:
    drill.observe(survey.completed())


@when("the dead letters are compared with the catalogue", target_fixture="survey")
def compare_dead_letters(drill: Drill) -> Any:
    return drill.survey("dead letters untouched")


@then("none was replayed or lost")
def none_was_replayed_or_lost(drill: Drill, survey: UntouchedQueue) -> None:
    drill.observe(survey.untouched())


@when("the restored queues are reviewed", target_fixture="survey")
def review_queues(drill: Drill) -> Any:
    return drill.survey("queues")


@then("they hold what they held when the backup was taken")
def they_hold_what_they_held_when_the(drill: Drill, survey: QueueSurvey) -> None:
    drill.observe(survey.as_backed_up())


@then("they hold only what the review expects")
def they_hold_only_what_the_review_expects(drill: Drill, survey: QueueSurvey) -> None:
    drill.observe(survey.expected_only())


@when("the newest restored records are compared with the recovery point", target_fixture="survey")
def compare_newest(drill: Drill) -> Any:
    return drill.survey("recovery point")


@then("none is older than the recovery point objective allows")
def none_is_older_than_the_recovery_point(drill: Drill, survey: Recovery) -> None:
    drill.observe(survey.within())


@then("the assets come from one moment")
def the_assets_come_from_one_moment(drill: Drill, survey: Recovery) -> None:
    drill.observe(survey.aligned())


@then("the schedule loses no more than the objective allows")
def the_schedule_loses_no_more_than_the(drill: Drill, survey: Recovery) -> None:
    drill.observe(survey.schedule())


@when("the time since the drill began is taken", target_fixture="survey")
def take_time(drill: Drill) -> Any:
    return drill.survey("recovery time")


@then("service was back within the recovery time objective")
def service_was_back_within_the_recovery_time(drill: Drill, survey: RecoveryTime) -> None:
    drill.observe(survey.within())
