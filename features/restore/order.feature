@severity:critical @control:SOC2-A1.3 @control:NIST-CP-10
Feature: The stack is restored in its order
  Each step rests on the one before; a restore out of order is another restore.

  @at:migrations @id:schema
  Scenario: PostgreSQL is restored and migrated to the version the release expects
    When the schema version is compared with the release
    Then the schema is at the version that the release expects

  @at:migrations @id:migrated-values
  Scenario: The migrations changed the rows that the release needs changed
    When the restored rows are searched for "unmigrated verification outcomes"
    Then there is none among them

  @at:migrations @id:migrated-seats
  Scenario: Licenses carry the seats that the release reads
    When the restored rows are searched for "licenses without seats"
    Then there is none among them

  @at:objects @id:buckets
  Scenario: Every bucket holds the objects it held, unchanged and unlocked
    When the buckets of "objects" are compared with the catalogue
    Then every bucket holds the objects it held
    And every object kept its type and metadata
    And versioning is as the contract says
    And object lock is not active

  @at:objects @id:referenced-keys
  Scenario: Every object key that the database refers to is there
    When each of the "stored proofs" is read from the "proofs" bucket as the application
    Then every one of them is readable
    When each of the "certificate artifacts" is read from the "certificates" bucket as the application
    Then every one of them is readable

  @at:identity @id:realm
  Scenario: Realms, clients, users and signing keys came back
    When the realm of "identity" is compared with the catalogue
    Then it holds the users, clients, roles and credentials it held
    And it publishes the signing keys it published

  @at:identity @id:accounts
  Scenario: Every user of the application is a user of the restored realm
    When the "users of the realm" are looked up in the realm of "identity"
    Then every one of them is known under the same id

  @at:identity @id:client-grants
  Scenario: Every client is granted a token with its restored secret
    When each client of "identity" authenticates with its restored secret
    Then each of them is granted a token

  @at:secrets @id:environment
  Scenario: The restored environment is complete and unchanged
    When the restored environment is read
    Then it has every required variable and no other
    And it agrees with the values the contract pins
    And every value is the one that was backed up

  @at:secrets @id:session-secret
  Scenario: The frontend session secret is the one from before
    When the restored environment is read
    Then the session secret is the one that was backed up

  @at:secrets @id:credentials
  Scenario: Every restored credential works
    When every restored credential is used once
    Then each is accepted by the service it is for

  @at:migrations @id:tenant-isolation
  Scenario: Tenants are kept apart after the restore
    When the application looks at the "database" with "DATABASE_URL" without naming a tenant
    Then it sees no tenant's rows

  @at:api @id:proxy
  Scenario: The proxy serves its certificate and sends requests only inside the stack
    When the restored configuration of the "proxy" is read
    Then every destination in it is a service of this stack
    And its certificate fits its key and the public name

  @at:workers @id:order
  Scenario: Independent traces show that the order was kept
    When the traces of the restore are put in the order of their times
    Then no stage came before the one it rests on
    And the workers resumed last
