"""What the backup holds, and what came back in databases and buckets."""

from __future__ import annotations

from typing import Any

from pytest_bdd import parsers, then, when

from restoreproof.checks.buckets import BucketsSurvey
from restoreproof.checks.chains import ChainSurvey, WorkerReport
from restoreproof.checks.configuration import SetIdentity
from restoreproof.checks.database import DatabaseSurvey, SchemaVersion
from restoreproof.checks.exceptions import Exceptions
from restoreproof.checks.forbidden import ForbiddenSurvey
from restoreproof.checks.objects import ObjectSurvey
from restoreproof.checks.verification import SignatureSurvey
from restoreproof.drill.inner.stages import Drill


@when("the backup set is held against its catalogue", target_fixture="survey")
def hold_against_catalogue(drill: Drill) -> Any:
    return drill.survey("set identity")


@then("it is the very set that was taken")
def it_is_the_very_set_that_was(drill: Drill, survey: SetIdentity) -> None:
    drill.observe(survey.the_catalogued())


@when(parsers.parse('the restored "{asset}" is compared with the catalogue'), target_fixture="survey")
def compare_database(drill: Drill, asset: str) -> Any:
    return drill.survey("database", asset=asset)


@then("every table holds the rows it held")
def every_table_holds_the_rows_it_held(drill: Drill, survey: DatabaseSurvey) -> None:
    drill.observe(survey.rows())


@then("its policies, grants, constraints and indexes are as they were")
def its_policies_grants_constraints_and_indexes_are(drill: Drill, survey: DatabaseSurvey) -> None:
    drill.observe(survey.structures())


@then("every role that owns or uses the data exists")
def every_role_that_owns_or_uses_the(drill: Drill, survey: DatabaseSurvey) -> None:
    drill.observe(survey.role_inventory())


@when("the schema version is compared with the release", target_fixture="survey")
def compare_schema(drill: Drill) -> Any:
    return drill.survey("schema version")


@then("the schema is at the version that the release expects")
def the_schema_is_at_the_version_that(drill: Drill, survey: SchemaVersion) -> None:
    drill.observe(survey.expected())


@when(parsers.parse('the restored rows are searched for "{dataset}"'), target_fixture="survey")
def search_rows(drill: Drill, dataset: str) -> Any:
    return drill.survey("exceptions", dataset=dataset)


@then("there is none among them")
def there_is_none_among_them(drill: Drill, survey: Exceptions) -> None:
    drill.observe(survey.none())


@when("the backup is searched for forbidden material", target_fixture="survey")
def search_forbidden(drill: Drill) -> Any:
    return drill.survey("forbidden material")


@then("nothing forbidden is found, by a search that finds each kind of it")
def nothing_forbidden_is_found(drill: Drill, survey: ForbiddenSurvey) -> None:
    drill.observe(survey.clean())


@when(parsers.parse('the buckets of "{asset}" are compared with the catalogue'), target_fixture="survey")
def compare_buckets(drill: Drill, asset: str) -> Any:
    return drill.survey("buckets", asset=asset)


@then("every bucket holds the objects it held")
def every_bucket_holds_the_objects_it_held(drill: Drill, survey: BucketsSurvey) -> None:
    drill.observe(survey.as_backed_up())


@then("every object kept its type and metadata")
def every_object_kept_its_type_and_metadata(drill: Drill, survey: BucketsSurvey) -> None:
    drill.observe(survey.metadata())


@then("versioning is as the contract says")
def versioning_is_as_the_contract_says(drill: Drill, survey: BucketsSurvey) -> None:
    drill.observe(survey.versioned())


@then("object lock is not active")
def object_lock_is_not_active(drill: Drill, survey: BucketsSurvey) -> None:
    drill.observe(survey.unlocked())


@when(
    parsers.parse('each of the "{dataset}" is read from the "{bucket}" bucket as the application'),
    target_fixture="survey",
)
def read_objects(drill: Drill, dataset: str, bucket: str) -> Any:
    return drill.survey("objects", dataset=dataset, bucket=bucket)


@then("every one of them is readable")
def every_one_of_them_is_readable(drill: Drill, survey: ObjectSurvey) -> None:
    drill.observe(survey.readable())


@then("every one has the length and digest that its row records")
def every_one_has_the_length_and_digest(drill: Drill, survey: ObjectSurvey) -> None:
    drill.observe(survey.intact())


@when(parsers.parse('the signatures of the "{signature}" are recomputed'), target_fixture="survey")
def recompute_signatures(drill: Drill, signature: str) -> Any:
    return drill.survey("signatures", signature=signature)


@then("every one of them was made by a key in custody")
def every_one_of_them_was_made_by(drill: Drill, survey: SignatureSurvey) -> None:
    drill.observe(survey.authentic())


@when(parsers.parse('the chain of "{chain}" is recomputed'), target_fixture="survey")
def recompute_chain(drill: Drill, chain: str) -> Any:
    return drill.survey("chain", chain=chain)


@then("its sequence is continuous")
def its_sequence_is_continuous(drill: Drill, survey: ChainSurvey) -> None:
    drill.observe(survey.continuous())


@then("its hash chain verifies")
def its_hash_chain_verifies(drill: Drill, survey: ChainSurvey) -> None:
    drill.observe(survey.unbroken())


@then("every link is signed by a key in custody")
def every_link_is_signed_by_a_key(drill: Drill, survey: ChainSurvey) -> None:
    drill.observe(survey.authentic())


@then("it ends where it ended when the backup was taken")
def it_ends_where_it_ended_when_the(drill: Drill, survey: ChainSurvey) -> None:
    drill.observe(survey.complete())


@when(parsers.parse('the maintenance worker examines the "{chain}"'), target_fixture="survey")
def run_maintenance(drill: Drill, chain: str) -> Any:
    return drill.survey("maintenance report", chain=chain)


@then("it reports no unexpected break and has examined every link")
def it_reports_no_unexpected_break_and_has(drill: Drill, survey: WorkerReport) -> None:
    drill.observe(survey.clean())
