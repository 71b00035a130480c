@severity:critical @control:SOC2-A1.3
Feature: Receipts and the audit log are whole
  Billing and accountability rest on chains that nobody can shorten or rewrite unseen.

  @at:database @id:consumption-receipts
  Scenario: Consumption receipts are continuous and their hash chain verifies
    When the chain of "consumption receipts" is recomputed
    Then its sequence is continuous
    And its hash chain verifies
    And every link is signed by a key in custody
    And it ends where it ended when the backup was taken

  @at:database @id:audit-chain
  Scenario: The audit log's hash chain verifies
    When the chain of "audit log" is recomputed
    Then its sequence is continuous
    And its hash chain verifies
    And it ends where it ended when the backup was taken

  @at:workers-held @id:audit-log
  Scenario: The maintenance worker reports no unexpected breaks in the audit log
    When the maintenance worker examines the "audit log"
    Then it reports no unexpected break and has examined every link
