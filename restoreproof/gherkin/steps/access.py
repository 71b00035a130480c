"""Who may get in, with what: realm, environment, credentials, custody, proxy."""

from __future__ import annotations

from typing import Any

from pytest_bdd import parsers, then, when

from restoreproof.checks.configuration import ProxySurvey
from restoreproof.checks.credentials import CredentialSurvey, EnvironmentSurvey
from restoreproof.checks.custody import CustodySurvey
from restoreproof.checks.database import TenantIsolation
from restoreproof.checks.identity import Accounts, Logins, RealmSurvey
from restoreproof.drill.inner.stages import Drill


@when("the custody records of the signer's keys are read", target_fixture="survey")
def read_custody(drill: Drill) -> Any:
    return drill.survey("custody")


@then("they hold public keys only")
def they_hold_public_keys_only(drill: Drill, survey: CustodySurvey) -> None:
    drill.observe(survey.public_only())


@then("every key that signed restored data is among them")
def every_key_that_signed_restored_data_is(drill: Drill, survey: CustodySurvey) -> None:
    drill.observe(survey.known())


@when(parsers.parse('the realm of "{asset}" is compared with the catalogue'), target_fixture="survey")
def compare_realm(drill: Drill, asset: str) -> Any:
    return drill.survey("realm", asset=asset)


@then("it holds the users, clients, roles and credentials it held")
def it_holds_the_users_clients_roles_and(drill: Drill, survey: RealmSurvey) -> None:
    drill.observe(survey.whole())


@then("it publishes the signing keys it published")
def it_publishes_the_signing_keys_it_published(drill: Drill, survey: RealmSurvey) -> None:
    drill.observe(survey.same_keys())


@when(parsers.parse('the "{dataset}" are looked up in the realm of "{asset}"'), target_fixture="survey")
def look_up_accounts(drill: Drill, dataset: str, asset: str) -> Any:
    return drill.survey("accounts", dataset=dataset, asset=asset)


@then("every one of them is known under the same id")
def every_one_of_them_is_known_under(drill: Drill, survey: Accounts) -> None:
    drill.observe(survey.known())


@when(
    parsers.parse('each client of "{asset}" authenticates with its restored secret'), target_fixture="survey"
)
def authenticate_clients(drill: Drill, asset: str) -> Any:
    return drill.survey("client grants", asset=asset)


@then("each of them is granted a token")
def each_of_them_is_granted_a_token(drill: Drill, survey: Logins) -> None:
    drill.observe(survey.accepted())


@when("the restored environment is read", target_fixture="survey")
def read_environment(drill: Drill) -> Any:
    return drill.survey("environment")


@then("it has every required variable and no other")
def it_has_every_required_variable_and_no(drill: Drill, survey: EnvironmentSurvey) -> None:
    drill.observe(survey.complete())


@then("it agrees with the values the contract pins")
def it_agrees_with_the_values_the_contract(drill: Drill, survey: EnvironmentSurvey) -> None:
    drill.observe(survey.pins())


@then("every value is the one that was backed up")
def every_value_is_the_one_that_was(drill: Drill, survey: EnvironmentSurvey) -> None:
    drill.observe(survey.unchanged())


@then("the session secret is the one that was backed up")
def the_session_secret_is_the_one_that(drill: Drill, survey: EnvironmentSurvey) -> None:
    drill.observe(survey.session_unchanged())


@when("every restored credential is used once", target_fixture="survey")
def use_credentials(drill: Drill) -> Any:
    return drill.survey("credentials")


@then("each is accepted by the service it is for")
def each_is_accepted_by_the_service_it(drill: Drill, survey: CredentialSurvey) -> None:
    drill.observe(survey.accepted())


@when(
    parsers.parse('the application looks at the "{asset}" with "{variable}" without naming a tenant'),
    target_fixture="survey",
)
def look_without_tenant(drill: Drill, asset: str, variable: str) -> Any:
    return drill.survey("tenant isolation", asset=asset, variable=variable)


@then("it sees no tenant's rows")
def it_sees_no_tenants_rows(drill: Drill, survey: TenantIsolation) -> None:
    drill.observe(survey.nothing())


@when(parsers.parse('the restored configuration of the "{asset}" is read'), target_fixture="survey")
def read_proxy(drill: Drill, asset: str) -> Any:
    return drill.survey("proxy", asset=asset)


@then("every destination in it is a service of this stack")
def every_destination_in_it_is_a_service(drill: Drill, survey: ProxySurvey) -> None:
    drill.observe(survey.internal())


@then("its certificate fits its key and the public name")
def its_certificate_fits_its_key_and_the(drill: Drill, survey: ProxySurvey) -> None:
    drill.observe(survey.certificate())
