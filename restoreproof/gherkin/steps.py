"""The generic step phrases, the installable vocabulary of every stack.

Each phrase is one call: a *When* takes a survey of the restored stack, a *Then* states one thing about it.
"""

from __future__ import annotations

from typing import Any

from pytest_bdd import parsers, then, when

from restoreproof.drill.stages import Drill


@when("the backup set is held against its catalogue", target_fixture="survey")
def hold_against_catalogue(drill: Drill) -> Any:
    return drill.survey("set identity")


@when(parsers.parse('the restored "{asset}" is compared with the catalogue'), target_fixture="survey")
def compare_database(drill: Drill, asset: str) -> Any:
    return drill.survey("database", asset=asset)


@when("the backup is searched for forbidden material", target_fixture="survey")
def search_forbidden(drill: Drill) -> Any:
    return drill.survey("forbidden material")


@when("the custody records of the signer's keys are read", target_fixture="survey")
def read_custody(drill: Drill) -> Any:
    return drill.survey("custody")


@when("the recorded release is compared with the release on hand", target_fixture="survey")
def compare_release(drill: Drill) -> Any:
    return drill.survey("release")


@when("the schema version is compared with the release", target_fixture="survey")
def compare_schema(drill: Drill) -> Any:
    return drill.survey("schema version")


@when(parsers.parse('the restored rows are searched for "{dataset}"'), target_fixture="survey")
def search_rows(drill: Drill, dataset: str) -> Any:
    return drill.survey("exceptions", dataset=dataset)


@when(parsers.parse('the buckets of "{asset}" are compared with the catalogue'), target_fixture="survey")
def compare_buckets(drill: Drill, asset: str) -> Any:
    return drill.survey("buckets", asset=asset)


@when(
    parsers.parse('each of the "{dataset}" is read from the "{bucket}" bucket as the application'),
    target_fixture="survey",
)
def read_objects(drill: Drill, dataset: str, bucket: str) -> Any:
    return drill.survey("objects", dataset=dataset, bucket=bucket)


@when(parsers.parse('the signatures of the "{signature}" are recomputed'), target_fixture="survey")
def recompute_signatures(drill: Drill, signature: str) -> Any:
    return drill.survey("signatures", signature=signature)


@when(parsers.parse('the chain of "{chain}" is recomputed'), target_fixture="survey")
def recompute_chain(drill: Drill, chain: str) -> Any:
    return drill.survey("chain", chain=chain)


@when(parsers.parse('the maintenance worker examines the "{chain}"'), target_fixture="survey")
def run_maintenance(drill: Drill, chain: str) -> Any:
    return drill.survey("maintenance report", chain=chain)


@when(parsers.parse('the realm of "{asset}" is compared with the catalogue'), target_fixture="survey")
def compare_realm(drill: Drill, asset: str) -> Any:
    return drill.survey("realm", asset=asset)


@when(parsers.parse('the "{dataset}" are looked up in the realm of "{asset}"'), target_fixture="survey")
def look_up_accounts(drill: Drill, dataset: str, asset: str) -> Any:
    return drill.survey("accounts", dataset=dataset, asset=asset)


@when(
    parsers.parse('each client of "{asset}" authenticates with its restored secret'), target_fixture="survey"
)
def authenticate_clients(drill: Drill, asset: str) -> Any:
    return drill.survey("client grants", asset=asset)


@when("the restored environment is read", target_fixture="survey")
def read_environment(drill: Drill) -> Any:
    return drill.survey("environment")


@when("every restored credential is used once", target_fixture="survey")
def use_credentials(drill: Drill) -> Any:
    return drill.survey("credentials")


@when(
    parsers.parse('the application looks at the "{asset}" with "{variable}" without naming a tenant'),
    target_fixture="survey",
)
def look_without_tenant(drill: Drill, asset: str, variable: str) -> Any:
    return drill.survey("tenant isolation", asset=asset, variable=variable)


@when(parsers.parse('the restored configuration of the "{asset}" is read'), target_fixture="survey")
def read_proxy(drill: Drill, asset: str) -> Any:
    return drill.survey("proxy", asset=asset)


@when("the traces of the restore are put in the order of their times", target_fixture="survey")
def order_traces(drill: Drill) -> Any:
    return drill.survey("restore order")


@when(parsers.parse('"{endpoint}" is asked for'), target_fixture="survey")
def ask_endpoint(drill: Drill, endpoint: str) -> Any:
    return drill.survey("endpoint", endpoint=endpoint)


@when(parsers.parse('"{person}" logs in through the browser'), target_fixture="survey")
def log_in(drill: Drill, person: str) -> Any:
    return drill.survey("login", person=person)


@when(parsers.parse('certificates are submitted to "{endpoint}"'), target_fixture="survey")
def submit_certificates(drill: Drill, endpoint: str) -> Any:
    return drill.survey("verification", endpoint=endpoint)


@when("the ways out of the platform are watched", target_fixture="survey")
def watch_sinks(drill: Drill) -> Any:
    return drill.survey("sinks")


@when("a canary job is queued", target_fixture="survey")
def queue_canary(drill: Drill) -> Any:
    return drill.survey("canary")


@when("the dead letters are compared with the catalogue", target_fixture="survey")
def compare_dead_letters(drill: Drill) -> Any:
    return drill.survey("dead letters untouched")


@when("the restored queues are reviewed", target_fixture="survey")
def review_queues(drill: Drill) -> Any:
    return drill.survey("queues")


@when("the newest restored records are compared with the recovery point", target_fixture="survey")
def compare_newest(drill: Drill) -> Any:
    return drill.survey("recovery point")


@when("the time since the drill began is taken", target_fixture="survey")
def take_time(drill: Drill) -> Any:
    return drill.survey("recovery time")


@then("it is the very set that was taken")
def it_is_the_very_set_that_was(drill: Drill, survey: Any) -> None:
    drill.observe(survey.the_catalogued())


@then("every table holds the rows it held")
def every_table_holds_the_rows_it_held(drill: Drill, survey: Any) -> None:
    drill.observe(survey.rows())


@then("its policies, grants, constraints and indexes are as they were")
def its_policies_grants_constraints_and_indexes_are(drill: Drill, survey: Any) -> None:
    drill.observe(survey.structures())


@then("every role that owns or uses the data exists")
def every_role_that_owns_or_uses_the(drill: Drill, survey: Any) -> None:
    drill.observe(survey.role_inventory())


@then("nothing forbidden is found, by a search that finds each kind of it")
def nothing_forbidden_is_found(drill: Drill, survey: Any) -> None:
    drill.observe(survey.clean())


@then("they hold public keys only")
def they_hold_public_keys_only(drill: Drill, survey: Any) -> None:
    drill.observe(survey.public_only())


@then("every key that signed restored data is among them")
def every_key_that_signed_restored_data_is(drill: Drill, survey: Any) -> None:
    drill.observe(survey.known())


@then("its version and digests are recorded and equal")
def its_version_and_digests_are_recorded_and(drill: Drill, survey: Any) -> None:
    drill.observe(survey.recorded())


@then("the schema is at the version that the release expects")
def the_schema_is_at_the_version_that(drill: Drill, survey: Any) -> None:
    drill.observe(survey.expected())


@then("there is none among them")
def there_is_none_among_them(drill: Drill, survey: Any) -> None:
    drill.observe(survey.none())


@then("every bucket holds the objects it held")
def every_bucket_holds_the_objects_it_held(drill: Drill, survey: Any) -> None:
    drill.observe(survey.as_backed_up())


@then("every object kept its type and metadata")
def every_object_kept_its_type_and_metadata(drill: Drill, survey: Any) -> None:
    drill.observe(survey.metadata())


@then("versioning is as the contract says")
def versioning_is_as_the_contract_says(drill: Drill, survey: Any) -> None:
    drill.observe(survey.versioned())


@then("object lock is not active")
def object_lock_is_not_active(drill: Drill, survey: Any) -> None:
    drill.observe(survey.unlocked())


@then("every one of them is readable")
def every_one_of_them_is_readable(drill: Drill, survey: Any) -> None:
    drill.observe(survey.readable())


@then("every one has the length and digest that its row records")
def every_one_has_the_length_and_digest(drill: Drill, survey: Any) -> None:
    drill.observe(survey.intact())


@then("every one of them was made by a key in custody")
def every_one_of_them_was_made_by(drill: Drill, survey: Any) -> None:
    drill.observe(survey.authentic())


@then("its sequence is continuous")
def its_sequence_is_continuous(drill: Drill, survey: Any) -> None:
    drill.observe(survey.continuous())


@then("its hash chain verifies")
def its_hash_chain_verifies(drill: Drill, survey: Any) -> None:
    drill.observe(survey.unbroken())


@then("every link is signed by a key in custody")
def every_link_is_signed_by_a_key(drill: Drill, survey: Any) -> None:
    drill.observe(survey.authentic())


@then("it ends where it ended when the backup was taken")
def it_ends_where_it_ended_when_the(drill: Drill, survey: Any) -> None:
    drill.observe(survey.complete())


@then("it reports no unexpected break and has examined every link")
def it_reports_no_unexpected_break_and_has(drill: Drill, survey: Any) -> None:
    drill.observe(survey.clean())


@then("it holds the users, clients, roles and credentials it held")
def it_holds_the_users_clients_roles_and(drill: Drill, survey: Any) -> None:
    drill.observe(survey.whole())


@then("it publishes the signing keys it published")
def it_publishes_the_signing_keys_it_published(drill: Drill, survey: Any) -> None:
    drill.observe(survey.same_keys())


@then("every one of them is known under the same id")
def every_one_of_them_is_known_under(drill: Drill, survey: Any) -> None:
    drill.observe(survey.known())


@then("each of them is granted a token")
def each_of_them_is_granted_a_token(drill: Drill, survey: Any) -> None:
    drill.observe(survey.accepted())


@then("it has every required variable and no other")
def it_has_every_required_variable_and_no(drill: Drill, survey: Any) -> None:
    drill.observe(survey.complete())


@then("it agrees with the values the contract pins")
def it_agrees_with_the_values_the_contract(drill: Drill, survey: Any) -> None:
    drill.observe(survey.pins())


@then("every value is the one that was backed up")
def every_value_is_the_one_that_was(drill: Drill, survey: Any) -> None:
    drill.observe(survey.unchanged())


@then("the session secret is the one that was backed up")
def the_session_secret_is_the_one_that(drill: Drill, survey: Any) -> None:
    drill.observe(survey.session_unchanged())


@then("each is accepted by the service it is for")
def each_is_accepted_by_the_service_it(drill: Drill, survey: Any) -> None:
    drill.observe(survey.accepted())


@then("it sees no tenant's rows")
def it_sees_no_tenants_rows(drill: Drill, survey: Any) -> None:
    drill.observe(survey.nothing())


@then("every destination in it is a service of this stack")
def every_destination_in_it_is_a_service(drill: Drill, survey: Any) -> None:
    drill.observe(survey.internal())


@then("its certificate fits its key and the public name")
def its_certificate_fits_its_key_and_the(drill: Drill, survey: Any) -> None:
    drill.observe(survey.certificate())


@then("no stage came before the one it rests on")
def no_stage_came_before_the_one_it(drill: Drill, survey: Any) -> None:
    drill.observe(survey.linear())


@then("the workers resumed last")
def the_workers_resumed_last(drill: Drill, survey: Any) -> None:
    drill.observe(survey.held())


@then("it answers")
def it_answers(drill: Drill, survey: Any) -> None:
    drill.observe(survey.answered())


@then("every answer is what the restored rows record")
def every_answer_is_what_the_restored_rows(drill: Drill, survey: Any) -> None:
    drill.observe(survey.intact())


@then("it lists the restored rows")
def it_lists_the_restored_rows(drill: Drill, survey: Any) -> None:
    drill.observe(survey.listed())


@then("the login is accepted, and nothing is shown without it")
def the_login_is_accepted(drill: Drill, survey: Any) -> None:
    drill.observe(survey.accepted())


@then("genuine certificates are confirmed")
def genuine_certificates_are_confirmed(drill: Drill, survey: Any) -> None:
    drill.observe(survey.confirms())


@then("tampered certificates are refused")
def tampered_certificates_are_refused(drill: Drill, survey: Any) -> None:
    drill.observe(survey.refuses())


@then("none of them has recorded an effect")
def none_of_them_has_recorded_an_effect(drill: Drill, survey: Any) -> None:
    drill.observe(survey.silent())


@then("a worker completes it")
def a_worker_completes_it(drill: Drill, survey: Any) -> None:
    drill.observe(survey.completed())


@then("none was replayed or lost")
def none_was_replayed_or_lost(drill: Drill, survey: Any) -> None:
    drill.observe(survey.untouched())


@then("they hold what they held when the backup was taken")
def they_hold_what_they_held_when_the(drill: Drill, survey: Any) -> None:
    drill.observe(survey.as_backed_up())


@then("they hold only what the review expects")
def they_hold_only_what_the_review_expects(drill: Drill, survey: Any) -> None:
    drill.observe(survey.expected_only())


@then("none is older than the recovery point objective allows")
def none_is_older_than_the_recovery_point(drill: Drill, survey: Any) -> None:
    drill.observe(survey.within())


@then("the assets come from one moment")
def the_assets_come_from_one_moment(drill: Drill, survey: Any) -> None:
    drill.observe(survey.aligned())


@then("the schedule loses no more than the objective allows")
def the_schedule_loses_no_more_than_the(drill: Drill, survey: Any) -> None:
    drill.observe(survey.schedule())


@then("service was back within the recovery time objective")
def service_was_back_within_the_recovery_time(drill: Drill, survey: Any) -> None:
    drill.observe(survey.within())


@then("each of them would have recorded one")
def each_would_have_recorded(drill: Drill) -> None:
    drill.observe(drill.survey("sink controls").noticed())


@then("whoever may only write there can't read")
def write_only_cannot_read(drill: Drill) -> None:
    drill.observe(drill.survey("sink controls").write_only())
