@at:database @severity:critical @control:SOC2-A1.2 @control:ISO27001-A.8.13
Feature: The backup holds what it must
  A backup that lost a table is no backup, and one that carries keys is a leak.

  @id:set-identity
  Scenario: The set that is restored is the one the catalogue describes
    When the backup set is held against its catalogue
    Then it is the very set that was taken

  @id:tables
  Scenario: Every table holds the rows it held when the backup was taken
    When the restored "database" is compared with the catalogue
    Then every table holds the rows it held

  @id:structure @rests-on:collation:database
  Scenario: Policies, grants, constraints and indexes came back with the rows
    When the restored "database" is compared with the catalogue
    Then its policies, grants, constraints and indexes are as they were

  @id:roles
  Scenario: Every role that owns or uses the data is restored
    When the restored "database" is compared with the catalogue
    Then every role that owns or uses the data exists

  @id:forbidden-material
  Scenario: The backup carries no key, token or credential that must never be in it
    When the backup is searched for forbidden material
    Then nothing forbidden is found, by a search that finds each kind of it

  @id:custody-records @at:secrets
  Scenario: Custody records describe every signing key and hold none of them
    When the custody records of the signer's keys are read
    Then they hold public keys only
    And every key that signed restored data is among them

  @id:release-artifacts @at:api
  Scenario: The release that wrote the backup is described by version and digests
    When the recorded release is compared with the release on hand
    Then its version and digests are recorded and equal
